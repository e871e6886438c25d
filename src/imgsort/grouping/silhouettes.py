"""Says how well the rows of each group hang together.

Silhouette: Rousseeuw (1987), with the cosine distance of directions. The mean cosine distance from a row to a group
follows from the group's mean alone. So the values are exact, and no pair of rows is compared, however many rows there
are.
"""

from typing import TYPE_CHECKING

from imgsort.grouping.directions import Directions
from imgsort.mapped import let_go

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_ROWS_AT_A_TIME = 512


def silhouettes_of(matrix: "NDArray[np.float32]", labels: "NDArray[np.integer]") -> dict[int, float]:
    """Return the mean silhouette of the rows of each group, -1 to 1, by the group's label.

    `matrix`: float32 (n, d), which may be a file mapped into memory. `labels`: int (n,). Rows with a negative label
    belong to no group and are left out. A group of one row has the silhouette 0. With fewer than two groups there is
    nothing to compare with, and the result is empty.
    """
    import numpy as np

    names, groups = np.unique(labels, return_inverse=True)
    counts = np.bincount(groups.reshape(-1), minlength=len(names)).astype(np.float64)
    is_group = names >= 0
    if is_group.sum() < 2:
        return {}
    directions = Directions().fit_parts(_parts(matrix))
    sums = np.zeros((len(names), matrix.shape[1]))
    for start, rows in _numbered(matrix):
        seen = directions.transform(rows)
        np.add.at(sums, groups[start : start + len(rows)], seen)
    totals = np.zeros(len(names))
    for start, rows in _numbered(matrix):
        own = groups[start : start + len(rows)]
        values = _silhouettes(directions.transform(rows), own, sums, counts, is_group)
        totals += np.bincount(own, values, len(names))
    return {int(names[group]): float(totals[group] / counts[group]) for group in np.flatnonzero(is_group)}


def _silhouettes(
    rows: "NDArray[np.float32]",
    own: "NDArray[np.intp]",
    sums: "NDArray[np.float64]",
    counts: "NDArray[np.float64]",
    is_group: "NDArray[np.bool_]",
) -> "NDArray[np.float64]":
    """Return the silhouette of each of `rows`, (m, d), of the groups `own`: float64 (m,).

    `sums`: (k, d), the sum of the rows of each group, and `counts`, (k,), their number.
    """
    import numpy as np

    products = rows @ sums.T
    each = np.arange(len(rows))
    itself = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    others = np.maximum(counts[own] - 1, 1)
    inside = (counts[own] - 1 - (products[each, own] - itself)) / others
    between = 1 - products / counts
    between[:, ~is_group] = np.inf
    between[each, own] = np.inf
    outside = between.min(axis=1)
    larger = np.maximum(np.maximum(inside, outside), np.finfo(np.float32).eps)
    return np.where((counts[own] > 1) & is_group[own], (outside - inside) / larger, 0.0)


def _numbered(matrix: "NDArray[np.float32]") -> "Iterator[tuple[int, NDArray[np.float32]]]":
    """Yield the rows, one part at a time, each with the number of its first row."""
    for start in range(0, len(matrix), _ROWS_AT_A_TIME):
        yield start, matrix[start : start + _ROWS_AT_A_TIME]
        let_go(matrix)


def _parts(matrix: "NDArray[np.float32]") -> "Iterator[NDArray[np.float32]]":
    return (rows for _, rows in _numbered(matrix))
