"""Rows that come in parts, as often as they are wanted: a matrix in a mapped file, or whatever else holds features."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from imgsort.mapped import empty_matrix, let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Large enough for a product of matrices to be quick, and small beside the matrices that are kept, in float64 too.
_ROWS_AT_A_TIME, _NUMBERS_AT_A_TIME = 4096, 2**23


class RowSource(Protocol):
    """Rows of features, float32 (len, width), which may be more than fit in memory."""

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        ...

    def __len__(self) -> int: ...

    def parts(self) -> "Iterator[NDArray[np.float32]]":
        """Yield all rows in their order, (m, width) at a time. Each call begins anew and yields the same."""
        ...


class MatrixRows:
    """The rows of `matrix`, float32 (n, d), read from the first to the last.

    The matrix may be a file mapped into memory.
    """

    def __init__(self, matrix: "NDArray[np.float32]") -> None:
        self._matrix = matrix

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return int(self._matrix.shape[1])

    def __len__(self) -> int:
        return len(self._matrix)

    def parts(self) -> "Iterator[NDArray[np.float32]]":
        """Yield all rows in their order, (m, width) at a time."""
        step = max(1, min(_ROWS_AT_A_TIME, _NUMBERS_AT_A_TIME // self.width))
        for start in range(0, len(self._matrix), step):
            yield self._matrix[start : start + step]
            let_go(self._matrix)


def numbered_parts(rows: RowSource) -> "Iterator[tuple[slice, NDArray[np.float32]]]":
    """Yield the parts of `rows`, each with the numbers of its rows."""
    start = 0
    for part in rows.parts():
        yield slice(start, start + len(part)), part
        start += len(part)


def gathered(rows: RowSource, numbers: "NDArray[np.intp]") -> "NDArray[np.float32]":
    """Return the rows with these numbers, float32 (m, width), in this order. All rows are read once, in their order."""
    import numpy as np

    found = empty_matrix(len(numbers), rows.width)
    order = np.argsort(numbers, kind="stable")
    in_order = numbers[order]
    for place, part in numbered_parts(rows):
        first, last = np.searchsorted(in_order, (place.start, place.stop))
        if first < last:
            found[order[first:last]] = part[in_order[first:last] - place.start]
            let_go(found)
    return found
