"""Finds the rows that are nearest to a query, exactly: every row is compared, and no index stands for it."""

from typing import TYPE_CHECKING

from imgsort.grouping.directions import unit_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Further digits of a distance are noise.
DIGITS = 6
# A product of float32 rows of some thousand numbers is off by far less than this.
_SLACK = 1e-4
# Only so many of the rows that were found are kept: a person compares no more of them.
_MOST_ROWS = 10_000


class NearestRows:
    """Collects the rows nearest to a query, from the parts of a matrix, one after another.

    `queries`: float (k, d). The distance of a row is its cosine distance, 0 to 2, to the nearest of them.
    `top`: how many rows to find, or None for all. `within`: the largest distance, or None.

    Each row is compared quickly first, in float32. The distance of those that may be among the nearest is computed
    again in float64, row by row, so that it does not depend on where in the matrix a row lies.
    """

    def __init__(self, queries: "NDArray[np.floating]", *, top: int | None = None, within: float | None = None) -> None:
        import numpy as np

        self._queries = unit_rows(np.asarray(queries, dtype=np.float64))
        self._top, self._within = top, within
        self._numbers = np.empty(0, dtype=np.intp)
        self._distances = np.empty(0, dtype=np.float64)
        self._rows: NDArray[np.float32] | None = np.empty((0, self._queries.shape[1]), dtype=np.float32)

    def see(self, rows: "NDArray[np.float32]", numbers: "NDArray[np.intp]") -> None:
        """Compare the rows, (m, d), that have these `numbers`, (m,), in the whole matrix."""
        import numpy as np

        if not len(rows):
            return
        quick = self._quick(rows)
        near = np.flatnonzero(quick <= self._limit(quick) + _SLACK)
        if not len(near):
            return
        self._numbers = np.concatenate([self._numbers, numbers[near]])
        self._distances = np.concatenate([self._distances, self._exact(rows[near])])
        order = np.lexsort((self._numbers, self._distances))
        if self._within is not None:
            order = order[np.round(self._distances[order], DIGITS) <= self._within]
        self._keep(order[: self._top], rows[near])

    @property
    def numbers(self) -> "NDArray[np.intp]":
        """The numbers of the nearest rows, (n,): the nearest first, and of equally near ones the lowest number."""
        return self._numbers

    @property
    def distances(self) -> "NDArray[np.float64]":
        """The distances of these rows, (n,), rounded to `DIGITS` digits."""
        import numpy as np

        rounded: NDArray[np.float64] = np.round(self._distances, DIGITS)
        return rounded

    @property
    def rows(self) -> "NDArray[np.float32] | None":
        """These rows, (n, d), or None if they are very many."""
        return self._rows

    def _quick(self, rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """Return the distances of rows, (m, d), nearly."""
        import numpy as np

        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        likeness = (rows @ self._queries.T.astype(np.float32)).max(axis=1)
        distances: NDArray[np.float32] = 1 - likeness / np.where(lengths == 0, 1, lengths)
        return distances

    def _limit(self, quick: "NDArray[np.float32]") -> float:
        """Return a distance beyond which no row of this part can be among the nearest."""
        import numpy as np

        limit = np.inf if self._within is None else self._within
        if self._top is None:
            return float(limit)
        if len(self._distances) == self._top:
            limit = min(limit, float(self._distances[-1]))
        if len(quick) > self._top:
            limit = min(limit, float(np.partition(quick, self._top - 1)[self._top - 1]) + _SLACK)
        return float(limit)

    def _exact(self, rows: "NDArray[np.float32]") -> "NDArray[np.float64]":
        import numpy as np

        units = unit_rows(rows.astype(np.float64))
        # A product of matrices adds in an order that depends on the place of a row; a sum along each row does not.
        likeness = np.stack([(units * query).sum(axis=1) for query in self._queries]).max(axis=0)
        distances: NDArray[np.float64] = np.clip(1 - likeness, 0, 2)
        return distances

    def _keep(self, order: "NDArray[np.intp]", rows: "NDArray[np.float32]") -> None:
        """Keep the nearest of all rows so far, in this order. `rows`: the last of them."""
        import numpy as np

        if self._rows is not None:
            is_few = len(order) <= _MOST_ROWS
            self._rows = np.concatenate([self._rows, rows])[order] if is_few else None
        self._numbers, self._distances = self._numbers[order], self._distances[order]
