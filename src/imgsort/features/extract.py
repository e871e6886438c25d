"""Turns images into a matrix of features, with one row for each image.

A row comes from the cache or from the model. The images are streamed in batches.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import UnreadableImageError, WeightsError
from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache, NoCache
from imgsort.features.runtimes.interface import Extractor
from imgsort.images.decoding.decode import DEFAULTS, ReadSettings, bytes_of, decoding
from imgsort.images.decoding.decoded import Onlooker, nobody
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile, Unreadable
from imgsort.images.stream import core_count, stream
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


@dataclass(frozen=True)
class _Seen:
    """The result for the file with this `number`: the hash of its bytes and its features, or why it has none."""

    number: int
    content: str = ""
    features: "NDArray[np.float32] | None" = None
    is_cached: bool = False
    reason: str = ""


def extract_rows(
    root: Path,
    files: Sequence[ImageFile],
    extractor: Extractor,
    progress: Callable[[int, int], None],
    *,
    square: Square | None = None,
    settings: ReadSettings = DEFAULTS,
    cache: FeatureCache | NoCache = NO_CACHE,
    onlooker: Onlooker = nobody,
    meanwhile: Callable[[], None] = lambda: None,
) -> Features:
    """Read every file and extract its features; list the files that cannot be read.

    Features that `cache` holds are not made again. A file that the cache knows to be unchanged is not even read. Memory
    holds only a few batches of pixels, and a large matrix lies in a file. `progress` is called with (done, total).
    `square` says how images come into the square that the model sees, by default letterboxed. `onlooker` is shown each
    picture that is decoded for the model, from several threads. The model sees the same with or without it.
    `meanwhile` is called once, after the cache has answered and before the images are read. It can begin other work
    that runs at the same time.
    """
    rows = _Rows(files)
    for number, content, features in cache.known_rows(root, files):
        rows.put(_Seen(number, content, features, is_cached=True))
        progress(rows.done, len(files))
    meanwhile()
    look = _Look(root, files, extractor, square or Square(extractor.size_px), settings, cache, onlooker)
    for batch in stream(_batches(rows.missing(), extractor.batch_size), look.at, ahead=2 * core_count()):
        for seen in batch:
            if seen.features is not None:
                cache.keep(root, files[seen.number], seen.content, None if seen.is_cached else seen.features)
            rows.put(seen)
            progress(rows.done, len(files))
    return rows.features()


@dataclass(frozen=True)
class _Look:
    """Takes files all the way to their features, within one thread.

    Decoding and the model both keep a processor busy. Because each thread does both, no thread waits for another.
    """

    root: Path
    files: Sequence[ImageFile]
    extractor: Extractor
    square: Square
    settings: ReadSettings
    cache: FeatureCache | NoCache
    onlooker: Onlooker

    def at(self, numbers: Sequence[int]) -> list[_Seen]:
        """Return the results for the files with these numbers, at most one batch."""
        import numpy as np

        seen: dict[int, _Seen] = {}
        squares: dict[int, NDArray[np.uint8]] = {}
        for number in numbers:
            seen[number] = self._read(number, squares)
        if squares:
            rows = self.extractor.extract(np.stack(list(squares.values())))
            if not np.isfinite(rows).all():
                raise WeightsError(
                    "the model gives infinite numbers, which say nothing about an image. "
                    "Try --precision float32 or other --weights."
                )
            for number, features in zip(squares, rows, strict=True):
                seen[number] = replace(seen[number], features=features)
        return list(seen.values())

    def _read(self, number: int, squares: "dict[int, NDArray[np.uint8]]") -> _Seen:
        """Return what is known about a file without the model.

        If the model is needed, add the file's square of pixels to `squares`.
        """
        try:
            with bytes_of(self.root, self.files[number]) as (data, content):
                known = self.cache.features_of(content)
                if known is not None:
                    return _Seen(number, content, known, is_cached=True)
                squares[number] = self._square_of(data, content, self.files[number].name)
        except UnreadableImageError as error:
            return _Seen(number, reason=str(error))
        return _Seen(number, content)

    def _square_of(self, data: bytes, content: str, name: str) -> "NDArray[np.uint8]":
        """Return what the model sees of an image. Raises UnreadableImageError."""
        with decoding(data, self.settings, self.square, name) as decoded:
            self.onlooker(content, decoded)
            return self.square.fill(decoded.seen(self.square))


def _batches(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


class _Rows:
    """The matrix while it is filled. At first it has a row for every file."""

    def __init__(self, files: Sequence[ImageFile]) -> None:
        self._files = files
        self._contents: list[str | None] = [None] * len(files)
        self._unreadable: list[Unreadable] = []
        self._matrix: NDArray[np.float32] | None = None
        self._cached = 0
        self.done = 0

    def put(self, seen: _Seen) -> None:
        """Store the result for one file."""
        self.done += 1
        if seen.features is None:
            self._unreadable.append(Unreadable(self._files[seen.number].path, seen.reason))
            return
        if self._matrix is None:
            self._matrix = empty_matrix(len(self._files), len(seen.features))
        self._matrix[seen.number] = seen.features
        self._contents[seen.number] = seen.content
        self._cached += seen.is_cached
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
