"""Finds rows that do not belong by the method of the original program: the smaller of two clusters is odd."""

from typing import TYPE_CHECKING, Self

from imgsort.grouping.centres import distances_to
from imgsort.grouping.kmeans import fitted_kmeans
from imgsort.grouping.streams.lloyd import assigned
from imgsort.grouping.streams.rows import MatrixRows, gathered, numbered_parts
from imgsort.grouping.streams.sample import MOST_AT_ONCE, drawn
from imgsort.grouping.streams.sampled import TIMES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TwoMeansOutliers:
    """Finds outliers: the rows of the smaller of two K-Means clusters, at most `max_outliers` of them.

    If the smaller cluster holds more rows than that, the rows farthest from its centroid are the outliers. If a folder
    holds two natural groups, the two clusters are these groups: see `small_fraction_`.

    Follows scikit-learn's estimators. Learned: `labels_`, int (n,), 1 in the smaller cluster; `small_fraction_`, its
    share of the rows; `predictions_`, int (n,), +1 inlier and -1 outlier; `distances_`, float64 (n,), the distance of
    each row from the smaller cluster's centroid.
    """

    def __init__(self, max_outliers: int = 8, *, random_state: int = 0) -> None:
        self.max_outliers = max_outliers
        self.random_state = random_state

    def fit(self, features: "NDArray[np.float32]", order: "NDArray[np.intp] | None" = None) -> Self:
        """Learn from `features`, float32 (n, d), seen in `order`, int (n,), by default their own order.

        All that is learned is in this order. There are no outliers if there are fewer than three rows, or if all rows
        are equal. Of more rows than `imgsort.grouping.streams.sample` names, a sample makes the clusters, and the
        centroids go on with all rows.
        """
        import numpy as np

        rows = len(features)
        self.labels_ = np.zeros(rows, dtype=np.intp)
        self.distances_ = np.zeros(rows)
        self.predictions_ = np.ones(rows, dtype=np.intp)
        self.small_fraction_ = 0.0
        if rows < 3:
            return self
        order = np.arange(rows) if order is None else order
        look = self._by_sample if rows > MOST_AT_ONCE else self._at_once
        found, distances = look(features, order)
        sizes = np.bincount(found, minlength=2)
        if np.min(sizes) == 0:
            return self
        # If both clusters have the same size, the cluster of the first row counts as the normal one.
        small = int(np.argmin(sizes)) if sizes[0] != sizes[1] else 1 - int(found[0])
        self.labels_ = (found == small).astype(np.intp)
        self.small_fraction_ = float(sizes[small]) / rows
        self.distances_ = distances[:, small]
        members = np.flatnonzero(self.labels_)
        farthest_first = members[np.argsort(-self.distances_[members], kind="stable")]
        self.predictions_[farthest_first[: self.max_outliers]] = -1
        return self

    def _at_once(
        self, features: "NDArray[np.float32]", order: "NDArray[np.intp]"
    ) -> "tuple[NDArray[np.integer], NDArray[np.float64]]":
        """Return the cluster of each row, int (n,), and its distances to both centroids, float64 (n, 2)."""
        seen = features[order]
        kmeans = fitted_kmeans(seen, 2, self.random_state)
        return kmeans.labels_, kmeans.transform(seen).astype("float64")

    def _by_sample(
        self, features: "NDArray[np.float32]", order: "NDArray[np.intp]"
    ) -> "tuple[NDArray[np.integer], NDArray[np.float64]]":
        import numpy as np

        rows = MatrixRows(features)
        sample = gathered(rows, drawn(len(rows), MOST_AT_ONCE, self.random_state, order))
        centres = fitted_kmeans(sample, 2, self.random_state, copy=False).cluster_centers_.astype(np.float64)
        for _ in range(TIMES):
            labels, sums = assigned(rows, _as_they_are, centres.T, np.einsum("ij,ij->i", centres, centres))
            centres = sums.means(otherwise=centres)
        distances = np.empty((len(rows), len(centres)))
        for place, part in numbered_parts(rows):
            distances[place] = distances_to(centres, part)
        return labels[order], distances[order]


def _as_they_are(rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    return rows
