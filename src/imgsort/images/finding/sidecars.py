"""Finds the sidecars of each image within one folder. Only the names of the files count.

`x.jpg` owns `x.jpg.xmp`, `x.xmp`, the RAW file `x.nef` with its `x.nef.xmp`, and `x.mov`, the video of a Live Photo.
Names are compared in composed form and without case: a camera's `IMG_1.JPG` owns the `img_1.xmp` of an editor.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imgsort.name_key import name_key

RAW_SUFFIXES = frozenset(
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .gpr .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2 "
    ".rwl .sr2 .srf .srw .x3f".split()
)

# These suffixes may follow an image's whole name (`x.jpg.xmp`) or its stem (`x.xmp`). RAW suffixes and `.mov` follow
# a stem only.
_NOTE_SUFFIXES = frozenset(".aae .json .txt .xmp".split())
_SUFFIXES = RAW_SUFFIXES | _NOTE_SUFFIXES | {".mov"}


@dataclass(frozen=True)
class Sidecar:
    """A file that always moves together with its image. `path` is relative to the collection; `size` is in bytes."""

    path: str
    size: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def is_raw(name: str) -> bool:
    """Say whether a RAW file has this name. The content is not read, because many RAW files begin like a TIFF."""
    return os.path.splitext(name)[1].lower() in RAW_SUFFIXES


def may_be_sidecar(name: str) -> bool:
    """Say whether a file of this name is a sidecar if there is a matching image."""
    return os.path.splitext(name)[1].lower() in _SUFFIXES


def assign_sidecars(images: Iterable[str], others: Iterable[Sidecar]) -> dict[str, tuple[Sidecar, ...]]:
    """Return the sidecars of each image that has any, in the order of their names.

    All files lie in one folder. `images` are paths; `others` are regular files that are not images. Every sidecar
    belongs to one image. `x.jpg.xmp` belongs to `x.jpg`. If several images have the same stem, the first by name gets
    the files that have only the stem. This rule needs only the names, so it gives the same answer after every move. If
    the names of two sidecars differ only in case, only the one that is spelled like the image moves with it. At the new
    place, there may not be room for both names.
    """
    candidates = [other for other in others if may_be_sidecar(other.name)]
    if not candidates:
        return {}
    owned = [(owner, file) for file, owner in _owners(sorted(images, key=_name), candidates).items()]
    owned.sort(key=lambda pair: (not pair[1].name.startswith(_stem(_name(pair[0]))), pair[1].name))
    found: dict[str, dict[str, Sidecar]] = {}
    for owner, file in owned:
        found.setdefault(owner, {}).setdefault(name_key(file.name), file)
    return {owner: tuple(sorted(files.values(), key=lambda file: file.name)) for owner, files in found.items()}


def _owners(images: list[str], candidates: Iterable[Sidecar]) -> Mapping[Sidecar, str]:
    """Return the path of the image that each candidate belongs to. `images` are ordered by name."""
    by_name = _Index((_name(image), image) for image in images)
    by_stem = _Index((_stem(_name(image)), image) for image in images)
    raws = sorted(file.name for file in candidates if is_raw(file.name))
    by_raw = _Index((raw, image) for raw in raws if (image := by_stem.find(_stem(raw))) is not None)
    owners = {}
    for file in candidates:
        front, suffix = os.path.splitext(file.name)
        has_note = suffix.lower() in _NOTE_SUFFIXES
        owner = (by_name.find(front) or by_raw.find(front) if has_note else None) or by_stem.find(front)
        if owner is not None:
            owners[file] = owner
    return owners


class _Index:
    """Finds an image by the start of a sidecar's name. An exact spelling comes first, then an equal `name_key`."""

    def __init__(self, fronts: Iterable[tuple[str, str]]) -> None:
        self._spelled: dict[str, str] = {}
        self._compared: dict[str, str] = {}
        for front, image in fronts:
            self._spelled.setdefault(front, image)
            self._compared.setdefault(name_key(front), image)

    def find(self, front: str) -> str | None:
        """Return the first image, by name, that `front` fits, or None."""
        return self._spelled.get(front) or self._compared.get(name_key(front))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]
