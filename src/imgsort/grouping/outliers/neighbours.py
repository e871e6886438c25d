"""Finds rows that do not belong: rows far from their nearest neighbours, however many groups the others form.

The distance to the k nearest neighbours is a score of oddness: Ramaswamy, Rastogi & Shim, "Efficient algorithms for
mining outliers from large data sets" (SIGMOD 2000). The mean over the k neighbours comes from Angiulli & Pizzuti
(PKDD 2002). Here the nearest third of the k is left out: two or three odd pictures of one kind are near each other, and
that does not make them ordinary. benchmarks/README.md lists the other methods that were tried.
"""

from typing import TYPE_CHECKING, Self

from imgsort.grouping.directions import unit_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# If nobody says how many outliers there are, a row with a higher score is an outlier. Tukey's "far out" is 3 for
# normal distributions, but distances have a longer tail. benchmarks/README.md has the table.
ODD_SCORE = 2.5


class NeighbourOutliers:
    """Finds outliers: the rows with the largest mean cosine distance to the farther of their `neighbors` nearest rows.

    The nearest third of these, rounded down, does not count: of 10 neighbours, the fourth to the tenth do.

    If `max_outliers` is given, this many rows are outliers. Otherwise, if `threshold` is given, rows with a distance
    above it are outliers. If both are None, rows with a score above `ODD_SCORE` are outliers; there may be no such row.
    Follows scikit-learn's estimators. Learned: `distances_`, float64 (n,), from 0 to 2; `scores_`, float64 (n,), by how
    many interquartile ranges a distance is above the upper quartile; `nearest_`, int (n,), each row's nearest other
    row, or the row itself if there is no other; `predictions_`, int (n,), +1 inlier and -1 outlier.
    """

    def __init__(self, neighbors: int = 10, *, max_outliers: int | None = None, threshold: float | None = None) -> None:
        self.neighbors = neighbors
        self.max_outliers = max_outliers
        self.threshold = threshold

    def fit(self, features: "NDArray[np.float32]") -> Self:
        """Learn from `features`, float32 (n, d).

        There are no outliers if there are fewer than three rows, or if all rows are equal.
        """
        import numpy as np

        rows = len(features)
        self.distances_, self.nearest_ = np.zeros(rows), np.arange(rows, dtype=np.intp)[::-1]
        self.scores_, self.predictions_ = np.zeros(rows), np.ones(rows, dtype=np.intp)
        if rows < 3:
            return self
        self.distances_, self.nearest_ = self._look_around(features)
        self.scores_ = _beyond_quartile(self.distances_)
        if self.distances_.max() > 0:
            self.predictions_[self._odd_rows()] = -1
        return self

    def _look_around(self, features: "NDArray[np.float32]") -> "tuple[NDArray[np.float64], NDArray[np.intp]]":
        import numpy as np
        from sklearn.neighbors import NearestNeighbors

        count = min(self.neighbors, len(features) - 1)
        search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(unit_rows(features))
        lengths, neighbours = search.kneighbors()
        # Between unit rows, the cosine distance is half the square of the Euclidean distance. Rounding makes the
        # distance between equal rows 0.
        farther = lengths[:, count // 3 :].astype(np.float64)
        distances: NDArray[np.float64] = np.round(np.square(farther).mean(axis=1) / 2, 6)
        return distances, neighbours[:, 0]

    def _odd_rows(self) -> "NDArray[np.intp]":
        import numpy as np

        oddest_first = np.argsort(-self.distances_, kind="stable")
        if self.max_outliers is not None:
            return oddest_first[: self.max_outliers]
        limits = (self.scores_, ODD_SCORE) if self.threshold is None else (self.distances_, self.threshold)
        return np.flatnonzero(limits[0] > limits[1])


def _beyond_quartile(distances: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return by how many interquartile ranges each distance is above the upper quartile.

    Source: Tukey, "Exploratory data analysis".
    """
    import numpy as np

    lower, upper = np.percentile(distances, [25, 75])
    # In a folder of copies and one other picture, the range is zero. The other picture must still be odd.
    spread = max(float(upper - lower), 1e-3)
    scores: NDArray[np.float64] = (distances - upper) / spread
    return scores
