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
# Thousands of copies of a row lie in one cell, so a product with it may be large.
_PRODUCTS_AT_A_TIME = 2**24


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
        self._lengths = _squared_lengths(self._rows)

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
            start, stop = self._starts[cell], self._starts[cell + 1]
            own = slice(0, min(count, stop - start))
            squares[askers, turns, own], found = _nearest_among(
                self._rows[start:stop], self._lengths[start:stop], queries[askers], own.stop
            )
            places[askers, turns, own] = start + found
        squares, places = squares.reshape(len(queries), -1), places.reshape(len(queries), -1)
        best = _smallest(squares, count)
        chosen = np.take_along_axis(places, best, axis=1)
        few = np.flatnonzero(np.isinf(np.take_along_axis(squares, best[:, -1:], axis=1)[:, 0]))
        if len(few):  # the cells around this row hold fewer rows: it is compared with all
            chosen[few] = _nearest_among(self._rows, self._lengths, queries[few], count)[1]
        return chosen


def _nearest_centres(rows: "NDArray[np.float32]", centres: "NDArray[np.float32]", count: int) -> "NDArray[np.intp]":
    return _nearest_among(centres, _squared_lengths(centres), rows, count)[1]


def _squared_lengths(rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    import numpy as np

    lengths: NDArray[np.float32] = np.einsum("ij,ij->i", rows, rows)
    return lengths


def _nearest_among(
    rows: "NDArray[np.float32]", lengths: "NDArray[np.float32]", queries: "NDArray[np.float32]", count: int
) -> "tuple[NDArray[np.float32], NDArray[np.intp]]":
    """Compare each query, (q, d), with all of `rows`, (m, d), of these squared lengths, (m,).

    Returns for the `count` nearest rows their squared distance less the query's own square, float32 (q, count), and
    their places, intp (q, count), the nearest first.
    """
    import numpy as np

    squares = np.empty((len(queries), count), dtype=np.float32)
    places = np.empty((len(queries), count), dtype=np.intp)
    step = max(1, _PRODUCTS_AT_A_TIME // max(1, len(rows)))
    for start in range(0, len(queries), step):
        some = slice(start, start + step)
        every = queries[some] @ rows.T
        every *= -2
        every += lengths
        places[some] = _smallest(every, count)
        squares[some] = np.take_along_axis(every, places[some], axis=1)
    return squares, places


def _smallest(values: "NDArray[np.floating]", count: int) -> "NDArray[np.intp]":
    """Return the columns of the `count` smallest of `values`, (n, m), in each row, the smallest first."""
    import numpy as np

    if count == 1:
        first: NDArray[np.intp] = values.argmin(axis=1)
        return first[:, None]
    if count >= values.shape[1]:
        return np.argsort(values, axis=1, kind="stable")
    some = np.argpartition(values, count - 1, axis=1)[:, :count]
    return np.take_along_axis(some, np.argsort(np.take_along_axis(values, some, axis=1), axis=1, kind="stable"), axis=1)
