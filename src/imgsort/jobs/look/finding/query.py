"""Reads what is looked for: image files, and folders of images."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import CollectionError, QueryError, UsageError
from imgsort.filing.paths import STATE_FOLDER, is_hidden, is_safe_relative
from imgsort.filing.planning.folders import names_in
from imgsort.filing.planning.names import free_name
from imgsort.filing.planning.site import Site
from imgsort.grouping.directions import unit_rows
from imgsort.images.finding.find import ImageFile, find_images, named_file
from imgsort.jobs.look.finding.seeing import Seeing, SeeingByDataset
from imgsort.jobs.session.listing import LEFT_OUT
from imgsort.name_key import name_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Where neither a folder nor a file gives a name that a folder can have.
_NO_NAME = "found"


@dataclass(frozen=True)
class Query:
    """What is looked for.

    `names`: the files and folders as a person named them. `files`: their images, with absolute paths. `contents`: the
    hashes of their bytes. `matrix`: float32 (n, d), n > 0, their features.
    """

    names: tuple[str, ...]
    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    matrix: "NDArray[np.float32]"

    @property
    def mean(self) -> "NDArray[np.float64]":
        """The mean of the directions of all images, (1, d)."""
        mean: NDArray[np.float64] = unit_rows(self.matrix.astype("float64")).mean(axis=0, keepdims=True)
        return mean


def listed_query(names: Sequence[str | Path]) -> tuple[ImageFile, ...]:
    """Return the images of a query, with absolute paths: each named file, and all images in each named folder.

    Raises QueryError if there is no such file or folder, or if a folder holds no image.
    """
    if not names:
        raise UsageError("there is nothing to look for. Give an image file or a folder of images.")
    files: list[ImageFile] = []
    for name in names:
        path = Path(name)
        if not path.exists():
            raise QueryError(f"{path}: there is no such file or folder. Give an image file or a folder of images.")
        if not path.is_dir():
            files.append(_named(path))
            continue
        root = path.resolve()
        inside = find_images(root, recursive=True).files
        if not inside:
            raise QueryError(f"{path}: there are no images in this folder. Give a folder of images or an image file.")
        files += [replace(file, path=str(root / file.path), sidecars=()) for file in inside]
    return tuple(dict.fromkeys(files))


def seen_query(names: Sequence[str | Path], files: Sequence[ImageFile], seeing: Seeing | SeeingByDataset) -> Query:
    """Return the query with its features.

    Images of a folder that cannot be read are left out, and a notice says so. Raises QueryError if a named file, or
    every image, cannot be read.
    """
    features = seeing.features_of_query(files)
    named = {str(Path(name).resolve()) for name in names}
    for row in features.unreadable:
        if row.path in named or not features.files:
            raise QueryError(f"{row.path}: this image cannot be read ({row.reason}). Give another image to look for.")
    if features.unreadable:
        row = features.unreadable[0]
        seeing.hearing.notice(
            f"{len(features.unreadable)} images to look for cannot be read and are left out, the first is "
            f"{row.path!r} ({row.reason})."
        )
    return Query(tuple(os.fspath(name) for name in names), features.files, features.contents, features.matrix)


def folder_for(names: Sequence[str | Path], site: Site) -> str:
    """Return the folder for what is found, relative to the output.

    A folder in the output is itself the folder: what looks like its images joins them. Otherwise it is a new folder
    with the name of the first thing that was looked for. A name that is taken gets ` (2)`: nobody asked to join what
    is there.
    """
    path = Path(names[0])
    if path.is_dir() and len(names) == 1 and path.resolve().is_relative_to(site.output):
        inside = path.resolve().relative_to(site.output).as_posix()
        if inside != "." and is_safe_relative(inside) and not is_hidden(inside):
            return inside
    name = (path.resolve().name if path.is_dir() else path.stem).strip(" .")
    is_fit = name and is_safe_relative(name) and not name.startswith(STATE_FOLDER)
    taken = {name_key(other) for other in (*names_in(site.output), *LEFT_OUT)}
    return free_name(name if is_fit else _NO_NAME, taken)


def _named(path: Path) -> ImageFile:
    try:
        return named_file(path)
    except CollectionError as error:
        raise QueryError(f"{error} Give another image to look for.") from error
