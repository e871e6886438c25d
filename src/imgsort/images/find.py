"""Which files of a folder are its images. Reads names and first bytes; decodes nothing."""

import contextlib
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from imgsort.content import open_regular
from imgsort.errors import CollectionError
from imgsort.images.kinds import HEAD_BYTES, IMAGE_SUFFIXES, image_kind


@dataclass(frozen=True)
class ImageFile:
    """A file that is, or claims to be, an image.

    `path` is relative to the collection, with `/` between its parts; `size` is in bytes.
    """

    path: str
    size: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Unreadable:
    """A file that stays where it is, and why. `path` is relative to the collection."""

    path: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The images of a collection, ordered by file name and then path, and what could not be looked into."""

    files: tuple[ImageFile, ...]
    unreadable: tuple[Unreadable, ...]


def require_folder(folder: Path) -> Path:
    """Return `folder` with every link resolved.

    Raises CollectionError where there is no such folder.
    """
    try:
        if not folder.exists():
            raise CollectionError(f"{folder}: there is no such folder. Give the folder that holds the images.")
        if not folder.is_dir():
            raise CollectionError(f"{folder}: this is a file, and a folder is due. Give the folder that holds it.")
        return folder.resolve()
    except OSError as error:
        raise CollectionError(f"{folder}: this folder cannot be looked into ({error.strerror}).") from error


def find_images(
    root: Path, *, inside: Collection[str] = (), left_out: Collection[str] = (), recursive: bool = False
) -> Listing:
    """List the image files directly in `root` and directly in the folders `inside` it.

    `inside` and `left_out` hold paths relative to `root`. With `recursive` every subfolder counts,
    except those in `left_out`. Hidden files and folders, links, pipes, sockets and devices never count.
    """
    files: list[ImageFile] = []
    unreadable: list[Unreadable] = []
    pending = ["", *inside]
    seen = set(pending) | set(left_out)
    while pending:
        folder = pending.pop()
        try:
            entries = _visible_entries(root / folder)
        except OSError as error:
            unreadable.append(Unreadable(folder or ".", f"folder cannot be listed: {error.strerror}"))
            continue
        for entry, status in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if stat.S_ISREG(status.st_mode) and _may_be_image(entry):
                files.append(ImageFile(path, status.st_size, status.st_mtime_ns))
            elif recursive and stat.S_ISDIR(status.st_mode) and path not in seen:
                pending.append(path)
    files.sort(key=lambda file: (file.name, file.path))
    return Listing(tuple(files), tuple(unreadable))


def _visible_entries(folder: Path) -> list[tuple[os.DirEntry[str], os.stat_result]]:
    """Return what is in `folder` and not hidden, with its status, links not followed. Raises OSError."""
    found = []
    for entry in list(os.scandir(folder)):
        if not entry.name.startswith("."):
            with contextlib.suppress(FileNotFoundError):  # it went away meanwhile
                found.append((entry, entry.stat(follow_symlinks=False)))
    return found


def _may_be_image(entry: os.DirEntry[str]) -> bool:
    """Say whether the file claims by its suffix to be an image, or is one by content."""
    if os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES:
        return True
    try:
        with open(open_regular(entry.path), "rb") as handle:
            return image_kind(handle.read(HEAD_BYTES)) is not None
    except OSError:
        return False
