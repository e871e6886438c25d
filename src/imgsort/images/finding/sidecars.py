"""Finds the sidecars of each image within one folder. Only the names of the files count.

`x.jpg` owns `x.jpg.xmp`, `x.xmp`, the RAW file `x.nef` with its `x.nef.xmp`, and `x.mov`, the video of a Live Photo.
`imgsort.sidecar_names` knows all such names. Names are compared in composed form and without case: a camera's
`IMG_1.JPG` owns the `img_1.xmp` of an editor.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from imgsort.name_key import name_key
from imgsort.sidecar_names.kinds import RAW_SUFFIXES, is_raw
from imgsort.sidecar_names.owners import find_owners
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules

__all__ = ["RAW_SUFFIXES", "Sidecar", "assign_sidecars", "is_raw", "may_be_sidecar"]


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


def may_be_sidecar(name: str, rules: SidecarRules = BUILT_IN) -> bool:
    """Say whether a file of this name is a sidecar if there is a matching image."""
    return rules.may_be_sidecar(name)


def assign_sidecars(
    images: Iterable[str], others: Iterable[Sidecar], rules: SidecarRules = BUILT_IN
) -> dict[str, tuple[Sidecar, ...]]:
    """Return the sidecars of each image that has any, in the order of their names.

    All files lie in one folder. `images` are paths; `others` are regular files that are not images. Every sidecar
    belongs to one image. `x.jpg.xmp` belongs to `x.jpg`. If several images have the same stem, the first by name gets
    the files that have only the stem. This rule needs only the names, so it gives the same answer after every move. If
    the names of two sidecars differ only in case, only the one that is spelled like the image moves with it. At the new
    place, there may not be room for both names.
    """
    files = {file.name: file for file in others}
    if not files:
        return {}
    paths = {_name(path): path for path in images}
    owned = [(paths[match.image], files[name]) for name, match in find_owners(paths, files, rules).items()]
    owned.sort(key=lambda pair: (not pair[1].name.startswith(_stem(_name(pair[0]))), pair[1].name))
    found: dict[str, dict[str, Sidecar]] = {}
    for owner, file in owned:
        found.setdefault(owner, {}).setdefault(name_key(file.name), file)
    return {owner: tuple(sorted(files.values(), key=lambda file: file.name)) for owner, files in found.items()}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]
