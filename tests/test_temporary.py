"""Tests the temporary folder of a process, and whether a folder can be written to."""

import errno
import os
import subprocess
import sys

import pytest

from imgsort.temporary import can_write, folder_for_a_while, is_private, new_file, private_folder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_folder_is_private_and_goes_with_the_process(tmp_path):
    """It is one folder for the process, closed to others, and is removed at the end, also by a forked process."""
    script = (
        "import os; from imgsort.temporary import *; one = private_folder(); (one / 'a').mkdir(); "
        "pid = os.fork() or os._exit(private_folder() == one); "
        "assert os.waitpid(pid, 0)[1] == 0 and private_folder() == one; print(one.stat().st_mode & 0o777, one)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"{0o700} {tmp_path}/imgsort-")
    assert not os.path.exists(done.stdout.split()[1])


def test_a_folder_for_a_while_is_gone_afterwards():
    """It lies in the private folder, and goes with all in it, also after an error."""
    with pytest.raises(OSError, match="full"), folder_for_a_while() as folder:
        assert folder.parent == private_folder() and not os.listdir(folder)
        (folder / "file").write_bytes(b"")
        raise OSError("full")
    assert not folder.exists()


def test_what_lies_in_it():
    """Paths in the folder are known as such."""
    assert is_private(private_folder() / "keras" / "file")
    assert not is_private(private_folder().parent)


def test_where_files_can_be_made(tmp_path, monkeypatch):
    """A folder that is missing can be made where the folder above it can be written to; a file is no folder."""
    (tmp_path / "file").write_bytes(b"")
    assert can_write(tmp_path)
    assert can_write(tmp_path / "new" / "deeper")
    assert not can_write(tmp_path / "file")
    assert not can_write(tmp_path / "file" / "deeper")
    monkeypatch.chdir(tmp_path)
    assert can_write(tmp_path / "relative")


def test_an_error_names_the_file_that_was_to_be_made(tmp_path):
    """A full disk names no file, and the temporary name means nothing. Nothing stays."""
    path = tmp_path / "new.parquet"
    with pytest.raises(OSError, match=r"No space left on device: .*new\.parquet'"), new_file(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(OSError, match="'other'"), new_file(path):
        raise FileNotFoundError(errno.ENOENT, "missing", "other")
    assert list(tmp_path.iterdir()) == []
