"""Finds the images of a folder and the files that go with them. Reads names and first bytes, and decodes nothing."""

import contextlib
import os
import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.content import read_head
from imgsort.errors import CollectionError
from imgsort.images.finding.sidecars import Sidecar, assign_sidecars, is_raw, may_be_sidecar
from imgsort.images.kinds import HEAD_BYTES, IMAGE_SUFFIXES, image_kind

_RAW_ALONE = "a RAW file without an image of its name beside it to look at: imgsort does not develop RAW"


@dataclass(frozen=True)
class ImageFile:
    """A file that is, or claims to be, an image.

    `path` is relative to the collection, with `/` between its parts; `size` is in bytes. `sidecars` are the
    files that always move together with the image.
    """

    path: str
    size: int
    mtime_ns: int
    sidecars: tuple[Sidecar, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Unreadable:
    """A file that stays where it is, and the reason. `path` is relative to the collection."""

    path: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The images of a collection, ordered by file name and then by path, and the unreadable files and folders."""

    files: tuple[ImageFile, ...]
    unreadable: tuple[Unreadable, ...]


def require_folder(folder: Path) -> Path:
    """Return `folder` with every link resolved.

    Raises CollectionError if there is no such folder, or if it cannot be read.
    """
    try:
        if not folder.exists():
            raise CollectionError(f"{folder}: there is no such folder. Give the folder that holds the images.")
        if not folder.is_dir():
            raise CollectionError(f"{folder}: this is a file. Give the folder that holds it.")
        return folder.resolve()
    except OSError as error:
        raise CollectionError(f"{folder}: this folder cannot be read ({error.strerror}).") from error


def named_file(path: Path) -> ImageFile:
    """Return a file that a person named, with an absolute path. Raises CollectionError if there is no such file."""
    try:
        status = path.stat()
    except OSError as error:
        raise CollectionError(f"{path}: this file cannot be read ({error.strerror}).") from error
    return ImageFile(str(path.resolve()), status.st_size, status.st_mtime_ns)


def find_images(
    root: Path, *, inside: Collection[str] = (), left_out: Collection[str] = (), recursive: bool = False
) -> Listing:
    """List the image files that lie directly in `root` or directly in one of the folders `inside`.

    `inside` and `left_out` hold paths relative to `root`. With `recursive`, every subfolder is searched, except those
    in `left_out`. Hidden files and folders, links, pipes, sockets and devices are always skipped. A RAW file is never
    an image: it is a sidecar of an image, or it is listed as unreadable.
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
        images, others = _images_and_others(folder, entries)
        owned = assign_sidecars((image.path for image in images), others)
        files += [replace(image, sidecars=owned[image.path]) if image.path in owned else image for image in images]
        unreadable += _lonely_raws(others, owned.values())
        if recursive:
            subfolders = (_join(folder, entry.name) for entry, status in entries if stat.S_ISDIR(status.st_mode))
            pending += [path for path in subfolders if path not in seen]
    files.sort(key=lambda file: (file.name, file.path))
    return Listing(tuple(files), tuple(unreadable))


def _visible_entries(folder: Path) -> list[tuple[os.DirEntry[str], os.stat_result]]:
    """Return the entries of `folder` that are not hidden, with their status. Follows no links. Raises OSError."""
    found = []
    for entry in list(os.scandir(folder)):
        if not entry.name.startswith("."):
            with contextlib.suppress(FileNotFoundError):  # the entry disappeared meanwhile
                found.append((entry, entry.stat(follow_symlinks=False)))
    return found


def _images_and_others(
    folder: str, entries: Iterable[tuple[os.DirEntry[str], os.stat_result]]
) -> tuple[list[ImageFile], list[Sidecar]]:
    """Return the images among the entries, and the other files that could be sidecars."""
    images, others = [], []
    for entry, status in entries:
        if not stat.S_ISREG(status.st_mode):
            continue
        path = _join(folder, entry.name)
        if not is_raw(entry.name) and _may_be_image(entry):
            images.append(ImageFile(path, status.st_size, status.st_mtime_ns))
        elif may_be_sidecar(entry.name):
            others.append(Sidecar(path, status.st_size, status.st_mtime_ns))
    return images, others


def _lonely_raws(others: Iterable[Sidecar], owned: Iterable[tuple[Sidecar, ...]]) -> list[Unreadable]:
    """Return a row for each RAW file that is not the sidecar of an image."""
    accompanied = {file for files in owned for file in files}
    alone = sorted(file.path for file in others if is_raw(file.name) and file not in accompanied)
    return [Unreadable(path, _RAW_ALONE) for path in alone]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _may_be_image(entry: os.DirEntry[str]) -> bool:
    """Say whether the file has the suffix of an image, or the content of one."""
    if os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES:
        return True
    try:
        return image_kind(read_head(entry.path, HEAD_BYTES)) is not None
    except OSError:
        return False
