"""Divides rows into parts: each part gets its share of each class, and the rows of a group stay together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def split_rows(
    labels: "NDArray[np.intp]", groups: "NDArray[np.intp]", shares: Sequence[float], seed: int
) -> "NDArray[np.intp]":
    """Return the number of the part that each row goes to, intp (n,).

    `labels` is intp (n,), each row's class. `groups` is intp (n,): the rows of one group, for example near duplicates,
    go to one part. `shares` says how much of the whole each part should have. A part whose share is 0 gets nothing.

    The groups are drawn in an order that depends on `seed`, but the largest groups come first. Each group goes to the
    part that still lacks the largest fraction of its share of the group's class. So every part gets some rows of a
    class before one part gets many of them.
    """
    import numpy as np

    numbers, sizes = np.unique(groups, return_counts=True)
    drawn = np.random.default_rng(seed).permutation(len(numbers))
    order = drawn[np.argsort(-sizes[drawn], kind="stable")]
    wanted = np.outer(np.bincount(labels), np.array(shares) / sum(shares))
    lacking = wanted.copy()
    parts = np.full(len(labels), -1, dtype=np.intp)
    rows_of = _rows_by_group(groups)
    for number in numbers[order]:
        rows = rows_of[number]
        label = np.bincount(labels[rows]).argmax()
        fractions = np.where(wanted[label] > 0, lacking[label] / np.maximum(wanted[label], 1e-12), -np.inf)
        part = int(fractions.argmax())
        parts[rows] = part
        lacking[:, part] -= np.bincount(labels[rows], minlength=len(lacking))
    return parts


def _rows_by_group(groups: "NDArray[np.intp]") -> "dict[int, NDArray[np.intp]]":
    import numpy as np

    if not len(groups):
        return {}
    order = np.argsort(groups, kind="stable")
    numbers, starts = np.unique(groups[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(order, starts[1:]), strict=True))
