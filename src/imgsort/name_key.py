"""When two names are one: what the file systems of Linux, macOS and Windows may take for the same."""

import unicodedata


def name_key(name: str) -> str:
    """Return what two names share if some file system takes them for one: NFC, case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
