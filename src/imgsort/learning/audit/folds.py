"""Divides labelled rows into the parts of a cross-validation, so that no row is judged by a copy of itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.learning.data.split import split_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS = 5
# A class that one group of near duplicates fills would be judged by the few images outside the group.
_MOST_IN_A_GROUP = 0.5


@dataclass(frozen=True)
class Folds:
    """The part of each row, intp (n,): 0 to 4, or -1 for a row that is not judged.

    `too_small`: the numbers of the classes that have too few different images to be judged.
    `loosened`: the numbers of the classes whose near duplicates are divided one by one.
    """

    parts: "NDArray[np.intp]"
    too_small: tuple[int, ...]
    loosened: tuple[int, ...]


def divide_into_folds(
    labels: "NDArray[np.intp]", groups: "NDArray[np.intp]", copies: "NDArray[np.intp]", seed: int
) -> Folds:
    """Divide rows into five parts with the same share of each class. The rows of a group stay together.

    `labels`, `groups` and `copies` are intp (n,): the class of each row, its group of near duplicates, and its group
    of equal files. Where one group of near duplicates holds more than half of the rows of a class, as frames of one
    video do, these rows are divided one by one, and only equal files stay together. A class with fewer groups than
    parts is not judged.
    """
    import numpy as np

    groups = groups.copy()
    loosened, too_small = [], []
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        if np.bincount(groups[rows]).max() > _MOST_IN_A_GROUP * len(rows) > 1:
            groups[rows] = groups.max() + 1 + np.unique(copies[rows], return_inverse=True)[1]
            loosened.append(label)
        if len(np.unique(groups[rows])) < FOLDS:
            too_small.append(label)
    judged = np.flatnonzero(~np.isin(labels, too_small))
    parts = np.full(len(labels), -1, dtype=np.intp)
    if len(judged):
        parts[judged] = split_rows(labels[judged], groups[judged], [1 / FOLDS] * FOLDS, seed)
    return Folds(parts, tuple(too_small), tuple(label for label in loosened if label not in too_small))
