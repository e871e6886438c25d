"""Gives one file a new name and never replaces another file, in each way that a file system allows.

`os.rename` replaces a target without a warning. A move therefore has three steps: link the new name (this fails if
the name is taken), wait until the new name is on disk, unlink the old name. If links are refused (exFAT, some
shares, other people's files), an empty placeholder is made exclusively and then replaced. Across file systems, the
bytes are first copied to a file beside the target. On Windows, `os.rename` does not replace.
"""

import errno
import os
import sys
from enum import Enum
from pathlib import Path

from imgsort.content import file_content_hash, open_regular
from imgsort.filing.journal.state import sync_folder
from imgsort.filing.moving.checks import Refused, is_same_entry, is_same_file, regular_status, require_unchanged
from imgsort.filing.moving.copying import copy_file
from imgsort.filing.moving.placeholders import Announcer, replace_placeholder
from imgsort.filing.planning.plan import Move

_WINDOWS_NOT_SAME_DEVICE = 17


class Brought(Enum):
    """How a file got its new name, and what is left to do for the move."""

    LINKED = "both names are one file; the old one is still to be removed"
    COPIED = "the new name is a whole copy; the old one is still to be removed"
    FINISHED = "nothing is left to do"


def bring(source: Path, target: Path, move: Move, temporary: Path, announcer: Announcer) -> Brought:
    """Give the file at `source` the name `target`; the old name may stay until `drop_old_name` removes it.

    Raises Refused if the target is taken. Raises OSError.
    """
    try:
        return _link_or_rename(source, target)
    except OSError as error:
        across = _is_across(error, source, target)
    if not across:
        try:
            replace_placeholder(source, target, move, announcer)
            return Brought.FINISHED
        except OSError as error:
            if not _is_across(error, source, target):
                raise
    announcer.across()
    copy_file(source, target, move, temporary, announcer)
    return Brought.COPIED


def drop_old_name(source: Path, target: Path, move: Move, brought: Brought) -> None:
    """Remove the old name of a file that was brought and whose new name is on disk.

    Raises Refused if the new name is gone. If the file at the old name is no longer the one that was brought, removes
    the new name and raises Refused. Raises OSError.
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


def complete_or_take_back(source: Path, target: Path, move: Move, *, across: bool) -> None:
    """If both names of a move exist, remove the old one, or the new one if the old one cannot be removed.

    A name is removed only if both names are the same file or, `across` file systems, if both files are whole.
    Raises OSError if neither name can be removed; both then stay.
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
    """Say whether the error means that the names lie on different file systems; some systems report EPERM for it."""
    if error.errno == errno.EXDEV or getattr(error, "winerror", None) == _WINDOWS_NOT_SAME_DEVICE:
        return True
    return os.lstat(source).st_dev != os.lstat(target.parent).st_dev


def _sync_file(path: Path) -> None:
    descriptor = open_regular(path)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
