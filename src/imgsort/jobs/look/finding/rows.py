"""Gives the rows of a whole collection to a search, from a table that is kept and, for the rest, as every command does.

The collection is listed and the time and size of each of its files are looked at in every run. So an image that was
added, changed, moved or removed counts as it is now. What the table saves is the reading of the features one by one.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.features.cache.feature_cache import NoCache, is_settled
from imgsort.features.cache.row_table import BLOCK_ROWS, RowTable, TableFile, keep_table, table_key
from imgsort.features.extract import Features
from imgsort.images.finding.find import ImageFile, Listing, Unreadable
from imgsort.jobs.look.finding.seeing import Seeing
from imgsort.mapped import let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# With fewer images, the store of features is as quick.
_FEWEST_ROWS = 2000
# A table is made again if it lacks more images than this, or more than this share of them.
_MOST_MISSING = 1000
_SHARE_MISSING = 0.02


@dataclass(frozen=True)
class CollectionRows:
    """The images of a collection that can be read, with their features.

    `files`: all listed images. `contents`: the hash of the bytes of each, or None for one that cannot be read.
    """

    files: tuple[ImageFile, ...]
    contents: tuple[str | None, ...]
    unreadable: tuple[Unreadable, ...]
    _table: RowTable | None
    _numbers_of_table: "NDArray[np.intp]"
    _features: Features
    _numbers_of_features: "NDArray[np.intp]"

    @property
    def count(self) -> int:
        """How many images can be read."""
        return sum(content is not None for content in self.contents)

    def parts(self) -> "Iterator[tuple[NDArray[np.float32], NDArray[np.intp]]]":
        """Yield all features, in parts of float32 (m, d), each with the numbers in `files` of its rows, (m,).

        Raises DamagedTableError.
        """
        start = 0
        for rows in () if self._table is None else self._table.blocks():
            numbers = self._numbers_of_table[start : start + len(rows)]
            start += len(rows)
            there = numbers >= 0
            yield (rows, numbers) if there.all() else (rows[there], numbers[there])
        matrix = self._features.matrix
        for start in range(0, len(matrix), BLOCK_ROWS):
            yield matrix[start : start + BLOCK_ROWS], self._numbers_of_features[start : start + BLOCK_ROWS]
            let_go(matrix)


@contextlib.contextmanager
def rows_of_collection(root: Path, listing: Listing, seeing: Seeing, *, verify: bool) -> Iterator[CollectionRows]:
    """Give the rows of the listed images, and keep a table of them for the next time if that is worth it.

    `verify`: read every file, and believe no table.
    """
    has_cache = not isinstance(seeing.cache, NoCache)
    key, opened_ns = table_key(root, seeing.extraction.recipe), time.time_ns()
    table = RowTable.opened(key) if has_cache and not verify else None
    try:
        rows = _rows(root, listing, seeing, table)
        yield rows
        if has_cache and _is_worth_keeping(rows):
            _keep(key, rows, opened_ns)
    finally:
        if table is not None:
            table.close()


def _rows(root: Path, listing: Listing, seeing: Seeing, table: RowTable | None) -> CollectionRows:
    import numpy as np

    files = listing.files
    contents: list[str | None] = [None] * len(files)
    of_table = np.full(0 if table is None else len(table.files), -1, dtype=np.intp)
    row_of = {} if table is None else {entry.place: row for row, entry in enumerate(table.files)}
    missing = []
    for number, file in enumerate(files):
        row = row_of.get(_place(file))
        known = None if row is None or table is None else table.files[row]
        if row is None or known is None or (known.size, known.mtime_ns) != (file.size, file.mtime_ns):
            missing.append(number)
            continue
        of_table[row] = number
        contents[number] = known.content
    kept = len(files) - len(missing)
    features = seeing.features_of(root, [files[number] for number in missing], task="reading")
    number_of = {files[number].path: number for number in missing}
    of_features = np.array([number_of[file.path] for file in features.files], dtype=np.intp)
    for number, content in zip(of_features.tolist(), features.contents, strict=True):
        contents[number] = content
    cached = kept + features.cached
    if cached:
        count = kept + len(features.files)
        seeing.hearing.notice(f"the features of {cached} of {count} images were in the cache.")
    unreadable = listing.unreadable + features.unreadable
    return CollectionRows(files, tuple(contents), unreadable, table, of_table, features, of_features)


def _place(file: ImageFile) -> str:
    """Return what a table calls a file. A link is known by what it leads to: that may change while the link stays."""
    return file.path if file.link is None else str(file.link.leads_to)


def _is_worth_keeping(rows: CollectionRows) -> bool:
    count, missing = rows.count, len(rows._features.files)
    unused = int((rows._numbers_of_table < 0).sum())
    return count >= _FEWEST_ROWS and (missing > max(_MOST_MISSING, _SHARE_MISSING * count) or unused > count)


def _keep(key: str, rows: CollectionRows, opened_ns: int) -> None:
    """Keep the rows of the files that would have another time if they were changed later."""
    import numpy as np

    # Links that lead to one file are one file; the listing has only one of them.
    is_kept = np.array([is_settled(file.mtime_ns, opened_ns) for file in rows.files], dtype=bool)
    entries: list[TableFile] = []

    def kept_parts() -> "Iterator[NDArray[np.float32]]":
        for part, numbers in rows.parts():
            chosen = is_kept[numbers]
            for number in numbers[chosen].tolist():
                file, content = rows.files[number], rows.contents[number]
                assert content is not None
                entries.append(TableFile(_place(file), file.size, file.mtime_ns, content))
            yield part if chosen.all() else part[chosen]

    keep_table(key, entries, kept_parts())
