"""Tests the marker that stands in for a lock."""

import json
import os
import subprocess
import sys

import pytest

from imgsort.filing.journal.locking.marker import MARKER, Marker

MAKE = "import sys, pathlib\nfrom imgsort.filing.journal.locking.marker import Marker\n"
MAKE += "print(Marker.made_in(pathlib.Path(sys.argv[1])) is not None, flush=True)\nsys.stdin.read()"


def test_one_process_at_a_time_has_it(tmp_path):
    """A second process gets no marker while the first lives, and gets it when the first was killed."""
    command = [sys.executable, "-c", MAKE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "True\n"
        assert Marker.made_in(tmp_path) is None
        first.kill()
    marker = Marker.made_in(tmp_path)
    assert marker is not None
    marker.remove()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "record",
    [
        b'{"pid": 1, "host": "another machine", "started": "x"}',
        b'{"pid": "x"}',
        b"[]",
        b"nonsense",
        b"",
        b'{"pid": 99999999999999999999, "host": "another machine"}',
    ],
)
def test_a_marker_that_may_be_in_use_is_left(tmp_path, record):
    """A marker of another host, one that is being written, and one that nobody understands are respected."""
    (tmp_path / MARKER).write_bytes(record)
    assert Marker.made_in(tmp_path) is None
    assert (tmp_path / MARKER).read_bytes() == record


def test_the_number_of_a_dead_process_is_not_enough(tmp_path):
    """A later process with the number of the dead one does not keep its marker alive."""
    marker = Marker.made_in(tmp_path)
    assert marker is not None
    record = json.loads((tmp_path / MARKER).read_bytes())
    if record["started"] is None:
        pytest.skip("this system does not say when a process began")
    (tmp_path / MARKER).write_text(json.dumps(record | {"started": "earlier"}))
    assert Marker.made_in(tmp_path) is not None


@pytest.mark.parametrize("name", [MARKER, "lock.breaking"])
def test_a_marker_that_was_killed_while_it_was_written_goes(tmp_path, name):
    """An empty file that is a minute old belongs to nobody."""
    (tmp_path / MARKER).write_bytes(b"")
    (tmp_path / name).write_bytes(b"")
    os.utime(tmp_path / MARKER, (0, 0))
    os.utime(tmp_path / name, (0, 0))
    Marker.made_in(tmp_path)  # may only remove the guard of the process that was killed
    assert Marker.made_in(tmp_path) is not None or name == MARKER
