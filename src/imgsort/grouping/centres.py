"""Decides where further rows belong: to the existing category with the nearest centre, or to none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.grouping.directions import unit_rows
from imgsort.mapped import let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# About 19 of 20 further rows of a category should lie within its limit. benchmarks/README.md has the table.
_SHARE_WITHIN = 0.95
_ROWS_AT_A_TIME = 512


@dataclass(frozen=True)
class Placed:
    """The categories of further rows.

    `labels`: int (n,), each row's category, or -1 for a row that is far from all centres; `distances`: float64 (n,),
    the distance to the nearest centre; `clarity`: float64 (n,), see the function `clarity`.
    """

    labels: "NDArray[np.intp]"
    distances: "NDArray[np.float64]"
    clarity: "NDArray[np.float64]"


@dataclass(frozen=True)
class Centres:
    """The centres of the categories, and a limit for each.

    `centres`: float32 (k, d), the mean of each category's rows at unit length. `limits`: float32 (k,), a Euclidean
    distance to the centre. Nearly all rows of the category lie within it.
    """

    centres: "NDArray[np.float32]"
    limits: "NDArray[np.float32]"

    def place(self, features: "NDArray[np.float32]") -> Placed:
        """Say for each row, float32 (n, d), which category it belongs to.

        A row belongs to no category if it lies beyond the limit of its nearest centre. `features` may be a file mapped
        into memory: the function reads one part at a time.
        """
        import numpy as np

        nearest = np.empty(len(features), dtype=np.intp)
        own, clear = np.empty(len(features)), np.empty(len(features))
        for start in range(0, len(features), _ROWS_AT_A_TIME):
            some = slice(start, start + _ROWS_AT_A_TIME)
            distances = distances_to(self.centres, unit_rows(features[some]))
            nearest[some], own[some] = distances.argmin(axis=1), distances.min(axis=1)
            clear[some] = clarity(distances, nearest[some])
            let_go(features)
        return Placed(np.where(own <= self.limits[nearest], nearest, -1), own, clear)


def centres_of(features: "NDArray[np.float32]", labels: "NDArray[np.intp]") -> Centres:
    """Learn the centres of the categories from `features`, float32 (n, d), and `labels`, int (n,).

    A label is 0 to k-1, or -1 for a row without a category. `features` may be a file mapped into memory: the function
    reads one part at a time. Raises ValueError if a category has no row, or if there is no category.
    """
    import numpy as np

    counts = np.bincount(labels[labels >= 0])
    if not len(counts) or not counts.all():
        raise ValueError("a category has no row, or no row has a category")
    sums = np.zeros((len(counts), features.shape[1]))
    for rows, owners, _ in _parts(features, labels):
        np.add.at(sums, owners, rows)
    centres = (sums / counts[:, None]).astype(np.float32)
    distances = np.zeros(len(features))
    for rows, owners, numbers in _parts(features, labels):
        distances[numbers] = np.linalg.norm(rows - centres[owners].astype(np.float64), axis=1)
    # Each row draws the centre towards itself. The centre of the other rows is n / (n - 1) times as far away.
    alone = counts / np.maximum(counts - 1, 1)
    limits = [np.quantile(distances[labels == label], _SHARE_WITHIN) * alone[label] for label in range(len(counts))]
    # A centre is rounded to float32. The small addition keeps a category that consists of copies of one picture within
    # its limit.
    return Centres(centres, np.array(limits, dtype=np.float32) + np.float32(1e-4))


def _parts(
    features: "NDArray[np.float32]", labels: "NDArray[np.intp]"
) -> "Iterator[tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]]":
    """Yield the rows that have a category, one part at a time, at unit length, with their labels and numbers."""
    import numpy as np

    for start in range(0, len(features), _ROWS_AT_A_TIME):
        numbers = start + np.flatnonzero(labels[start : start + _ROWS_AT_A_TIME] >= 0)
        yield unit_rows(features[numbers]).astype(np.float64), labels[numbers], numbers
        let_go(features)


def distances_to(centres: "NDArray[np.floating]", rows: "NDArray[np.floating]") -> "NDArray[np.float64]":
    """Return the Euclidean distance of each row, (n, d), to each centre, (k, d): float64 (n, k).

    The function uses double precision. In single precision, a row may have the distance 0.001 from itself.
    """
    import numpy as np

    centres = centres.astype(np.float64)
    lengths = np.einsum("ij,ij->i", centres, centres)
    distances = np.empty((len(rows), len(centres)))
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        part = rows[start : start + _ROWS_AT_A_TIME].astype(np.float64)
        squares = np.einsum("ij,ij->i", part, part)[:, None] + lengths - 2 * (part @ centres.T)
        distances[start : start + len(part)] = np.sqrt(np.maximum(squares, 0))
    return distances


def around_centres(
    centres: "NDArray[np.float64]", rows: "NDArray[np.float64]", owners: "NDArray[np.intp]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return how far each of `rows`, (n, d), is from its own centre, and its clarity: float64 (n,).

    `centres`: (k, d); `owners`: int (n,), the number of each row's own centre, or -1 for the nearest one. At no time
    are there distances of many rows to all centres.
    """
    import numpy as np

    apart, clear = np.empty(len(rows)), np.empty(len(rows))
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        some = slice(start, start + _ROWS_AT_A_TIME)
        distances = distances_to(centres, rows[some])
        own = np.where(owners[some] >= 0, owners[some], distances.argmin(axis=1))
        clear[some] = clarity(distances, own)
        between = rows[some] - centres[own]
        apart[some] = np.sqrt(np.einsum("ij,ij->i", between, between))
    return apart, clear


def clarity(distances: "NDArray[np.float64]", owners: "NDArray[np.intp]") -> "NDArray[np.float64]":
    """Return how clearly each row belongs to its own centre and not to the nearest other one: float64 (n,).

    The value is the distance to the other centre minus the distance to the own centre, divided by the larger distance.
    It is 1 if the other centre is by far the farther one, 0 if both are equally far, and negative if it is the nearer.
    This is the silhouette, with centres in place of their members. `distances`: float64 (n, k), to each centre;
    `owners`: int (n,), the number of each row's own centre. With only one centre, the value is 1.
    """
    import numpy as np

    if distances.shape[1] < 2:
        return np.ones(len(distances))
    rows = np.arange(len(distances))
    others = distances.copy()
    others[rows, owners] = np.inf
    own, other = distances[rows, owners], others.min(axis=1)
    return np.asarray((other - own) / np.maximum(np.maximum(own, other), np.finfo(np.float64).tiny))
