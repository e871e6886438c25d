"""Gives one file a new name and never replaces another file, in each way that a file system allows.

`os.rename` replaces a target without a warning. A move therefore has three steps: link the new name (this fails if
the name is taken), wait until the new name is on disk, unlink the old name. If links are refused (exFAT, some
shares, other people's files), or if a link cannot be told from a copy (sshfs, mergerfs), an empty placeholder is made
exclusively and then replaced. Across file systems, the bytes are first copied to a file beside the target. On Windows,
`os.rename` does not replace.

An old name is only removed if it is the same file as the new one. Or this run wrote the new name (the journal said so
before it appeared), it is another name or in another folder, and it reads back whole.
"""

import errno
import os
import stat
import sys
from enum import Enum
from pathlib import Path

from imgsort.content import file_content_hash, open_regular
from imgsort.filing.journal.state import sync_file, sync_folder
from imgsort.filing.moving.one_file.checks import (
    Refused,
    is_same_entry,
    is_same_file,
    regular_status,
    require_unchanged,
)
from imgsort.filing.moving.one_file.copying import copy_file
from imgsort.filing.moving.one_file.ends import Ends
from imgsort.filing.moving.one_file.links import Place
from imgsort.filing.moving.one_file.placeholders import Announcer, replace_placeholder
from imgsort.filing.moving.one_file.symbolic_links import are_both_there, drop_old_link, make_link
from imgsort.filing.planning.plan import Move

_WINDOWS_NOT_SAME_DEVICE = 17


class Brought(Enum):
    """How a file got its new name, and what is left to do for the move."""

    LINKED = "both names are one file; the old one is still to be removed"
    COPIED = "the new name is a whole copy; the old one is still to be removed"
    REMADE = "both names are links with one end; the old one is still to be removed"
    FINISHED = "nothing is left to do"


def bring(ends: Ends, move: Move, temporary: Path, place: Place, announcer: Announcer) -> Brought:
    """Give a file its new name; the old name may stay until `drop_old_name` removes it.

    Raises Refused if the target is taken. Raises OSError.
    """
    if ends.new_text is not None:
        make_link(ends)
        return Brought.REMADE
    source, target = ends.old, ends.new
    device = os.lstat(target.parent).st_dev
    across = os.lstat(source).st_dev != device
    if not across and (sys.platform == "win32" or place.tells_links_on(device)):
        try:
            return _link_or_rename(source, target)
        except OSError as error:
            across = _says_across(error)
    if not across:
        try:
            replace_placeholder(source, target, move, announcer)
            return Brought.FINISHED
        except OSError as error:
            if not _says_across(error):
                raise
    announcer.copy(stat.S_IMODE(os.lstat(source).st_mode))
    copy_file(source, target, move, temporary, announcer)
    return Brought.COPIED


def drop_old_name(ends: Ends, move: Move, brought: Brought) -> None:
    """Remove the old name of a file that was brought and whose new name is on disk. It is not called for FINISHED.

    Raises Refused if the new name is gone. If the file at the old name is no longer the one that was brought, or the
    copy does not read back whole, removes the new name and raises Refused. Raises OSError.
    """
    if brought is Brought.REMADE:
        drop_old_link(ends)
        return
    source, target = ends.old, ends.new
    old, new = regular_status(source), regular_status(target)
    if old is None or is_same_entry(source, target):
        return
    if new is None:
        raise Refused("its new name was taken away meanwhile")
    if brought is Brought.LINKED and not is_same_file(old, new):
        os.unlink(target)
        raise Refused("was changed while it was moved")
    if brought is Brought.COPIED:
        try:
            require_unchanged(source, move)
            if file_content_hash(target) != move.content:
                raise Refused("its copy does not read back as it was written")
        except Refused:
            os.unlink(target)
            raise
    os.unlink(source)


def complete_or_take_back(ends: Ends, move: Move, place: Place, *, written: bool) -> None:
    """If both names of a move exist, remove the old one, or the new one if the old one cannot be removed.

    A name is removed only if both names are the same file, or if the run has `written` the file at the new name and
    both files are whole. Raises OSError if neither name can be removed; both then stay.
    """
    if ends.new_text is not None:
        if are_both_there(ends):
            _remove_one(ends)
        return
    source, target = ends.old, ends.new
    old, new = regular_status(source), regular_status(target)
    if old is None or new is None or is_same_entry(source, target):
        return
    same = is_same_file(old, new) and place.tells_links_on(new.st_dev)
    if not same and not (written and move.content == file_content_hash(target) == file_content_hash(source)):
        return
    _remove_one(ends, copy=None if same else target)


def _remove_one(ends: Ends, copy: Path | None = None) -> None:
    """Remove the old name, or the new one if the old one cannot be removed. The caller knows that both are whole."""
    try:
        if copy is not None:
            _sync_copy(copy)
        sync_folder(ends.new.parent)
        os.unlink(ends.old)
    except OSError:
        os.unlink(ends.new)


def _link_or_rename(source: Path, target: Path) -> Brought:
    try:
        if sys.platform == "win32":
            os.rename(source, target)
            return Brought.FINISHED
        os.link(source, target, follow_symlinks=False)
    except FileExistsError as error:
        raise Refused("its new name was taken meanwhile") from error
    return Brought.LINKED


def _says_across(error: OSError) -> bool:
    """Say whether the error means that the names lie on different file systems: branches of mergerfs, for example."""
    return error.errno == errno.EXDEV or getattr(error, "winerror", None) == _WINDOWS_NOT_SAME_DEVICE


def _sync_copy(path: Path) -> None:
    descriptor = open_regular(path)
    try:
        sync_file(descriptor, path)
    finally:
        os.close(descriptor)
