"""Numbers categories by size, and puts what was found in one order of the rows into another."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def in_own_order(values: "NDArray[Any]", order: "NDArray[np.intp] | None") -> "NDArray[Any]":
    """Return `values`, (n,), of rows that were seen in `order`, int (n,), in the rows' own order.

    `order` holds the numbers of the rows, the first seen row first, as in `features[order]`. None is their own order.
    """
    import numpy as np

    if order is None:
        return values
    restored = np.empty_like(values)
    restored[order] = values
    return restored


def number_by_size(labels: "NDArray[np.integer]") -> "NDArray[np.intp]":
    """Renumber `labels`, int (n,), so that 0 is the largest cluster.

    If two clusters have the same size, the one with the earlier first row comes first. The label -1, for rows without a
    cluster, stays.
    """
    import numpy as np

    numbers = np.full(len(labels), -1, dtype=np.intp)
    rows = np.flatnonzero(labels >= 0)
    _, first_rows, inverse, sizes = np.unique(labels[rows], return_index=True, return_inverse=True, return_counts=True)
    ranks = np.empty(len(sizes), dtype=np.intp)
    ranks[np.lexsort((first_rows, -sizes))] = np.arange(len(sizes))
    numbers[rows] = ranks[inverse]
    return numbers
