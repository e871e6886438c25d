"""Reads a dataset of features, which may come from a stranger: nothing of it is trusted before it is checked."""

import contextlib
import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from imgsort.csv_file import encode_cell
from imgsort.errors import DatasetError
from imgsort.features.dataset.content_index import ContentIndex
from imgsort.features.dataset.foreign.foreign_part import ReadPart, read_part, vectors_of
from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.part import CONTENT_BYTES, require_pyarrow, stamp
from imgsort.features.dataset.place import Place
from imgsort.images.finding.find import ImageFile
from imgsort.mapped import empty_matrix, let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIX = ".parquet"


@dataclass(frozen=True)
class Dataset:
    """The rows of a dataset in the order in which they were written, without their features, which stay on the disk.

    `head`: what the newest part was made with; the recipe and the model are the same in all. `width`: of the features,
    or 0 if no row has any. `parts` are numbered through: a row's number is its place in all of them together.
    """

    place: Place
    head: DatasetHead
    width: int
    parts: tuple[ReadPart, ...]

    @classmethod
    def opened(cls, place: Place) -> "Dataset":
        """Read what the rows say of their images. Raises DatasetError and MissingPackageError."""
        require_pyarrow()
        with _told(place):
            names = [name for name in place.names() if name.endswith(SUFFIX)]
        if not names:
            raise DatasetError(f"{place}: there are no features. `imgsort embed` makes them.")
        parts = []
        for name in names:
            with _told(place, name), place.opened(name) as file:
                parts.append(read_part(name, file))
        parts.sort(key=lambda part: (part.head.began_ns, part.name))
        for part in parts:
            if (part.head.recipe, part.head.model) != (parts[0].head.recipe, parts[0].head.model):
                raise DatasetError(
                    f"{place}: {parts[0].name} and {part.name} were made by different models or in different ways. "
                    "Features of two kinds cannot be compared: make a new dataset."
                )
        widths = {part.width: part.name for part in parts if part.width}
        if len(widths) > 1:
            raise DatasetError(f"{place}: {' and '.join(widths.values())} hold features of different widths.")
        return cls(place, parts[-1].head, next(iter(widths), 0), tuple(parts))

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    @cached_property
    def contents(self) -> "NDArray[np.uint8]":
        """The hash of each image's bytes, uint8 (n, 32); zeros where they could not be read."""
        import numpy as np

        return np.concatenate([part.contents for part in self.parts])

    @cached_property
    def sizes(self) -> "NDArray[np.int64]":
        """The size of each file in bytes, int64 (n,)."""
        import numpy as np

        return np.concatenate([part.sizes for part in self.parts])

    @cached_property
    def mtimes_ns(self) -> "NDArray[np.int64]":
        """When each file was changed last, in nanoseconds, int64 (n,)."""
        import numpy as np

        return np.concatenate([part.mtimes_ns for part in self.parts])

    @cached_property
    def reasons(self) -> dict[int, str]:
        """Why a row has no features, by the number of the row."""
        return {start + row: reason for start, part in self._starts() for row, reason in part.reasons.items()}

    @cached_property
    def path_count(self) -> int:
        """How many paths have rows. A path has several rows if its file was changed; the newest one counts."""
        return len(self._newest_paths.unique())

    def rows_of(self, contents: Sequence[str]) -> "NDArray[np.intp]":
        """Return the number of the newest row for each of these contents, 64 hex digits; -1 where there is none.

        An empty content has no row.
        """
        import numpy as np

        found = np.full(len(contents), -1, np.intp)
        asked = np.array([bool(content) for content in contents], bool)
        wanted = np.frombuffer(bytes.fromhex("".join(contents)), np.uint8).reshape(-1, CONTENT_BYTES)
        found[asked] = self._index.find(wanted)
        return found

    def rows_of_paths(self, paths: Sequence[str]) -> "NDArray[np.intp]":
        """Return the number of the newest row of each path; -1 where there is none."""
        import numpy as np
        import pyarrow.compute

        cells = pyarrow.array([encode_cell(path) for path in paths], pyarrow.large_string())
        found = pyarrow.compute.index_in(cells, value_set=self._newest_paths).fill_null(len(self)).to_numpy()
        rows: NDArray[np.intp] = len(self) - 1 - found.astype(np.intp)
        return rows

    def is_unchanged(self, rows: "NDArray[np.intp]", files: Sequence[ImageFile], source: str) -> "NDArray[np.bool_]":
        """Say of each row whether it is of this file of this source, unchanged since then, bool (n,). No row: False.

        `source`: as in the head. Two folders may hold other images of the same names, sizes and times. A time says
        nothing about a file that was changed while the row was made.
        """
        import numpy as np

        unchanged = np.zeros(len(rows), np.bool_)
        there = np.flatnonzero(rows >= 0)
        found = [files[number] for number in there.tolist()]
        sizes = np.array([file.size for file in found], np.int64)
        times = np.array([stamp(file.mtime_ns) for file in found], np.int64)
        is_ours = [part.is_settled & (part.head.source == source) for part in self.parts]
        columns = self.sizes, self.mtimes_ns, np.concatenate(is_ours)
        own_sizes, own_times, trusted = (column[rows[there]] for column in columns)
        unchanged[there] = (own_sizes == sizes) & (own_times == times) & trusted
        return unchanged

    def matrix(self, rows: "NDArray[np.intp]") -> "NDArray[np.float32]":
        """Return the features of these rows, float32 (len(rows), width), in a mapped file if they are large.

        Only a few rows are in memory at a time. Raises DatasetError.
        """
        import numpy as np

        try:
            matrix = empty_matrix(len(rows), self.width)
        except MemoryError as error:
            raise DatasetError(f"{self.place}: {len(rows)} rows of {self.width} features: no room for them.") from error
        order = np.argsort(rows, kind="stable")
        in_order = rows[order]
        for begin, part in self._starts():
            first, last = np.searchsorted(in_order, (begin, begin + len(part)))
            if first == last:  # nothing of this part is asked for
                continue
            for start, features in self._batches_of(begin, part):
                first, last = np.searchsorted(in_order, (start, start + len(features)))
                if first < last:
                    matrix[order[first:last]] = features[in_order[first:last] - start]
                    let_go(matrix)
        return matrix

    def batches(self) -> "Iterator[tuple[int, NDArray[np.float32]]]":
        """Yield the number of a row and the features from there on, float32 (m, width), until all rows were yielded.

        A row without features is zeros. Raises DatasetError.
        """
        for start, part in self._starts():
            yield from self._batches_of(start, part)

    def part_with(self, row: int) -> tuple[int, int]:
        """Return the number of the first row of the part that holds this row, and the number after its last one."""
        return next((start, start + len(part)) for start, part in self._starts() if row < start + len(part))

    def _batches_of(self, start: int, part: ReadPart) -> "Iterator[tuple[int, NDArray[np.float32]]]":
        with _told(self.place, part.name), self.place.opened(part.name) as file:
            for row, features in vectors_of(part, file, self.width):
                yield start + row, features

    def _starts(self) -> Iterator[tuple[int, ReadPart]]:
        start = 0
        for part in self.parts:
            yield start, part
            start += len(part)

    @cached_property
    def _newest_paths(self) -> Any:
        """The cells of the paths, the newest row first."""
        import pyarrow

        return pyarrow.concat_arrays([part.paths for part in self.parts])[::-1]

    @cached_property
    def _index(self) -> "ContentIndex":
        return ContentIndex(self.contents)


@contextlib.contextmanager
def _told(place: Place, name: str = "") -> Iterator[None]:
    """Turn what goes wrong with a file into a DatasetError that names it."""
    from pyarrow import ArrowException

    try:
        yield
    except (OSError, ValueError, LookupError, ArrowException, OverflowError, RecursionError) as error:
        where = f"{place}/{name}" if name else str(place)
        if isinstance(error, OSError) and error.errno not in (None, errno.ELOOP):  # ELOOP: the name is a link
            raise DatasetError(f"{where}: it cannot be read ({error.strerror}). The features may be whole.") from error
        text = str(error).partition("\n")[0][:300] or type(error).__name__
        raise DatasetError(
            f"{where}: these are not features that imgsort wrote, or the file is damaged ({text}). Remove the file, "
            "and let `imgsort embed` make its rows again."
        ) from error
