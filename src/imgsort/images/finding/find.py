"""Finds the images of a folder and the files that go with them. Reads names and first bytes, and decodes nothing."""

import contextlib
import os
import stat
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.content import read_head
from imgsort.errors import CollectionError
from imgsort.images.finding.left_out import NOTHING, LeftOut
from imgsort.images.finding.rules import DEFAULT_RULES, Rules
from imgsort.images.finding.sidecars import Sidecar, assign_sidecars, is_raw, may_be_sidecar
from imgsort.images.finding.sieve import NO_MEDIA, TOP, Folder, Sieve
from imgsort.images.kinds import HEAD_BYTES, IMAGE_SUFFIXES, image_kind
from imgsort.name_key import name_key

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
    """The images of a collection, ordered by file name and then by path, and the unreadable files and folders.

    `left_out`: what the rules left out.
    """

    files: tuple[ImageFile, ...]
    unreadable: tuple[Unreadable, ...]
    left_out: LeftOut = NOTHING


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
    root: Path,
    *,
    inside: Collection[str] = (),
    left_out: Collection[str] = (),
    recursive: bool = False,
    rules: Rules | None = DEFAULT_RULES,
) -> Listing:
    """List the image files that lie directly in `root` or directly in one of the folders `inside`.

    `inside` and `left_out` hold paths relative to `root`. With `recursive`, every subfolder is searched, except those
    in `left_out`. Hidden files and folders, links, pipes, sockets and devices are always skipped. A RAW file is never
    an image: it is a sidecar of an image, or it is listed as unreadable.
    `rules`: what else is left out, or taken in. The folders of devices and programs are left out, unless the rules are
    None. Raises CollectionError and UsageError for the file `.imgsortignore`.
    """
    files: list[ImageFile] = []
    unreadable: list[Unreadable] = []
    sieve = Sieve(root, rules)
    made = (sieve.folder_made(path) for path in inside)
    pending = [TOP, *(folder for folder in made if folder is not None)]
    seen = {"", *inside, *left_out}
    while pending:
        folder = pending.pop()
        try:
            entries = _entries(root / folder.path, sieve)
        except OSError as error:
            unreadable.append(Unreadable(folder.path or ".", f"folder cannot be listed: {error.strerror}"))
            continue
        if not sieve.takes_content(folder, has_nomedia=entries.has_nomedia):
            continue
        images, others, left = _content(folder, entries.files, sieve)
        owned = assign_sidecars([*(image.path for image in images), *left], others)
        files += [replace(image, sidecars=owned[image.path]) if image.path in owned else image for image in images]
        unreadable += _lonely_raws(others, owned.values())
        if recursive:
            subfolders = (sieve.subfolder(folder, name) for name in entries.folders if folder.below(name) not in seen)
            pending += [subfolder for subfolder in subfolders if subfolder is not None]
    files.sort(key=lambda file: (file.name, file.path))
    return Listing(tuple(files), tuple(unreadable), sieve.left_out)


@dataclass(frozen=True)
class _Entries:
    """What counts in one folder: its regular files, with their status, and the names of its folders."""

    files: list[tuple[os.DirEntry[str], os.stat_result]]
    folders: list[str]
    has_nomedia: bool


def _entries(folder: Path, sieve: Sieve) -> _Entries:
    """Return what lies in `folder` and is not hidden. Follows no links. Raises OSError."""
    found, folders, has_nomedia = [], [], False
    for entry in list(os.scandir(folder)):
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
                found.append((entry, status))
    return _Entries(found, folders, has_nomedia)


def _content(
    folder: Folder, entries: Sequence[tuple[os.DirEntry[str], os.stat_result]], sieve: Sieve
) -> tuple[list[ImageFile], list[Sidecar], list[str]]:
    """Return the images among the entries, the other files that could be sidecars, and the images that are left out.

    An image that is left out keeps its sidecars, so it must be known. Its content is not read.
    """
    images, others, left = [], [], []
    left_out = sieve.files_left_out(folder, [entry.name for entry, _ in entries])
    for entry, status in entries:
        path = folder.below(entry.name)
        if entry.name in left_out:
            if _has_image_suffix(entry.name):
                left.append(path)
        elif not is_raw(entry.name) and (_has_image_suffix(entry.name) or _has_image_content(entry.path)):
            images.append(ImageFile(path, status.st_size, status.st_mtime_ns))
        elif may_be_sidecar(entry.name):
            others.append(Sidecar(path, status.st_size, status.st_mtime_ns))
    return images, others, left


def _lonely_raws(others: Iterable[Sidecar], owned: Iterable[tuple[Sidecar, ...]]) -> list[Unreadable]:
    """Return a row for each RAW file that is not the sidecar of an image."""
    accompanied = {file for files in owned for file in files}
    alone = sorted(file.path for file in others if is_raw(file.name) and file not in accompanied)
    return [Unreadable(path, _RAW_ALONE) for path in alone]


def _has_image_suffix(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def _has_image_content(path: str) -> bool:
    try:
        return image_kind(read_head(path, HEAD_BYTES)) is not None
    except OSError:
        return False
