"""One file to one new name, never in anyone's way, in every manner that a file system allows.

`os.rename` replaces a target without a word, so a move is: link the new name (which fails where the
name is taken), wait until the new name is on disk, unlink the old one. Where links are refused (exFAT,
some shares, other people's files), an empty placeholder is made exclusively and then replaced. Across
file systems the bytes are copied beside the target first. On Windows `os.rename` does not replace.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import sys
from enum import Enum
from pathlib import Path
from typing import Protocol

from imgsort.content import file_content_hash, open_regular
from imgsort.filing.journal.state import sync_folder, write_all
from imgsort.filing.planning.plan import Move
from imgsort.name_key import name_key

_CHUNK_BYTES = 1024 * 1024
_WINDOWS_NOT_SAME_DEVICE = 17


class Refused(Exception):
    """One file is left as it is, for the reason given; the others go on."""


class Brought(Enum):
    """How a file got its new name, and so what is left of the move."""

    LINKED = "both names are one file; the old one is still to be removed"
    COPIED = "the new name is a whole copy; the old one is still to be removed"
    FINISHED = "nothing is left to do"


class Announcer(Protocol):
    """Writes to the journal, before it happens, what a later command could not tell from the disk."""

    def placeholder(self) -> None:
        """An empty file is about to be made under the new name."""

    def across(self) -> None:
        """The file is about to be copied to another file system."""


def regular_status(path: Path) -> os.stat_result | None:
    """Return the status of the regular file at `path`; None where there is none. Links are not followed."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def require_unchanged(path: Path, move: Move) -> None:
    """Raise Refused unless the file at `path` is the one that the plan was made for.

    Its size and time say so; where only the time differs (a file system may round it) its content does.
    """
    status = regular_status(path)
    if status is None:
        raise Refused("is no longer there")
    if status.st_size != move.size:
        raise Refused("was changed since it was looked at")
    if status.st_mtime_ns != move.mtime_ns and file_content_hash(path) != move.content:
        raise Refused("was changed since it was looked at")


def is_same_file(first: os.stat_result, second: os.stat_result) -> bool:
    """Say whether both names are names of one file."""
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def is_same_entry(first: Path, second: Path) -> bool:
    """Say whether both paths lead to one name in one folder, by a link or by case: no two copies then."""
    if name_key(first.name) != name_key(second.name):
        return False
    try:
        if not os.path.samestat(os.stat(first.parent), os.stat(second.parent)):
            return False
    except (FileNotFoundError, NotADirectoryError):
        return False
    # Names that differ in case are one name on some file systems, and two on others: the folder tells.
    return first.name == second.name or not {first.name, second.name} <= set(os.listdir(first.parent))


def bring(source: Path, target: Path, move: Move, temporary: Path, announcer: Announcer) -> Brought:
    """Give the file at `source` the name `target`; the old name may be left for `drop_old_name`.

    Raises Refused where the target is taken, and OSError.
    """
    try:
        return _link_or_rename(source, target)
    except OSError as error:
        across = _is_across(error, source, target)
    if not across:
        try:
            _replace_placeholder(source, target, move, announcer)
            return Brought.FINISHED
        except OSError as error:
            if not _is_across(error, source, target):
                raise
    announcer.across()
    copy_file(source, target, move, temporary, announcer)
    return Brought.COPIED


def drop_old_name(source: Path, target: Path, move: Move, brought: Brought) -> None:
    """Remove the old name of a file that was brought and whose new name is on disk.

    Raises Refused, with the new name taken back, where another file has the old name by now; and OSError.
    """
    old, new = regular_status(source), regular_status(target)
    if old is None or brought is Brought.FINISHED or is_same_entry(source, target):
        return
    if new is None:
        raise Refused("its new name was taken away meanwhile")
    if brought is Brought.LINKED and not is_same_file(old, new):
        os.unlink(target)
        raise Refused("was changed while it was moved")
    if brought is Brought.COPIED:
        try:
            require_unchanged(source, move)
        except Refused:
            os.unlink(target)
            raise
    os.unlink(source)


def copy_file(source: Path, target: Path, move: Move, temporary: Path, announcer: Announcer) -> None:
    """Copy `source` to `target` with mode and times, on disk before it has its name.

    Raises Refused where the target is taken or the source is not what was planned for; and OSError.
    """
    try:
        _copy_bytes(source, temporary, move)
        try:
            os.link(temporary, target)
        except FileExistsError as error:
            raise Refused("its new name was taken meanwhile") from error
        except OSError:
            _replace_placeholder(temporary, target, move, announcer)
            return
    except (Refused, OSError):
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    os.unlink(temporary)


def complete_or_take_back(source: Path, target: Path, move: Move, *, across: bool) -> None:
    """Where both names of a move exist, remove the old one; where that cannot be, the new one.

    A name goes only when the other is the same file, or (`across` file systems) both are whole. Raises
    OSError where neither can be removed: both stay.
    """
    old, new = regular_status(source), regular_status(target)
    if old is None or new is None or is_same_entry(source, target):
        return
    same = is_same_file(old, new)
    if not same and not (across and move.content == file_content_hash(target) == file_content_hash(source)):
        return
    try:
        if not same:
            _sync_file(target)
        sync_folder(target.parent)
        os.unlink(source)
    except OSError:
        os.unlink(target)


def remove_placeholder(path: Path, move: Move) -> None:
    """Remove the file at `path` if it is a placeholder: empty, and not the moved file itself.

    No image is empty, but a sidecar may be: it has its own time, and a placeholder that of its making.
    """
    status = regular_status(path)
    if status is None or status.st_size > 0 or (move.size == 0 and status.st_mtime_ns == move.mtime_ns):
        return
    os.unlink(path)


def _link_or_rename(source: Path, target: Path) -> Brought:
    try:
        if sys.platform == "win32":
            os.rename(source, target)
            return Brought.FINISHED
        os.link(source, target, follow_symlinks=False)
    except FileExistsError as error:
        raise Refused("its new name was taken meanwhile") from error
    return Brought.LINKED


def _is_across(error: OSError, source: Path, target: Path) -> bool:
    """Say whether the error is that both names lie on different file systems; some say EPERM for it."""
    if error.errno == errno.EXDEV or getattr(error, "winerror", None) == _WINDOWS_NOT_SAME_DEVICE:
        return True
    return os.lstat(source).st_dev != os.lstat(target.parent).st_dev


def _replace_placeholder(source: Path, target: Path, move: Move, announcer: Announcer) -> None:
    try:
        if sys.platform == "win32":
            os.rename(source, target)
            return
        announcer.placeholder()
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError as error:
        raise Refused("its new name was taken meanwhile") from error
    try:
        os.replace(source, target)
    except OSError:
        remove_placeholder(target, move)  # where this fails too the run stops, and settling removes it
        raise


def _copy_bytes(source: Path, temporary: Path, move: Move) -> None:
    """Copy to a new file, with mode and times, synced. Raises Refused where the content is not the plan's."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    hasher = hashlib.sha256()
    with open(open_regular(source), "rb") as reader:
        writer = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            while chunk := reader.read(_CHUNK_BYTES):
                hasher.update(chunk)
                write_all(writer, chunk)
            if hasher.hexdigest() != move.content:
                raise Refused("was changed since it was looked at")
            _keep_owner(writer, os.fstat(reader.fileno()))
            shutil.copystat(source, temporary, follow_symlinks=False)
            os.fsync(writer)
        finally:
            os.close(writer)


def _keep_owner(descriptor: int, status: os.stat_result) -> None:
    if hasattr(os, "fchown"):
        with contextlib.suppress(OSError):  # only root may give a file away; others keep it themselves
            os.fchown(descriptor, status.st_uid, status.st_gid)


def _sync_file(path: Path) -> None:
    descriptor = open_regular(path)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
