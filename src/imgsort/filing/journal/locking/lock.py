"""Allows one run at a time, by a lock in `.imgsort` that the system releases when its process dies."""

import contextlib
import errno
import json
import os
import socket
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import JournalError, LockedError
from imgsort.filing.journal.locking.marker import MARKER, Marker
from imgsort.filing.journal.state import json_line, make_state_folder, read_bounded, refuse_unless, write_synced
from imgsort.filing.paths import STATE_FOLDER, exists
from imgsort.filing.shortcomings import Shortcoming, note

if TYPE_CHECKING:
    from filelock import BaseFileLock

_NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EINVAL, errno.ENOTTY)


@contextlib.contextmanager
def locked(roots: Sequence[Path], command: str) -> Iterator[None]:
    """Hold the lock of every root. Raises LockedError at once; it names the process that holds a lock."""
    with contextlib.ExitStack() as stack:
        for root in roots:
            stack.enter_context(_locked(root, command))
        yield


@contextlib.contextmanager
def _locked(root: Path, command: str) -> Iterator[None]:
    existed = (root / STATE_FOLDER).is_dir()
    folder = make_state_folder(root)
    for name in ("categories.json", "categories.json.tmp"):
        refuse_unless(folder / name, stat.S_ISREG)
    with held(folder, root, command, (lambda: None) if existed else partial(_remove_unused, folder)):
        yield


@contextlib.contextmanager
def held(folder: Path, root: Path, command: str, before_release: Callable[[], object]) -> Iterator[None]:
    """Hold the lock in `folder`, which is a part of the state of `root`.

    `before_release` is called at the end, while the lock is still held; an OSError of it does no harm. Raises
    LockedError at once if another process holds the lock, and JournalError.
    """
    for name in ("lock", MARKER, "owner"):
        refuse_unless(folder / name, stat.S_ISREG)
    _refuse_shared_lock(folder / "lock")
    lock, marker = _acquired(root, folder)
    try:
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "command": command}
        write_synced(folder / "owner", [json_line(owner)])
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(folder / "owner")
        if marker is not None:
            marker.remove()
        with contextlib.suppress(OSError):
            before_release()
        if lock is not None:
            lock.release()


def _acquired(root: Path, folder: Path) -> "tuple[BaseFileLock | None, Marker | None]":
    """Return the system's lock, or None where it has none, and the marker, or None where none is needed.

    A machine that can lock respects the marker of a machine that cannot. Raises LockedError.
    """
    from filelock import FileLock, Timeout

    lock: BaseFileLock | None = None
    system_lock = FileLock(folder / "lock")
    try:
        system_lock.acquire(blocking=False)
        lock = system_lock
    except Timeout as error:
        raise _is_held(root, folder) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS_HERE:
            raise
        note(Shortcoming.NO_LOCK, root, error)
    if lock is not None and not exists(folder / MARKER):
        return lock, None
    marker = Marker.made_in(folder)
    if marker is None:
        if lock is not None:
            lock.release()
        raise _is_held(root, folder)
    return lock, marker


def _is_held(root: Path, folder: Path) -> LockedError:
    return LockedError(f"{root}: {_owner(folder)} is working on this folder. {_remedy(folder)}")


def _remedy(folder: Path) -> str:
    if not exists(folder / MARKER):
        return "Try again when it has finished."
    return f"Try again when it has finished. If that machine was switched off, remove {folder / MARKER}."


def _refuse_shared_lock(path: Path) -> None:
    """Refuse a lock that is a hard link to another file: some versions of filelock empty the file that they lock."""
    with contextlib.suppress(FileNotFoundError):
        if os.lstat(path).st_nlink != 1:
            raise JournalError(f"{path}: this is not a lock that imgsort made. Remove it and try again.")


def _owner(folder: Path) -> str:
    try:
        record = json.loads(read_bounded(folder / "owner", 4096) or b"{}")
        host = record.get("host", socket.gethostname())
        where = "" if host == socket.gethostname() else f" on {host!s:.80}"
        return f"imgsort {record['command']!s:.40} (process {int(record['pid'])}{where})"
    except (ValueError, KeyError, TypeError, JournalError):
        return "another imgsort"


def _remove_unused(folder: Path) -> None:
    """Remove a state folder that holds nothing worth keeping, so that a failed command leaves no trace."""
    if set(os.listdir(folder)) <= {"lock", "runs"} and not os.listdir(folder / "runs"):
        os.rmdir(folder / "runs")
        os.unlink(folder / "lock")
        os.rmdir(folder)
