"""Turns names into text that stands for the same bytes on disk under every locale, and back.

A name on disk is bytes. Python turns it into a str by the encoding of the process: `é` in UTF-8 is `é` under a UTF-8
locale and two escapes under an ASCII one. What is written to a file is therefore always the str of a UTF-8 process.
Windows and macOS have UTF-8 everywhere.
"""

import os
import sys
from typing import Any

_HAS_BYTE_NAMES = sys.getfilesystemencodeerrors() == "surrogateescape"


def portable(text: str) -> str:
    """Return the str that this name has in a process whose names are UTF-8."""
    if text.isascii() or not _HAS_BYTE_NAMES:
        return text
    try:
        return os.fsencode(text).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no name on disk, but for example a message
        return text


def local(text: str) -> str:
    """Return the str that a portable name has in this process. Raises UnicodeEncodeError if it can be no name."""
    if text.isascii() or not _HAS_BYTE_NAMES:
        return text
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def portable_tree(value: Any) -> Any:
    """Return a value for JSON with every text in it portable."""
    return _mapped(value, portable)


def local_tree(value: Any) -> Any:
    """Return a value from JSON with every text in it local. Raises UnicodeEncodeError, a ValueError."""
    return _mapped(value, local)


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_mapped(key, change): _mapped(each, change) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(each, change) for each in value]
    return value
