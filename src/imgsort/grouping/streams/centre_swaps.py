"""Improves what K-Means found: a centre that is of little use moves to where one is missing.

Where two centres share a group, and two other groups share a centre, K-Means leaves it so. Source: Fränti,
Efficiency of random swap clustering (2018). Here the swap is not drawn by chance: the one that promises most is tried.
"""

from typing import TYPE_CHECKING

from imgsort.grouping.centres import distances_to
from imgsort.grouping.kmeans import fitted_kmeans, kmeans_from
from imgsort.grouping.streams.rows import MatrixRows, numbered_parts
from imgsort.grouping.sums import ClusterSums

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

# Swaps lead from most starts to the same groups. benchmarks/tables/at_size.md has the table.
_FURTHER_STARTS = 4
# So many rows of a group say what it would gain from a second centre.
_ROWS_OF_GROUP = 2000
_LEAST_GAIN = 1e-6


def swapped_labels(
    rows: "NDArray[np.floating]", labels: "NDArray[np.integer]", random_state: int
) -> "NDArray[np.integer]":
    """Return labels with no more inertia than `labels`, int (n,), which K-Means gave `rows`, (n, d): as many of them.

    Swaps improve them, and a few further starts of K-Means; the best of all is returned.
    """
    import numpy as np

    owners = np.unique(labels, return_inverse=True)[1]
    count = int(owners.max()) + 1
    if count < 2 or count == len(rows):
        return labels
    centres = ClusterSums.of(rows, owners, count).means(np.zeros((count, rows.shape[1])))
    found = _swapped(rows, kmeans_from(rows, centres, random_state), random_state)
    for number in range(1, _FURTHER_STARTS + 1):
        start = fitted_kmeans(rows, count, random_state + number, starts=1)
        found = min(found, _swapped(rows, start, random_state), key=lambda kmeans: float(kmeans.inertia_))
    best: NDArray[np.integer] = found.labels_
    return best


def _swapped(rows: "NDArray[np.floating]", kmeans: "Any", random_state: int) -> "Any":
    """Swap centres as long as that lowers the inertia, at most once for each centre. Return the last K-Means."""
    for _ in range(len(kmeans.cluster_centers_)):
        start = _start_with_swap(rows, kmeans, random_state)
        if start is None:
            break
        tried = kmeans_from(rows, start, random_state)
        if tried.inertia_ > kmeans.inertia_ * (1 - _LEAST_GAIN):
            break
        kmeans = tried
    return kmeans


def _start_with_swap(rows: "NDArray[np.floating]", kmeans: "Any", random_state: int) -> "NDArray[np.floating] | None":
    """Return the centres after the swap that promises to lower the inertia most, or None if none does."""
    import numpy as np

    centres = kmeans.cluster_centers_
    gains, pairs = _gains(rows, kmeans.labels_, len(centres), random_state)
    lowered = gains[:, None] - _costs(rows, kmeans.labels_, centres)[None, :]
    np.fill_diagonal(lowered, -np.inf)
    split, removed = np.unravel_index(int(lowered.argmax()), lowered.shape)
    if lowered[split, removed] <= 0:
        return None
    swapped: NDArray[np.floating] = centres.copy()
    swapped[split], swapped[removed] = pairs[int(split)]
    return swapped


def _costs(
    rows: "NDArray[np.floating]", labels: "NDArray[np.integer]", centres: "NDArray[np.floating]"
) -> "NDArray[np.float64]":
    """Return by how much the inertia grows if a centre is removed and its rows join the next, float64 (k,)."""
    import numpy as np

    costs = np.zeros(len(centres))
    for place, part in numbered_parts(MatrixRows(rows)):
        squares, owners = np.square(distances_to(centres, part)), labels[place]
        numbers = np.arange(len(part))
        own = squares[numbers, owners].copy()
        squares[numbers, owners] = np.inf
        costs += np.bincount(owners, squares.min(axis=1) - own, len(centres))
    return costs


def _gains(
    rows: "NDArray[np.floating]", labels: "NDArray[np.integer]", count: int, random_state: int
) -> "tuple[NDArray[np.float64], dict[int, NDArray[np.floating]]]":
    """Return by how much the inertia falls if a group gets a second centre, float64 (k,), and both centres by group."""
    import numpy as np

    random = np.random.default_rng(random_state)
    gains, pairs = np.zeros(count), {}
    for group in range(count):
        members = np.flatnonzero(labels == group)
        if len(members) < 2:
            continue
        some = rows[random.choice(members, min(len(members), _ROWS_OF_GROUP), replace=False)]
        two = fitted_kmeans(some, 2, random_state, starts=2)
        fallen = float(np.square(some - some.mean(axis=0)).sum()) - two.inertia_
        gains[group] = fallen * len(members) / len(some)
        pairs[group] = two.cluster_centers_
    return gains, pairs
