"""Makes the folder `.imgsort` of a collection, and writes and reads small files in it.

The content of `.imgsort` may come with a folder from a stranger, so links and files that are too large are refused.
"""

import contextlib
import errno
import json
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imgsort.errors import JournalError
from imgsort.filing.paths import STATE_FOLDER
from imgsort.filing.shortcomings import Shortcoming, note
from imgsort.portable_text import local_tree, portable_tree

# After these errors, a sync would fail again, and nothing that was written is safe.
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_ESCAPE = b"\\u"  # stands in JSON wherever a name is not ASCII


def state_folder(root: Path) -> Path:
    """Return `root/.imgsort`, which need not exist. Raises JournalError if it is a link or a file."""
    folder = root / STATE_FOLDER
    refuse_unless(folder, stat.S_ISDIR)
    refuse_unless(folder / "runs", stat.S_ISDIR)
    return folder


def make_state_folder(root: Path) -> Path:
    """Return `root/.imgsort`. If it is missing, make it and wait until it is on disk."""
    folder = state_folder(root)
    runs = folder / "runs"
    if not runs.is_dir():
        runs.mkdir(parents=True, exist_ok=True)
        sync_folder(folder)
        sync_folder(root)
        if os.access(root.parent, os.R_OK):  # many may not list the folder that holds their own
            sync_folder(root.parent)
    return folder


def refuse_unless(path: Path, is_right_kind: Any) -> None:
    """Raise JournalError if something at `path` is not of the right kind; a link never is."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not is_right_kind(mode):
        raise JournalError(f"{path}: this is not something that imgsort made. Remove it and try again.")


def read_bounded(path: Path, max_bytes: int) -> bytes | None:
    """Return the bytes of the regular file at `path`, or None if there is no file. Raises JournalError."""
    refuse_unless(path, stat.S_ISREG)
    try:
        size = os.lstat(path).st_size
        if size > max_bytes:
            raise JournalError(f"{path}: {size} bytes, far more than imgsort writes. Remove it and try again.")
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file at `path`: after a crash it holds the old bytes or the new ones, whole."""
    _replace(path, path.with_name(path.name + ".tmp"), data)


def write_atomically_unlocked(path: Path, data: bytes) -> None:
    """Do the same where another process may write the file at the same time: the last one wins, and none fails."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        _replace(path, temporary, data)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _replace(path: Path, temporary: Path, data: bytes) -> None:
    write_synced(temporary, [data])
    os.replace(temporary, path)
    sync_folder(path.parent)


def write_synced(path: Path, chunks: Iterable[bytes]) -> None:
    """Write `chunks` to the file at `path`, replacing it, and wait until they are on disk."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # never write through an old file: it could be a link
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for chunk in chunks:
            write_all(descriptor, chunk, path)
        sync_file(descriptor, path)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes, path: str | os.PathLike[str]) -> None:
    """Write all of `data` to the open file at `path`, even if the system takes only a part of it at a time.

    Raises OSError, which names the path: the system does not know it.
    """
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        error.filename = os.fspath(path)
        raise


def sync_file(descriptor: int, path: str | os.PathLike[str]) -> None:
    """Wait until the bytes of an open file are on disk. Raises OSError.

    A file system that knows no such call (EINVAL, ENOTSUP) is noted as a shortcoming. Any other error may mean that
    bytes are lost.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            error.filename = os.fspath(path)
            raise
        note(Shortcoming.NO_SYNC, path, error)


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Wait until the names in `folder` are on disk. Windows has no such call and needs none.

    Many shares cannot sync a folder, and say so with any error. That is noted as a shortcoming. Raises OSError if the
    folder is gone or the disk is full.
    """
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError as error:  # a folder that this user may write but not list
        note(Shortcoming.NO_SYNC, folder, error)
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise
        note(Shortcoming.NO_SYNC, folder, error)
    finally:
        os.close(descriptor)


def json_line(value: dict[str, Any]) -> bytes:
    """Return `value` as one line of ASCII JSON, the same under every locale. Bytes that are not UTF-8 are escapes."""
    line = _as_json(value)
    return (line if _ESCAPE not in line else _as_json(portable_tree(value))) + b"\n"


def parsed_json(data: bytes) -> Any:
    """Return the value of JSON that `json_line` wrote under any locale. Raises ValueError and RecursionError."""
    value = json.loads(data)
    return value if _ESCAPE not in data and data.isascii() else local_tree(value)


def _as_json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")
