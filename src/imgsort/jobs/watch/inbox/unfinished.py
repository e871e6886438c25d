"""Knows the names that programs give to files they have not finished: downloads, uploads and copies under way."""

import os

from imgsort.name_key import name_key

# Of browsers, download managers, torrent and synchronisation programs, and of programs that copy or upload.
_SUFFIXES = frozenset(
    ".part .partial .crdownload .download .opdownload .fdmdownload .aria2 .filepart .dlpart .incomplete .inprogress "
    ".unfinished .uploading .upload .tmp .temp .!ut .!qb .!bt .!sync .bc! .jc! .ytdl .lftp-pget-status".split()
)
_ENDINGS = ("~", "-part", ".icloud")
_BEGINNINGS = ("~syncthing~", "~$", "._")


def is_unfinished(name: str) -> bool:
    """Say whether a program that has not finished gives a file this name, or lays such a file beside its own.

    Hidden files, as rsync and Syncthing write them, are unfinished too.
    """
    key = name_key(name)
    return (
        key.startswith((".", *_BEGINNINGS)) or key.endswith(_ENDINGS) or os.path.splitext(key)[1].lower() in _SUFFIXES
    )


def finished_name(name: str) -> str | None:
    """Return the name that an unfinished file probably gets, or that the file it belongs to has; None if unknown."""
    stem, suffix = os.path.splitext(name)
    return stem if name_key(suffix) in _SUFFIXES and os.path.splitext(stem)[1] else None
