"""Says how many rows are grouped at once, and draws a sample of more."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# So many rows are grouped in one or two minutes and 2 GB, as they are. benchmarks/tables/at_size.md has the times, and
# how good the groups of more rows are.
MOST_AT_ONCE = 100_000
# K-Means needs some rows for each cluster. With so many, their mean is nearer to the right centre than a sixteenth of
# the rows' own distance from it.
_ROWS_PER_CLUSTER = 256


def sample_size(rows: int, clusters: int) -> int:
    """Return how many of so many rows are grouped at once, into at most so many clusters: `rows` means all."""
    return min(rows, max(MOST_AT_ONCE, _ROWS_PER_CLUSTER * clusters))


def drawn(rows: int, size: int, random_state: int, order: "NDArray[np.intp] | None" = None) -> "NDArray[np.intp]":
    """Return the numbers of `size` of so many rows, drawn by chance: intp (size,), in the order in which rows are seen.

    `order`: intp (rows,), that order, by default their own. The rows that are drawn depend on their places in it.
    """
    import numpy as np

    places = np.sort(np.random.default_rng(random_state).choice(rows, size, replace=False))
    return places if order is None else order[places]
