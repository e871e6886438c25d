"""Checks the names of classes: one part of a path, in plain text, because a class becomes a folder's name."""

import unicodedata
from collections.abc import Sequence

from imgsort.name_key import name_key

_MAX_BYTES = 255
_NO_TEXT = ("Cc", "Cs", "Zl", "Zp")


def require_class_names(names: Sequence[str]) -> None:
    """Raise ValueError for an invalid name, and for two names that some file system treats as the same."""
    known: dict[str, str] = {}
    for name in names:
        if not _may_be_folder(name):
            raise ValueError(f"{name[:100]!r} cannot be the name of a class")
        if name_key(name) in known:
            raise ValueError(f"{known[name_key(name)]!r} and {name!r} are the same name on some file systems")
        known[name_key(name)] = name


def _may_be_folder(name: str) -> bool:
    is_text = not any(unicodedata.category(character) in _NO_TEXT for character in name)
    is_one_part = name != "" and name == name.strip() and not name.startswith(".") and not set(name) & set("/\\")
    return is_text and is_one_part and len(name.encode()) <= _MAX_BYTES
