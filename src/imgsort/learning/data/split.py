"""Divides rows into parts so that each class has its share of every part, and rows of one group stay together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def split_rows(
    labels: "NDArray[np.intp]", groups: "NDArray[np.intp]", shares: Sequence[float], seed: int
) -> "NDArray[np.intp]":
    """Return the number of the part that each row goes to, intp (n,).

    `labels`: intp (n,), each row's class; `groups`: intp (n,), rows of one group, near duplicates say, go to one
    part; `shares`: how much of the whole each part is to have. Groups come in an order drawn with `seed`, the
    largest first, and each goes to the part that still lacks the largest fraction of its share of the group's class;
    so every part gets some of a class before one of them gets much. A part whose share is 0 gets nothing.
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
