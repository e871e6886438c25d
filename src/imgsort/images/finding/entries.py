"""Reads what lies in one folder: its files with their status, its links, and the names of its folders."""

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Set
from dataclasses import dataclass
from pathlib import Path

from imgsort.content import read_head
from imgsort.images.finding.leaving_out.sieve import NO_MEDIA, Sieve
from imgsort.images.kinds import HEAD_BYTES, IMAGE_SUFFIXES, image_kind
from imgsort.name_key import name_key
from imgsort.sidecar_names.kinds import suffix_key


@dataclass(frozen=True)
class Entries:
    """What counts in one folder: its regular files, with their status, its links, and the names of its folders."""

    files: list[tuple[os.DirEntry[str], os.stat_result]]
    links: list[os.DirEntry[str]]
    folders: list[str]
    has_nomedia: bool

    @classmethod
    def of(cls, folder: Path, sieve: Sieve, wanted: Callable[[Collection[str]], Set[str]] | None = None) -> "Entries":
        """Return what lies in `folder` and is not hidden. Follows no links. Raises OSError.

        `wanted`: says which of the names in the folder count. By default all do.
        """
        files, links, folders, has_nomedia = [], [], [], False
        entries = list(os.scandir(folder))
        if wanted is not None:
            names = wanted([entry.name for entry in entries])
            entries = [entry for entry in entries if entry.name in names]
        for entry in entries:
            is_hidden = entry.name.startswith(".")
            if is_hidden:
                has_nomedia = has_nomedia or name_key(entry.name) == NO_MEDIA
                if not sieve.looks_at_hidden(entry.name):
                    continue
            with contextlib.suppress(FileNotFoundError):  # the entry disappeared meanwhile
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    folders.append(entry.name)
                elif stat.S_ISREG(status.st_mode) and not is_hidden:
                    files.append((entry, status))
                elif stat.S_ISLNK(status.st_mode) and not is_hidden:
                    links.append(entry)
        return cls(files, links, folders, has_nomedia)


def has_image_suffix(name: str) -> bool:
    """Say whether a file of this name claims to be an image."""
    return suffix_key(name) in IMAGE_SUFFIXES


def has_image_content(path: str | Path) -> bool:
    """Say whether a regular file begins as an image does. A file that cannot be read does not."""
    try:
        return image_kind(read_head(path, HEAD_BYTES)) is not None
    except OSError:
        return False
