"""Checks the name of a group by the rules that a plan has for folders."""

import os

from imgsort.errors import CorrectionError
from imgsort.filing.paths import MAX_NAME_BYTES, is_hidden, is_safe_relative

_MOST_CHARACTERS = 1000


def checked_name(name: str) -> str:
    """Return the name of a group without spaces around it. Raises CorrectionError if no folder can have it.

    A name may be a path such as `holiday/beach`: relative, and without `..`.
    """
    shown = name[:80]
    name = name.strip()
    if not name or len(name) > _MOST_CHARACTERS:
        raise CorrectionError(f"{shown!r}: give a name of 1 to {MAX_NAME_BYTES} letters.")
    if not is_safe_relative(name):
        raise CorrectionError(f"{shown!r}: a folder of this name would not lie in the sorted folder. Give another.")
    if is_hidden(name):
        raise CorrectionError(f"{shown!r}: a folder of this name is hidden, and imgsort does not hide files.")
    if "\\" in name:
        raise CorrectionError(f"{shown!r}: this name has a backslash. Folders are separated by /.")
    if any(not part.strip() or not part.isprintable() for part in name.split("/")):
        raise CorrectionError(f"{shown!r}: this name has letters that cannot be seen. Give another.")
    if any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in name.split("/")):
        raise CorrectionError(f"{shown!r}…: a folder's name has at most {MAX_NAME_BYTES} bytes.")
    return name
