"""Checks the name of a group by the rules that a plan has for folders."""

import os
import unicodedata

from imgsort.errors import CorrectionError
from imgsort.filing.paths import MAX_NAME_BYTES, is_hidden, is_safe_relative

_MOST_CHARACTERS = 1000
# Control characters, halves of characters, and the ends of lines: no person types them.
_NOT_TYPED = ("Cc", "Cs", "Zl", "Zp")
# Characters that turn the letters around them, so that a name looks like another one.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def checked_name(name: str) -> str:
    """Return the name that a person gave to a group, without spaces around it.

    A name may be a path such as `holiday/beach`: relative, and without `..`. Raises CorrectionError if no folder of a
    plan can have it.
    """
    name = name.strip()
    reason = reason_against(name)
    if reason is None and any(unicodedata.category(letter) in _NOT_TYPED for letter in name):
        reason = "it has letters that cannot be typed"
    if reason is None and not _TURNING.isdisjoint(name):
        reason = "it has a character that changes the order of its letters, so it looks like another name"
    if reason is None and not all(any(map(_is_seen, part)) for part in name.split("/")):
        reason = "it cannot be seen"
    if reason is not None:
        raise CorrectionError(f"{name[:80]!r} cannot be the name of a folder: {reason}. Give another name.")
    return name


def reason_against(name: str) -> str | None:
    """Return why no folder of a plan can have this name, relative to the output; None if one can."""
    if not name or len(name) > _MOST_CHARACTERS:
        return "it is too long" if name else "it is empty"
    if not is_safe_relative(name):
        return "such a folder would not lie in the sorted folder"
    if is_hidden(name):
        return "such a folder is hidden, and imgsort does not hide files"
    if "\\" in name:
        return "it has a backslash, and folders are separated by /"
    if any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in name.split("/")):
        return f"it has more than {MAX_NAME_BYTES} bytes"
    return None


def _is_seen(letter: str) -> bool:
    return letter.isprintable() and not letter.isspace()
