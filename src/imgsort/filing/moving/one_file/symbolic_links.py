"""Moves a symbolic link: it is made anew at its new place, and never replaces anything."""

import os
import stat
from pathlib import Path

from imgsort.filing.moving.one_file.checks import Refused
from imgsort.filing.moving.one_file.ends import Ends


def is_link_with(path: Path, text: str | None) -> bool:
    """Say whether a symbolic link with this text is at `path`. Raises OSError if the system cannot tell."""
    try:
        # os.path.islink would answer no where the system cannot tell.
        return stat.S_ISLNK(os.lstat(path).st_mode) and os.readlink(path) == text
    except (FileNotFoundError, NotADirectoryError):
        return False


def require_same_link(path: Path, text: str | None) -> None:
    """Raise Refused unless the link at `path` is still the one of the plan."""
    if not is_link_with(path, text):
        raise Refused("was changed since it was looked at")


def make_link(ends: Ends) -> None:
    """Make the link at its new place. Raises Refused if the name is taken. Raises OSError."""
    if ends.new_text is None:
        raise ValueError(f"{ends.old}: not the move of a link")
    try:
        os.symlink(ends.new_text, ends.new)
    except FileExistsError as error:
        raise Refused("its new name was taken meanwhile") from error


def are_both_there(ends: Ends) -> bool:
    """Say whether the link is at both places."""
    return is_link_with(ends.old, ends.old_text) and is_link_with(ends.new, ends.new_text)


def drop_old_link(ends: Ends) -> None:
    """Remove the link at its old place. Raises Refused if it was changed, or if it is not at its new place any more."""
    if not is_link_with(ends.new, ends.new_text):
        raise Refused("its new name was taken away meanwhile")
    if not is_link_with(ends.old, ends.old_text):
        os.unlink(ends.new)
        raise Refused("was changed while it was moved")
    os.unlink(ends.old)
