"""Tests that one run works at a time, and that a failed command leaves no trace."""

import os
import subprocess
import sys

import pytest

from imgsort.errors import JournalError, LockedError
from imgsort.filing.journal.locking.lock import locked


def test_a_second_command_is_told_at_once_who_works(tmp_path):
    """A second command gets an error at once, which names the process that holds the lock."""
    script = "import sys, pathlib\nfrom imgsort.filing.journal.locking.lock import locked\n"
    script += (
        "with locked([pathlib.Path(sys.argv[1])], 'categorize'):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with pytest.raises(LockedError, match=rf"imgsort categorize \(process {holder.pid}\)"), locked([tmp_path], "x"):
            pass
        holder.kill()
    with locked([tmp_path], "after a kill"):
        assert (tmp_path / ".imgsort/lock").exists()


def test_a_lock_that_led_to_nothing_leaves_nothing(tmp_path):
    """If nothing was recorded, the state folder is removed again."""
    with pytest.raises(RuntimeError), locked([tmp_path], "x"):
        raise RuntimeError
    assert os.listdir(tmp_path) == []


def test_a_record_is_kept(tmp_path):
    """If something was recorded, the state folder stays."""
    with locked([tmp_path], "x"):
        (tmp_path / ".imgsort/runs/20260101-000000-000.jsonl").write_text("")
    assert os.listdir(tmp_path / ".imgsort/runs") == ["20260101-000000-000.jsonl"]


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
def test_a_lock_that_is_a_link_is_refused(tmp_path):
    """A link in place of the lock is not followed."""
    (tmp_path / ".imgsort/runs").mkdir(parents=True)
    (tmp_path / ".imgsort/lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="not something that imgsort made"), locked([tmp_path], "x"):
        pass
    assert not (tmp_path / "elsewhere").exists()
