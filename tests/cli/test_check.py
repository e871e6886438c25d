"""Tests `imgsort check` as a person or a script types it."""

import json
import shutil
import struct
import subprocess
import sys
import zlib

import pytest
from click.testing import CliRunner

from imgsort.cli import main
from imgsort.cli.options import common as options
from imgsort.jobs.organize.steps.findings import REASONS, Limits
from tests.support.pictures import encode, gradient, plain
from tests.support.trees import make_tree, names, read_tree


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path):
    """Return a folder of a few small files with faults."""
    make_tree(tmp_path / "in", {"a.jpg": plain((9, 9, 9), "JPEG", 80), "b.png": b"", "c\n.png": b"text"})
    return tmp_path / "in"


def test_the_reasons_and_limits_are_those_of_the_library():
    """The command line repeats the library's names and defaults, so that it starts quickly. Both are the same."""
    assert options.REASONS == REASONS
    defaults = {parameter.name: parameter.default for parameter in main.commands["check"].params}
    for name, value in vars(Limits()).items():
        assert defaults[name] == value, name


def test_a_table_of_findings_and_a_count(folder):
    """The output has every finding with value and threshold, the counts, and a sentence.

    Names are fit for a terminal.
    """
    result = run("check", folder)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["reason", "value", "threshold", "file"]
    assert "unreadable" in lines[1] and "b.png: empty file (0 bytes)" in lines[1]
    assert "c\\n.png" in result.stdout
    assert next(line for line in lines if "a.jpg" in line).split() == [
        "blank",
        "0",
        f"{Limits().min_contrast:g}",
        "a.jpg",
    ]
    assert lines[-1] == "3 files looked at, 3 with a fault."


def test_move_says_what_was_moved_and_how_to_undo(folder):
    """--move moves the files and says so. Undo puts them back."""
    before = read_tree(folder)
    result = run("check", folder, "--move", "--reason", "blank", "-v")
    assert "Rejected/blank/a.jpg" in result.stdout
    assert "1 file moved. `imgsort undo" in result.stdout
    assert "Rejected/blank/a.jpg" in names(folder)
    assert run("undo", folder).exit_code == 0
    assert read_tree(folder) == before


def test_a_dry_run_of_move_touches_nothing(folder):
    """-n says how many files would be moved, and moves none."""
    before = read_tree(folder)
    assert "3 files would be moved. Nothing was touched." in run("check", folder, "--move", "-n").stdout
    assert read_tree(folder) == before


def test_json_has_findings_and_reasons(folder):
    """stdout is one object. It has the keys of every filing command, and the findings."""
    value = json.loads(run("check", folder, "--json").stdout)
    assert (value["command"], value["status"], value["moves"]) == ("check", "checked", [])
    assert value["reasons"] == [{"name": "unreadable", "count": 2}, {"name": "blank", "count": 1}]
    assert value["findings"][-1] == {
        "path": "a.jpg", "reason": "blank", "value": 0.0, "threshold": Limits().min_contrast, "detail": ""
    }  # fmt: skip
    assert [row["path"] for row in value["unreadable"]] == ["b.png", "c\n.png"]


def test_a_folder_without_faults(tmp_path, demo_photos):
    """A folder without faults gives one sentence and no table."""
    shutil.copy(demo_photos[0] / "IMG_0001.jpg", tmp_path)
    assert run("check", tmp_path).stdout == "1 file looked at, 0 with a fault.\n"


@pytest.mark.parametrize(
    "arguments", [["--copy"], ["--output", "x"], ["--reason", "ugly"], ["--max-pixels", "0"], ["--csv", ""]]
)
def test_wrong_usage(folder, arguments):
    """Wrong usage gives exit code 2, and nothing changes."""
    before = read_tree(folder)
    assert run("check", folder, *arguments).exit_code == 2
    assert read_tree(folder) == before


def chattering_png() -> bytes:
    """Return a PNG with a colour profile of a wrong length. libpng says so on descriptor 2."""
    data = encode(gradient(80, 100), "PNG")
    profile = b"icc\0\0" + zlib.compress(struct.pack(">I", 9999) + bytes(200))
    chunk = struct.pack(">I", len(profile)) + b"iCCP" + profile + struct.pack(">I", zlib.crc32(b"iCCP" + profile))
    return data[:33] + chunk + data[33:]


def test_decoders_do_not_chatter_on_the_terminal(tmp_path):
    """What a decoder writes to descriptor 2 is not shown. What imgsort writes is shown."""
    make_tree(tmp_path, {"a.png": chattering_png(), "b.png": encode(gradient(90, 100), "PNG")})
    read = f"import cv2, numpy as np; cv2.imdecode(np.fromfile({str(tmp_path / 'a.png')!r}, np.uint8), 1)"
    bare = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True)
    assert "libpng" in bare.stderr  # otherwise this test proves nothing
    command = [sys.executable, "-m", "imgsort", "check", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "2 files looked at" in done.stdout
    missing = subprocess.run([*command, "--csv", str(tmp_path / "a.png")], capture_output=True, text=True, check=False)
    assert (missing.returncode, missing.stderr.count("this file exists")) == (2, 1)
