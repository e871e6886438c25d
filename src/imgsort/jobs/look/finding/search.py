"""Searches the rows of a collection for what is looked for."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import UsageError
from imgsort.features.cache.row_table import DamagedTableError
from imgsort.grouping.nearest import NearestRows
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.look.finding.query import Query
from imgsort.jobs.look.finding.rows import CollectionRows
from imgsort.jobs.look.finding.same_scene import paths_of_same_scene
from imgsort.jobs.look.finding.seeing import Seeing, SeeingByDataset
from imgsort.jobs.session.collection import OpenCollection
from imgsort.jobs.settings import ModelSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_TOP = 20
# Copies that are resized, encoded again, brightened or a little cropped are nearer than this; benchmarks/README.md.
SAME_SCENE_WITHIN = 0.35


@dataclass(frozen=True)
class Wanted:
    """Which images are looked for: the `top` most alike, or all within a `distance`, or those of the same scene.

    Raises UsageError for a number that makes no sense.
    """

    top: int | None
    distance: float | None
    same_scene: bool

    def __post_init__(self) -> None:
        if self.top is not None and self.top < 1:
            raise UsageError(f"--top {self.top}: it must be at least 1.")
        if self.distance is not None and not 0 <= self.distance <= 2:
            raise UsageError(f"--distance {self.distance}: it must be a cosine distance from 0 to 2.")


@dataclass(frozen=True)
class Found:
    """The images that were found, the most alike first.

    `contents`: the hashes of their bytes. `matrix`: float32 (n, d), their features, or None if they are very many.
    `distances`: float64 (n,). `rows`: all images of the collection.
    """

    rows: CollectionRows
    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    distances: "NDArray[np.float64]"
    matrix: "NDArray[np.float32] | None"

    def only(self, is_chosen: Callable[[ImageFile], bool], top: int | None) -> "Found":
        """Return the first `top` of those files that are chosen."""
        import numpy as np

        chosen = np.array([row for row, file in enumerate(self.files) if is_chosen(file)][:top], dtype=np.intp)
        return Found(
            self.rows,
            tuple(self.files[row] for row in chosen),
            tuple(self.contents[row] for row in chosen),
            self.distances[chosen],
            None if self.matrix is None else self.matrix[chosen],
        )


def search(
    collection: OpenCollection, query: Query, wanted: Wanted, seeing: Seeing | SeeingByDataset, settings: ModelSettings
) -> Found:
    """Return what was found. If the table that is kept of the collection is damaged, search once more without it."""
    root, listing = collection.site.collection, collection.listing
    while True:
        try:
            with contextlib.closing(CollectionRows(root, listing, seeing, verify=settings.verify)) as rows:
                if wanted.same_scene:
                    return _same_scene(collection, query, wanted, rows, has_cache=settings.cache)
                return _most_alike(collection, query, wanted, rows)
        except DamagedTableError:  # it is removed now
            continue


def _most_alike(collection: OpenCollection, query: Query, wanted: Wanted, rows: CollectionRows) -> Found:
    """Find the nearest images, without those that have the bytes of an image of the query."""
    asked, same_bytes = set(query.contents), set[int]()

    def is_left_out(number: int) -> bool:
        if rows.contents[number] not in asked:
            return False
        same_bytes.add(number)
        return True

    top = DEFAULT_TOP if wanted.top is None and wanted.distance is None else wanted.top
    found = _nearest(rows, query.mean, top, wanted.distance, is_left_out)
    own = _Own(query, collection.site.collection)
    _tell_of_copies(
        collection, [rows.files[number] for number in sorted(same_bytes) if not own.has(rows.files[number])]
    )
    return found


def _same_scene(
    collection: OpenCollection, query: Query, wanted: Wanted, rows: CollectionRows, *, has_cache: bool
) -> Found:
    """Find the images that show the same shot, without the very files of the query.

    Only images near enough are compared, because to compare an image it must be decoded once.
    """
    asked, own = set(query.contents), _Own(query, collection.site.collection)

    def is_left_out(number: int) -> bool:
        return rows.contents[number] in asked and own.has(rows.files[number])

    within = SAME_SCENE_WITHIN if wanted.distance is None else min(wanted.distance, SAME_SCENE_WITHIN)
    near = _nearest(rows, query.matrix, None, within, is_left_out)
    root, hearing = collection.site.collection, collection.hearing
    same = paths_of_same_scene(query, root, near.files, collection.read, hearing, has_cache=has_cache)
    return near.only(lambda file: file.path in same, wanted.top)


def _nearest(
    rows: CollectionRows,
    queries: "NDArray[np.floating]",
    top: int | None,
    within: float | None,
    is_left_out: Callable[[int], bool],
) -> Found:
    """Find the nearest of all images but those with a number that is left out."""
    import numpy as np

    nearest = NearestRows(queries, top=top, within=within)
    for part, numbers in rows.parts():
        there = np.array([not is_left_out(number) for number in numbers.tolist()], dtype=bool)
        nearest.see(part if there.all() else part[there], numbers[there])
    files = tuple(rows.files[number] for number in nearest.numbers)
    contents = tuple(rows.contents[number] or "" for number in nearest.numbers)
    return Found(rows, files, contents, nearest.distances, nearest.rows)


class _Own:
    """Knows the very files that were named as the query, or lie in a named folder."""

    def __init__(self, query: Query, root: Path) -> None:
        self._paths, self._root = {file.path for file in query.files}, root

    def has(self, file: ImageFile) -> bool:
        """Say whether this file of the collection is one of them."""
        return str(file.place_in(self._root)) in self._paths


def _tell_of_copies(collection: OpenCollection, copies: Sequence[ImageFile]) -> None:
    """Say which images are left out because they have the bytes of an image of the query."""
    if not copies:
        return
    first = copies[0].path
    text = f"1 image has the same bytes as the query and is left out: {first!r}."
    if len(copies) > 1:
        text = f"{len(copies)} images have the same bytes as the query and are left out, the first is {first!r}."
    collection.hearing.notice(f"{text} --same-scene finds copies too.")
