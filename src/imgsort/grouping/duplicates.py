"""Finds rows that are nearly the same: their hashes differ in only a few bits."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def connected_near_duplicates(hashes: "NDArray[np.uint64]", max_distance: int) -> "NDArray[np.intp]":
    """Return a label for each of `hashes`, uint64 (n,): rows that differ by at most `max_distance` bits share a label.

    Rows that are linked by other rows between them also share a label, however much they differ themselves. Labels,
    intp (n,), are 0, 1, 2… in the order of their first rows. All pairs are compared.
    """
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    bits = np.ascontiguousarray(hashes, dtype=np.uint64)
    differing = (np.bitwise_count(bits[row + 1 :] ^ bits[row]) for row in range(len(bits)))
    near = [row + 1 + np.flatnonzero(counts <= max_distance) for row, counts in enumerate(differing)]
    firsts = np.repeat(np.arange(len(bits)), [len(rows) for rows in near])
    seconds = np.concatenate([*near, np.empty(0, np.intp)])
    pairs = coo_array((np.ones(len(firsts), bool), (firsts, seconds)), shape=(len(bits), len(bits)))
    return np.asarray(connected_components(pairs, directed=False)[1], dtype=np.intp)


def group_near_duplicates(hashes: "NDArray[np.uint64]", max_distance: int) -> "NDArray[np.intp]":
    """Return a label for each of `hashes`, uint64 (n,): the rows of a label are near its first row, the leader.

    Each row, in order, joins the first earlier leader that differs from it by at most `max_distance` bits. If there is
    no such leader, the row leads a new group. Labels, intp (n,), are 0, 1, 2… in the order of the leaders. Each leader
    is compared with all rows after it. These are at most n² / 2 comparisons: one or two seconds for 50,000 rows.
    """
    import numpy as np

    labels = np.full(len(hashes), -1, dtype=np.intp)
    bits = np.ascontiguousarray(hashes, dtype=np.uint64)
    count = 0
    for row in range(len(bits)):
        if labels[row] >= 0:
            continue
        near = row + np.flatnonzero(np.bitwise_count(bits[row:] ^ bits[row]) <= max_distance)
        labels[near[labels[near] < 0]] = count
        count += 1
    return labels
