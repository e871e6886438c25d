"""Turns images into a matrix of features, with one row for each image.

A row comes from the cache or from an engine, which asks the model. The images are streamed in batches.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache, NoCache
from imgsort.features.engine import LOCAL, Engine, Images
from imgsort.features.extraction import Extraction
from imgsort.features.seen import SeenImage
from imgsort.images.decoding.decoded import Onlooker, nobody
from imgsort.images.finding.find import ImageFile, Unreadable
from imgsort.mapped import empty_matrix, let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROWS_AT_A_TIME = 512


@dataclass(frozen=True)
class Features:
    """The features of the images that can be read.

    `matrix` is float32 (n, d), with one row for each of `files`. `contents` holds the hash of each file's bytes.
    `cached` is the number of rows that came from the cache.
    """

    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    matrix: "NDArray[np.float32]"
    unreadable: tuple[Unreadable, ...]
    cached: int = 0

    @property
    def content_order(self) -> "NDArray[np.intp]":
        """The numbers of the rows in the order of their files' content, int (n,).

        Clustering depends on the order of its rows. In this order, neither names nor places matter. If the rows were in
        the order of their paths, sorting a sorted folder again would move images.
        """
        import numpy as np

        return np.array(sorted(range(len(self.contents)), key=self.contents.__getitem__), dtype=np.intp)


def extract_rows(
    images: Images,
    extraction: Extraction,
    progress: Callable[[int, int], None],
    *,
    engine: Engine = LOCAL,
    cache: FeatureCache | NoCache = NO_CACHE,
    onlooker: Onlooker = nobody,
    meanwhile: Callable[[], None] = lambda: None,
) -> Features:
    """Read every image and extract its features; list the images that cannot be read.

    Features that `cache` holds are not made again. A file that the cache knows to be unchanged is not even read. Memory
    holds only a few batches of pixels, and a large matrix lies in a file. `progress` is called with (done, total).
    `engine` looks at the images. `onlooker` is shown each picture that is decoded for the model, from several threads.
    The model sees the same with or without it. `meanwhile` is called once, after the cache has answered and before the
    images are read. It can begin other work that runs at the same time. Raises WeightsError.
    """
    rows = _Rows(images.files)
    for seen in cached_images(images, range(len(images.files)), cache):
        rows.put(seen)
        progress(rows.done, len(images.files))
    meanwhile()
    batches = engine.see(images, rows.missing(), extraction, known=cache.features_of, onlooker=onlooker)
    for seen in kept_in(cache, images, batches):
        rows.put(seen)
        progress(rows.done, len(images.files))
    return rows.features()


def cached_images(images: Images, numbers: Sequence[int], cache: FeatureCache | NoCache) -> Iterator[SeenImage]:
    """Yield the result for each of these images that the cache knows to be unchanged."""
    if images.root is not None:
        files = [images.files[number] for number in numbers]
        for place, content, features in cache.known_rows(images.root, files):
            yield SeenImage(numbers[place], content, features, is_known=True)


def kept_in(
    cache: FeatureCache | NoCache, images: Images, batches: Iterable[Sequence[SeenImage]]
) -> Iterator[SeenImage]:
    """Yield each result of an engine, after the cache has taken its features."""
    for batch in batches:
        for seen in batch:
            if seen.features is not None:
                features = None if seen.is_known else seen.features
                cache.keep(images.root, images.files[seen.number], seen.content, features)
            yield seen


class _Rows:
    """The matrix while it is filled. At first it has a row for every file."""

    def __init__(self, files: Sequence[ImageFile]) -> None:
        self._files = files
        self._contents: list[str | None] = [None] * len(files)
        self._unreadable: list[Unreadable] = []
        self._matrix: NDArray[np.float32] | None = None
        self._cached = 0
        self.done = 0

    def put(self, seen: SeenImage) -> None:
        """Store the result for one file."""
        self.done += 1
        if seen.features is None:
            self._unreadable.append(Unreadable(self._files[seen.number].path, seen.reason))
            return
        if self._matrix is None:
            self._matrix = empty_matrix(len(self._files), len(seen.features))
        self._matrix[seen.number] = seen.features
        self._contents[seen.number] = seen.content
        self._cached += seen.is_known
        if self.done % _ROWS_AT_A_TIME == 0:
            let_go(self._matrix)

    def missing(self) -> list[int]:
        """Return the numbers of the files without features so far."""
        return [number for number, content in enumerate(self._contents) if content is None]

    def features(self) -> Features:
        """Return the filled rows, without the rows of unreadable files."""
        import numpy as np

        there = [number for number, content in enumerate(self._contents) if content is not None]
        matrix = np.empty((0, 0), np.float32) if self._matrix is None else self._matrix
        if len(there) < len(matrix):  # move rows up in place: a copy would double the memory
            for row, number in enumerate(there):
                matrix[row] = matrix[number]
                if row % _ROWS_AT_A_TIME == 0:
                    let_go(matrix)
            matrix = matrix[: len(there)]
        return Features(
            files=tuple(self._files[number] for number in there),
            contents=tuple(content for content in self._contents if content is not None),
            matrix=matrix,
            unreadable=tuple(self._unreadable),
            cached=self._cached,
        )
