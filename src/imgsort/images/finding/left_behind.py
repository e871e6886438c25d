"""Finds the files that look as if they belonged to images that leave their folder, and stay behind."""

import contextlib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from imgsort.images.kinds import IMAGE_SUFFIXES
from imgsort.name_key import name_key

# Nikon and Capture One keep what they know about a photo in folders beside it.
_EDITORS_FOLDERS = ("NKSC_PARAM", "CaptureOne/Settings*")


@dataclass(frozen=True)
class LeftFile:
    """A file that looks as if it belonged to an image. Both paths are relative to the collection.

    `pattern`: how its name is made from the name of `image`, for example `{name}.notes`.
    """

    path: str
    image: str
    pattern: str

    @property
    def is_beside(self) -> bool:
        """Whether the file lies in the folder of the image."""
        return self.path.rpartition("/")[0] == self.image.rpartition("/")[0]


def files_left_behind(root: Path, images: Iterable[str], known: Set[str]) -> list[LeftFile]:
    """Return the files that lie beside `images` and have a name that begins like theirs, in the order of their paths.

    What follows the image's stem or whole name is not a letter or a digit. `images` and `known` are paths relative to
    `root`; files that are `known` do not count, nor do hidden files and images.
    """
    by_folder: dict[str, dict[str, str]] = defaultdict(dict)
    for image in images:
        folder, _, name = image.rpartition("/")
        by_folder[folder].setdefault(name_key(name), image)
        by_folder[folder].setdefault(name_key(os.path.splitext(name)[0]), image)
    found = [
        left
        for folder, beginnings in by_folder.items()
        for path in _files_beside(root, folder)
        if path not in known and (left := _left_file(path, beginnings)) is not None
    ]
    return sorted(found, key=lambda left: left.path)


def image_names(folder: Path) -> list[str]:
    """Return the names in a folder that are those of images. There are none in a folder that cannot be listed."""
    with contextlib.suppress(OSError):
        return [name for name in os.listdir(folder) if _has_image_suffix(name)]
    return []


def _has_image_suffix(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def _files_beside(root: Path, folder: str) -> Iterator[str]:
    """Yield the paths of the files in `folder`, and in the folders that editors make in it, apart from images."""
    for place in [folder, *_editors_folders(root, folder)]:
        with contextlib.suppress(OSError), os.scandir(root / place) as entries:
            for entry in entries:
                if (
                    not entry.name.startswith(".")
                    and not _has_image_suffix(entry.name)
                    and entry.is_file(follow_symlinks=False)
                ):
                    yield f"{place}/{entry.name}" if place else entry.name


def _editors_folders(root: Path, folder: str) -> list[str]:
    with contextlib.suppress(OSError):
        found = [path for pattern in _EDITORS_FOLDERS for path in (root / folder).glob(pattern)]
        return sorted(path.relative_to(root).as_posix() for path in found)
    return []


def _left_file(path: str, beginnings: dict[str, str]) -> LeftFile | None:
    """Return the file if its name begins like that of an image: the longest beginning counts."""
    name = unicodedata.normalize("NFC", path.rpartition("/")[2])
    whole = name_key(name)
    has_length_of_key = len(whole) == len(name)  # not if there is an `ß`, which has the key `ss`
    for end in range(len(name), 0, -1):
        if end == len(name) or not name[end].isalnum():
            key = whole[:end] if has_length_of_key else name_key(name[:end])
            image = beginnings.get(key)
            if image is not None:
                is_whole = key == name_key(image.rpartition("/")[2])
                return LeftFile(path, image, ("{name}" if is_whole else "{stem}") + name[end:])
    return None
