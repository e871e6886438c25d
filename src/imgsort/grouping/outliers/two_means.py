"""Finds rows that do not belong by the method of the original program: the smaller of two clusters is odd."""

from typing import TYPE_CHECKING, Self

from imgsort.grouping.kmeans import fitted_kmeans

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

    def fit(self, features: "NDArray[np.float32]") -> Self:
        """Learn from `features`, float32 (n, d).

        There are no outliers if there are fewer than three rows, or if all rows are equal.
        """
        import numpy as np

        rows = len(features)
        self.labels_ = np.zeros(rows, dtype=np.intp)
        self.distances_ = np.zeros(rows)
        self.predictions_ = np.ones(rows, dtype=np.intp)
        self.small_fraction_ = 0.0
        if rows < 3:
            return self
        kmeans = fitted_kmeans(features, 2, self.random_state)
        found = kmeans.labels_
        sizes = np.bincount(found, minlength=2)
        if np.min(sizes) == 0:
            return self
        # If both clusters have the same size, the cluster of the first row counts as the normal one.
        small = int(np.argmin(sizes)) if sizes[0] != sizes[1] else 1 - int(found[0])
        self.labels_ = (found == small).astype(np.intp)
        self.small_fraction_ = float(sizes[small]) / rows
        self.distances_ = kmeans.transform(features)[:, small].astype(np.float64)
        members = np.flatnonzero(self.labels_)
        farthest_first = members[np.argsort(-self.distances_[members], kind="stable")]
        self.predictions_[farthest_first[: self.max_outliers]] = -1
        return self
