"""Checks values from untrusted files: a wrong value leads to an error of `NONSENSE`."""

import os
from typing import Any

from imgsort.filing.paths import is_safe_relative

# The errors that may occur when imgsort reads a file that it did not write.
NONSENSE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)

_MAX_TEXT = 8192


def checked_text(value: Any) -> str:
    """Return a str that a file system could hold. Raises ValueError."""
    if not isinstance(value, str) or len(value) > _MAX_TEXT or "\0" in value:
        raise ValueError("a value that is not text")
    os.fsencode(value)  # raises UnicodeEncodeError, a ValueError, for text that no file name can hold
    return value


def checked_relative(value: Any) -> str:
    """Return a relative path that stays inside its folder. Raises ValueError."""
    if not is_safe_relative(checked_text(value)):
        raise ValueError(f"the path {value[:200]!r} leads out of the folder")
    return str(value)


def checked_integer(value: Any) -> int:
    """Return an int of 64 bits. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**64:
        raise ValueError("a number out of range")
    return value


def checked_count(value: Any) -> int:
    """Return an int of 64 bits that is not negative. Raises ValueError."""
    if checked_integer(value) < 0:
        raise ValueError("a negative number")
    return int(value)
