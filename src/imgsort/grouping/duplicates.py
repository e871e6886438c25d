"""Finds rows that are nearly the same: their hashes differ in only a few bits, and whoever knows more confirms it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # Says for each of some rows, intp (n,), whether it is the same as one row: bool (n,).
    Confirm = Callable[[int, NDArray[np.intp]], NDArray[np.bool_]]


def confirm_all(row: int, others: "NDArray[np.intp]") -> "NDArray[np.bool_]":
    """Take the word of the hashes: every one of `others` is the same as `row`."""
    import numpy as np

    return np.ones(len(others), dtype=bool)


def connected_near_duplicates(
    hashes: "NDArray[np.uint64]", max_distance: int, confirm: "Confirm" = confirm_all
) -> "NDArray[np.intp]":
    """Return a label for each of `hashes`, uint64 (n,): near duplicates share a label.

    Two rows are near duplicates if they differ by at most `max_distance` bits and `confirm` says so. Rows that are
    linked by other rows between them also share a label, however much they differ themselves. Labels, intp (n,), are
    0, 1, 2… in the order of their first rows. `confirm` is not asked about rows that are linked already.
    """
    import numpy as np

    bits = np.ascontiguousarray(hashes, dtype=np.uint64)
    labels = np.arange(len(bits))
    for row in range(len(bits)):
        near = row + 1 + np.flatnonzero(np.bitwise_count(bits[row + 1 :] ^ bits[row]) <= max_distance)
        near = near[labels[near] != labels[row]]
        if len(near):
            joined = np.append(labels[near[confirm(row, near)]], labels[row])
            labels[np.isin(labels, joined)] = joined.min()
    return np.unique(labels, return_inverse=True)[1].astype(np.intp)


def group_near_duplicates(
    hashes: "NDArray[np.uint64]", max_distance: int, confirm: "Confirm" = confirm_all
) -> "NDArray[np.intp]":
    """Return a label for each of `hashes`, uint64 (n,): the rows of a label are near its first row, the leader.

    Each row, in order, joins the first earlier leader that differs from it by at most `max_distance` bits, if `confirm`
    says that they are the same. If there is no such leader, the row leads a new group. Labels, intp (n,), are 0, 1, 2…
    in the order of the leaders. Each leader is compared with all rows after it. These are at most n² / 2 comparisons:
    one or two seconds for 50,000 rows.
    """
    import numpy as np

    labels = np.full(len(hashes), -1, dtype=np.intp)
    bits = np.ascontiguousarray(hashes, dtype=np.uint64)
    count = 0
    for row in range(len(bits)):
        if labels[row] >= 0:
            continue
        labels[row] = count
        near = row + np.flatnonzero(np.bitwise_count(bits[row:] ^ bits[row]) <= max_distance)
        near = near[labels[near] < 0]
        if len(near):
            labels[near[confirm(row, near)]] = count
        count += 1
    return labels
