"""Tests what happens around a job: settled runs that were killed, reports of stops, and read-only sources."""

import errno
import os
import subprocess
import sys

import pytest

import imgsort
from imgsort.errors import InterruptedRunError, LockedError, StoppedError
from imgsort.filing.moving import apply
from tests.support.trees import read_tree

LITE = {"model": "efficientnet-lite0", "size": 64, "clusters": 3}


def test_a_killed_run_is_settled_by_the_next_command(few_photos):
    """If a run is killed between link and unlink, the next command settles and names it.

    The run can be undone.
    """
    before = read_tree(few_photos)
    script = (
        "import os, sys, pathlib\n"
        "from tests.support.desk import file_by\n"
        "real = os.unlink\n"
        "def die(path, **k):\n"
        "    os._exit(9) if str(path).endswith('.jpg') else real(path, **k)\n"
        "os.unlink = die\n"
        "file_by(pathlib.Path(sys.argv[1]), lambda path: 'category_1')\n"
    )
    assert subprocess.run([sys.executable, "-c", script, few_photos], check=False).returncode == 9
    killed = imgsort.history(few_photos).runs[0]
    assert killed.status == "unfinished"
    result = imgsort.categorize(few_photos, **LITE)
    assert any(killed.id in notice for notice in result.notices)
    assert result.images == 12
    imgsort.undo(few_photos)
    imgsort.undo(few_photos)
    assert read_tree(few_photos) == before
    assert [run.status for run in imgsort.history(few_photos).runs] == ["undone", "undone"]


@pytest.mark.parametrize(
    ("fault", "expected", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StoppedError, 4),
        (KeyboardInterrupt(), InterruptedRunError, 130),
    ],
)
def test_a_stop_in_the_middle_is_told_and_undone(few_photos, monkeypatch, fault, expected, code):
    """An error or Ctrl-C during the moves gives its exit code and the remedy. Undo puts every file back."""
    before = read_tree(few_photos)
    real, calls = apply._bring, []

    def fail_at_the_fifth(*args):
        calls.append(args)
        if len(calls) == 5:
            raise fault
        return real(*args)

    monkeypatch.setattr(apply, "_bring", fail_at_the_fifth)
    with pytest.raises(expected, match="imgsort undo") as caught:
        imgsort.categorize(few_photos, **LITE)
    assert caught.value.exit_code == code
    assert caught.value.result.status == "stopped"
    monkeypatch.undo()
    assert imgsort.undo(few_photos).restored == 4
    assert read_tree(few_photos) == before


def test_two_at_once(few_photos):
    """While one command holds the collection, another command ends at once with an error."""
    from imgsort.filing.journal.locking.lock import locked

    with locked([few_photos.resolve()], "outliers"), pytest.raises(LockedError, match="imgsort outliers"):
        imgsort.categorize(few_photos, **LITE)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(few_photos, tmp_path):
    """Moves out of a read-only folder are an error, and nothing changes. Copies out of it work."""
    few_photos.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            imgsort.categorize(few_photos, **LITE)
        imgsort.categorize(few_photos, output=tmp_path / "out", mode="copy", **LITE)
    finally:
        few_photos.chmod(0o700)
    assert len(os.listdir(few_photos)) == 12
