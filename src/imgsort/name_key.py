"""Tells which names the file systems of Linux, macOS and Windows may treat as the same name."""

import unicodedata

from imgsort.portable_text import portable


def name_key(name: str) -> str:
    """Return the key that two names share if some file system treats them as one: NFC, case folded."""
    if name.isascii():  # most names; the answer is the same
        return name.lower()
    name = portable(name)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
