"""An index of rows: finds the nearest of them without a comparison with all.

The rows lie in cells, each around a centre. A row that is looked for is compared with the rows of the cells whose
centres are nearest to it: an inverted file, as in Sivic & Zisserman, "Video Google" (ICCV 2003), and in Jégou, Douze &
Schmid, "Product quantization for nearest neighbor search" (2011). Everything large is a product of two matrices.
"""

from typing import TYPE_CHECKING

from imgsort.grouping.kmeans import fitted_kmeans
from imgsort.grouping.streams.sample import drawn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Cells of about as many rows as there are cells cost least.
_ROWS_PER_CELL_LEARNED = 64
# benchmarks/tables/at_size.md says how many of the nearest rows are found by so many cells.
_CELLS_ASKED = 16
_QUERIES_AT_A_TIME = 16_384


class Cells:
    """Holds `rows`, float32 (m, d), in about the root of m cells.

    `random_state`: the seed of K-Means, which makes the cells.
    """

    def __init__(self, rows: "NDArray[np.float32]", random_state: int = 0) -> None:
        import numpy as np

        count = max(1, round(len(rows) ** 0.5))
        learned = rows[drawn(len(rows), min(len(rows), _ROWS_PER_CELL_LEARNED * count), random_state)]
        self._centres = fitted_kmeans(learned, count, random_state, starts=1).cluster_centers_.astype(np.float32)
        cell_of = _nearest_centres(rows, self._centres, 1)[:, 0]
        self._numbers = np.argsort(cell_of, kind="stable")
        self._starts = np.searchsorted(cell_of[self._numbers], np.arange(len(self._centres) + 1))
        self._rows = rows[self._numbers]
        self._lengths = np.einsum("ij,ij->i", self._rows, self._rows)

    def nearest(self, queries: "NDArray[np.float32]", count: int) -> "NDArray[np.intp]":
        """Return the numbers of the `count` rows nearest to each query, (q, d), the nearest first: intp (q, count).

        Distances are Euclidean.
        Some of the nearest may be missed, and others stand in for them. There must be so many rows.
        """
        import numpy as np

        found = np.empty((len(queries), count), dtype=np.intp)
        for start in range(0, len(queries), _QUERIES_AT_A_TIME):
            some = queries[start : start + _QUERIES_AT_A_TIME]
            found[start : start + len(some)] = self._numbers[self._places(some, count)]
        return found

    def _places(self, queries: "NDArray[np.float32]", count: int) -> "NDArray[np.intp]":
        import numpy as np

        asked = _nearest_centres(queries, self._centres, min(_CELLS_ASKED, len(self._centres)))
        squares = np.full((*asked.shape, count), np.inf, dtype=np.float32)
        places = np.zeros((*asked.shape, count), dtype=np.intp)
        by_cell = np.argsort(asked, axis=None, kind="stable")
        starts = np.searchsorted(asked.ravel()[by_cell], np.arange(len(self._centres) + 1))
        for cell in np.flatnonzero(np.diff(starts)):
            askers, turns = np.divmod(by_cell[starts[cell] : starts[cell + 1]], asked.shape[1])
            own, first = self._in_cell(queries[askers], int(cell), count)
            squares[askers, turns, : own.shape[1]], places[askers, turns, : own.shape[1]] = own, first
        squares, places = squares.reshape(len(queries), -1), places.reshape(len(queries), -1)
        best = _smallest(squares, count)
        chosen = np.take_along_axis(places, best, axis=1)
        few = np.flatnonzero(np.isinf(np.take_along_axis(squares, best[:, -1:], axis=1)[:, 0]))
        if len(few):  # the cells around this row hold fewer rows: it is compared with all
            chosen[few] = _smallest(self._lengths - 2 * (queries[few] @ self._rows.T), count)
        return chosen

    def _in_cell(
        self, queries: "NDArray[np.float32]", cell: int, count: int
    ) -> "tuple[NDArray[np.float32], NDArray[np.intp]]":
        """Return the nearest rows of one cell: squared distances less the query's own square, and places."""
        import numpy as np

        members = slice(self._starts[cell], self._starts[cell + 1])
        squares = self._lengths[members] - 2 * (queries @ self._rows[members].T)
        best = _smallest(squares, min(count, squares.shape[1]))
        return np.take_along_axis(squares, best, axis=1), best + members.start


def _nearest_centres(rows: "NDArray[np.float32]", centres: "NDArray[np.float32]", count: int) -> "NDArray[np.intp]":
    import numpy as np

    found = np.empty((len(rows), count), dtype=np.intp)
    lengths = np.einsum("ij,ij->i", centres, centres)
    for start in range(0, len(rows), _QUERIES_AT_A_TIME):
        some = rows[start : start + _QUERIES_AT_A_TIME]
        found[start : start + len(some)] = _smallest(lengths - 2 * (some @ centres.T), count)
    return found


def _smallest(values: "NDArray[np.floating]", count: int) -> "NDArray[np.intp]":
    """Return the columns of the `count` smallest of `values`, (n, m), in each row, the smallest first."""
    import numpy as np

    if count == 1:
        return values.argmin(axis=1)[:, None] if values.shape[1] else np.empty((len(values), 0), dtype=np.intp)
    if count >= values.shape[1]:
        return np.argsort(values, axis=1, kind="stable")
    some = np.argpartition(values, count - 1, axis=1)[:, :count]
    return np.take_along_axis(some, np.argsort(np.take_along_axis(values, some, axis=1), axis=1, kind="stable"), axis=1)
