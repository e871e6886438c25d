"""Allows one run at a time, by a lock in `.imgsort` that the system releases when its process dies."""

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from imgsort.errors import JournalError, LockedError
from imgsort.filing.journal.state import json_line, make_state_folder, read_bounded, refuse_unless, write_synced
from imgsort.filing.paths import STATE_FOLDER


@contextlib.contextmanager
def locked(roots: Sequence[Path], command: str) -> Iterator[None]:
    """Hold the lock of every root. Raises LockedError at once; it names the process that holds a lock."""
    with contextlib.ExitStack() as stack:
        for root in roots:
            stack.enter_context(_locked(root, command))
        yield


@contextlib.contextmanager
def _locked(root: Path, command: str) -> Iterator[None]:
    from filelock import FileLock, Timeout

    existed = (root / STATE_FOLDER).is_dir()
    folder = make_state_folder(root)
    for name in ("lock", "owner", "categories.json", "categories.json.tmp"):
        refuse_unless(folder / name, stat.S_ISREG)
    _refuse_shared_lock(folder / "lock")
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise LockedError(
            f"{root}: {_owner(folder)} is working on this folder. Try again when it has finished."
        ) from error
    try:
        write_synced(folder / "owner", [json_line({"pid": os.getpid(), "command": command})])
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(folder / "owner")
            if not existed:
                _remove_unused(folder)
        lock.release()


def _refuse_shared_lock(path: Path) -> None:
    """Refuse a lock that is a hard link to another file: some versions of filelock empty the file that they lock."""
    with contextlib.suppress(FileNotFoundError):
        if os.lstat(path).st_nlink != 1:
            raise JournalError(f"{path}: this is not a lock that imgsort made. Remove it and try again.")


def _owner(folder: Path) -> str:
    try:
        record = json.loads(read_bounded(folder / "owner", 4096) or b"{}")
        return f"imgsort {record['command']!s:.40} (process {int(record['pid'])})"
    except (ValueError, KeyError, TypeError, JournalError):
        return "another imgsort"


def _remove_unused(folder: Path) -> None:
    """Remove a state folder that holds nothing worth keeping, so that a failed command leaves no trace."""
    if set(os.listdir(folder)) <= {"lock", "runs"} and not os.listdir(folder / "runs"):
        os.rmdir(folder / "runs")
        os.unlink(folder / "lock")
        os.rmdir(folder)
