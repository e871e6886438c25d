"""Gives the rows of a whole collection to a search, from a table that is kept and, for the rest, as every command does.

The collection is listed and the time and size of each of its files are looked at in every run. So an image that was
added, changed, moved or removed counts as it is now. What the table saves is the reading of the features one by one.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.features.cache.feature_cache import NoCache, is_settled
from imgsort.features.cache.row_table import BLOCK_ROWS, RowTable, TableFile, TableWriter, table_key
from imgsort.images.finding.find import ImageFile, Listing, Unreadable
from imgsort.images.stream import one_ahead
from imgsort.jobs.look.finding.seeing import Seeing, SeeingByDataset
from imgsort.mapped import let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Part = tuple[NDArray[np.float32], NDArray[np.intp]]

# With fewer images, the store of features is as quick.
_FEWEST_ROWS = 2000
# A table is made again if it lacks more images than this, or more than this share of them.
_MOST_MISSING = 1000
_SHARE_MISSING = 0.02


class CollectionRows:
    """The images of a collection with their features, which are read once, part by part.

    `files`: all listed images. While `parts` is read, these become known: `contents`, the hash of the bytes of each
    image, or None for one that cannot be read; `unreadable`; and `cached`, the number of images that the cache knew.
    `verify`: read every file, and believe no table.
    """

    def __init__(self, root: Path, listing: Listing, seeing: Seeing | SeeingByDataset, *, verify: bool) -> None:
        self.files = listing.files
        self.contents: list[str | None] = [None] * len(listing.files)
        self.unreadable: tuple[Unreadable, ...] = listing.unreadable
        self.cached = 0
        self._root, self._seeing = root, seeing
        self._has_cache = not isinstance(seeing.cache, NoCache)
        self._key = table_key(root, seeing.recipe)
        self._table = RowTable.opened(self._key) if self._has_cache and not verify else None
        self._opened_ns = time.time_ns()

    @property
    def count(self) -> int:
        """How many images can be read, as far as it is known."""
        return sum(content is not None for content in self.contents)

    def close(self) -> None:
        """Close the table."""
        if self._table is not None:
            self._table.close()

    def parts(self) -> "Iterator[Part]":
        """Yield all features, in parts of float32 (m, d), each with the numbers in `files` of its rows, (m,).

        Whoever reads all parts also keeps a table of them for the next time, if that is worth it. Raises
        DamagedTableError.
        """
        of_table, missing = self._matched()
        if not (self._has_cache and _is_worth_keeping(len(self.files), len(missing), int((of_table < 0).sum()))):
            yield from self._all_parts(of_table, missing)
            return
        writer = TableWriter(self._key)
        try:
            for rows, numbers in self._all_parts(of_table, missing):
                self._add(writer, rows, numbers)
                yield rows, numbers
            writer.keep()
        finally:
            writer.give_up()

    def _all_parts(self, of_table: "NDArray[np.intp]", missing: list[int]) -> "Iterator[Part]":
        self.cached = len(self.files) - len(missing)
        yield from self._parts_of_table(of_table)
        if missing:
            yield from one_ahead(self._parts_of_cache(missing))
            yield from self._parts_of_model([number for number in missing if self.contents[number] is None])
        if self.cached:
            self._seeing.hearing.notice(f"the features of {self.cached} of {self.count} images were in the cache.")

    def _matched(self) -> "tuple[NDArray[np.intp], list[int]]":
        """Return the number in `files` of each row of the table, or -1, and the numbers of the files without a row."""
        import numpy as np

        entries: Sequence[TableFile] = () if self._table is None else self._table.files
        of_table = np.full(len(entries), -1, dtype=np.intp)
        row_of = {entry.place: row for row, entry in enumerate(entries)}
        missing = []
        for number, file in enumerate(self.files):
            row = row_of.get(_place(file))
            if row is not None and (entries[row].size, entries[row].mtime_ns) == (file.size, file.mtime_ns):
                of_table[row] = number
                self.contents[number] = entries[row].content
            else:
                missing.append(number)
        return of_table, missing

    def _parts_of_table(self, of_table: "NDArray[np.intp]") -> "Iterator[Part]":
        start = 0
        for rows in () if self._table is None else self._table.blocks():
            numbers = of_table[start : start + len(rows)]
            start += len(rows)
            there = numbers >= 0
            yield (rows, numbers) if there.all() else (rows[there], numbers[there])

    def _parts_of_cache(self, missing: list[int]) -> "Iterator[Part]":
        """Yield the features that the cache has of the files with these numbers."""
        import numpy as np

        rows: list[NDArray[np.float32]] = []
        numbers: list[int] = []
        progress = self._seeing.hearing.progress
        for place, content, row in self._seeing.cache.known_rows(self._root, [self.files[n] for n in missing]):
            number = missing[place]
            self.contents[number] = content
            rows.append(row)
            numbers.append(number)
            if len(rows) == BLOCK_ROWS:
                yield np.stack(rows), np.array(numbers, dtype=np.intp)
                progress("reading the cache", place + 1, len(missing))
                rows, numbers = [], []
            self.cached += 1
        progress("reading the cache", len(missing), len(missing))
        if rows:
            yield np.stack(rows), np.array(numbers, dtype=np.intp)

    def _parts_of_model(self, missing: list[int]) -> "Iterator[Part]":
        """Yield the features of the other files, which are read now."""
        import numpy as np

        if not missing:
            return
        features = self._seeing.features_of(self._root, [self.files[n] for n in missing], task="reading")
        number_of = {self.files[number].path: number for number in missing}
        numbers = np.array([number_of[file.path] for file in features.files], dtype=np.intp)
        for number, content in zip(numbers.tolist(), features.contents, strict=True):
            self.contents[number] = content
        self.unreadable += features.unreadable
        self.cached += features.cached
        for start in range(0, len(numbers), BLOCK_ROWS):
            yield features.matrix[start : start + BLOCK_ROWS], numbers[start : start + BLOCK_ROWS]
            let_go(features.matrix)

    def _add(self, writer: TableWriter, rows: "NDArray[np.float32]", numbers: "NDArray[np.intp]") -> None:
        """Add the rows of those files to a new table that would have another time if they were changed later."""
        import numpy as np

        entries = []
        for number in numbers.tolist():
            file, content = self.files[number], self.contents[number]
            if content is not None and is_settled(file.mtime_ns, self._opened_ns):
                entries.append(TableFile(_place(file), file.size, file.mtime_ns, content))
        if len(entries) < len(numbers):
            settled = [is_settled(self.files[number].mtime_ns, self._opened_ns) for number in numbers.tolist()]
            rows = rows[np.array(settled, dtype=bool)]
        writer.add(entries, rows)


def _place(file: ImageFile) -> str:
    """Return what a table calls a file. A link is known by what it leads to: that may change while the link stays."""
    return file.path if file.link is None else str(file.link.leads_to)


def _is_worth_keeping(count: int, missing: int, unused: int) -> bool:
    """Say whether a table is made: of `count` images, `missing` have no row, and `unused` rows belong to none."""
    return count >= _FEWEST_ROWS and (missing > max(_MOST_MISSING, _SHARE_MISSING * count) or unused > count)
