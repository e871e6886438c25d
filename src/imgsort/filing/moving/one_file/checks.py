"""Checks what a file is now, and whether it is still the one that a plan was made for."""

import errno
import os
import stat
from pathlib import Path

from imgsort.content import file_content_hash
from imgsort.filing.paths import STATE_FOLDER, has_link_on_the_way
from imgsort.filing.planning.plan import Move
from imgsort.filing.planning.site import Site
from imgsort.name_key import name_key

# These errors hold for every file that follows.
_HOLDS_FOR_ALL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


class Refused(Exception):
    """One file is left as it is, for the given reason; the work goes on with the other files."""


def require_only_one_file(error: OSError, site: Site) -> None:
    """Raise `error` again if it holds for all files that follow: the disk is full or read-only, or a share is gone.

    Otherwise only one file cannot be moved, for example because it is immutable, in use, or somebody else's.
    """
    if error.errno in _HOLDS_FOR_ALL:
        raise error
    for folder in (site.collection, *(root / STATE_FOLDER for root in site.roots)):
        os.listdir(folder)


def regular_status(path: Path) -> os.stat_result | None:
    """Return the status of the regular file at `path`, or None if there is none. Links are not followed."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def leads_through_link(site: Site, move: Move) -> bool:
    """Say whether a link, or something that is no folder, is on the way to the old or to the new name."""
    return has_link_on_the_way(site.collection, move.source) or has_link_on_the_way(site.destination, move.target)


def require_no_link(site: Site, move: Move) -> None:
    """Raise Refused if a link, or something that is no folder, is on the way to the old or to the new name."""
    if leads_through_link(site, move):
        raise Refused("a link, or no folder, lies on the way")


def require_unchanged(path: Path, move: Move) -> None:
    """Raise Refused unless the file at `path` is the one that the plan was made for.

    The same size and time are enough. If only the time differs (a file system may round it), the content decides.
    """
    status = regular_status(path)
    if status is None:
        raise Refused("is no longer there")
    if status.st_size != move.size:
        raise Refused("was changed since it was looked at")
    if status.st_mtime_ns != move.mtime_ns and file_content_hash(path) != move.content:
        raise Refused("was changed since it was looked at")


def is_same_file(first: os.stat_result, second: os.stat_result) -> bool:
    """Say whether both names belong to the same file."""
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def is_same_entry(first: Path, second: Path) -> bool:
    """Say whether both paths lead to the same name in the same folder.

    The paths may differ by a link or by upper and lower case. They are then not two copies.
    """
    if name_key(first.name) != name_key(second.name):
        return False
    try:
        if not os.path.samestat(os.stat(first.parent), os.stat(second.parent)):
            return False
    except (FileNotFoundError, NotADirectoryError):
        return False
    return first.name == second.name or not _are_two_entries(first, second)


def _are_two_entries(first: Path, second: Path) -> bool:
    """Say whether names that differ in case are two in this folder. On some file systems they are one.

    The list of the folder shows it. If the list cannot be read, the answer is no: then nothing is removed.
    """
    try:
        return {first.name, second.name} <= set(os.listdir(first.parent))
    except PermissionError:
        return False
