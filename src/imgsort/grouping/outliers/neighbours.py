"""Finds rows that do not belong: rows far from their nearest neighbours, however many groups the others form.

The distance to the k nearest neighbours is a score of oddness: Ramaswamy, Rastogi & Shim, "Efficient algorithms for
mining outliers from large data sets" (SIGMOD 2000). The mean over the k neighbours comes from Angiulli & Pizzuti
(PKDD 2002). Here the nearest third of the k is left out: two or three odd pictures of one kind are near each other, and
that does not make them ordinary. benchmarks/README.md lists the other methods that were tried.
"""

from typing import TYPE_CHECKING, Self

from imgsort.grouping.directions import unit_rows
from imgsort.grouping.outliers.all_rows import nearest_of_all
from imgsort.grouping.outliers.by_sample import look_by_sample
from imgsort.grouping.streams.rows import MatrixRows, RowSource, numbered_parts
from imgsort.grouping.streams.sample import MOST_AT_ONCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# If nobody says how many outliers there are, a row with a higher score is an outlier. Tukey's "far out" is 3 for
# normal distributions, but distances have a longer tail. benchmarks/README.md has the table.
ODD_SCORE = 2.5
# Comparing all rows takes hours for a million of them, and a hundred times as long for ten times as many.
MOST_COMPARED = 1_000_000


class NeighbourOutliers:
    """Finds outliers: the rows with the largest mean cosine distance to the farther of their `neighbors` nearest rows.

    The nearest third of these, rounded down, does not count: of 10 neighbours, the fourth to the tenth do.

    If `max_outliers` is given, this many rows are outliers. Otherwise, if `threshold` is given, rows with a distance
    above it are outliers. If both are None, rows with a score above `ODD_SCORE` are outliers; there may be no such row.
    Follows scikit-learn's estimators. Learned: `distances_`, float64 (n,), from 0 to 2; `scores_`, float64 (n,), by how
    many interquartile ranges a distance is above the upper quartile; `nearest_`, int (n,), each row's nearest other
    row, or the row itself if there is no other; `predictions_`, int (n,), +1 inlier and -1 outlier; `left_`, see below.

    Of more than a million rows, only those that may be outliers are compared with all. The distances of the others are
    those from a sample, drawn by `random_state`, which are never too small, and `nearest_` is the nearest row of the
    sample. `left_` is the number of rows that may be outliers too, but are too many to be compared. They count as
    inliers.
    """

    def __init__(
        self,
        neighbors: int = 10,
        *,
        max_outliers: int | None = None,
        threshold: float | None = None,
        random_state: int = 0,
    ) -> None:
        self.neighbors = neighbors
        self.max_outliers = max_outliers
        self.threshold = threshold
        self.random_state = random_state

    def fit(self, features: "NDArray[np.float32]", order: "NDArray[np.intp] | None" = None) -> Self:
        """Learn from `features`, float32 (n, d).

        There are no outliers if there are fewer than three rows, or if all rows are equal. `order`: int (n,), decides
        which rows a sample has, by default their own order. All that is learned is in the rows' own order.
        """
        import numpy as np

        rows = len(features)
        self.distances_, self.nearest_ = np.zeros(rows), np.arange(rows, dtype=np.intp)[::-1]
        self.scores_, self.predictions_, self.left_ = np.zeros(rows), np.ones(rows, dtype=np.intp), 0
        if rows < 3:
            return self
        if rows > MOST_COMPARED:
            return self._fit_by_sample(MatrixRows(features), order)
        self.distances_, self.nearest_ = (
            self._look_around(features) if rows <= MOST_AT_ONCE else self._look_at_all(MatrixRows(features))
        )
        self.scores_ = _beyond_quartile(self.distances_, self.distances_)
        if self.distances_.max() > 0:
            self.predictions_[self._odd_rows(np.arange(rows))] = -1
        return self

    def _look_around(self, features: "NDArray[np.float32]") -> "tuple[NDArray[np.float64], NDArray[np.intp]]":
        import numpy as np
        from sklearn.neighbors import NearestNeighbors

        search = NearestNeighbors(n_neighbors=self._count(len(features)), algorithm="brute").fit(unit_rows(features))
        lengths, neighbours = search.kneighbors()
        # Between unit rows, the cosine distance is half the square of the Euclidean distance.
        return _mean_of_farther(np.square(lengths.astype(np.float64)) / 2), neighbours[:, 0]

    def _look_at_all(self, rows: RowSource) -> "tuple[NDArray[np.float64], NDArray[np.intp]]":
        import numpy as np

        distances, nearest = np.empty(len(rows)), np.empty(len(rows), dtype=np.intp)
        for place, part in numbered_parts(rows):
            numbers = np.arange(place.start, place.stop)
            between, neighbours = nearest_of_all(part, numbers, rows, self._count(len(rows)))
            distances[place], nearest[place] = _mean_of_farther(between), neighbours[:, 0]
        return distances, nearest

    def _fit_by_sample(self, rows: RowSource, order: "NDArray[np.intp] | None") -> Self:
        import numpy as np

        looked = look_by_sample(
            rows, self._count(len(rows)), _mean_of_farther, self._limit, random_state=self.random_state, order=order
        )
        self.distances_, self.nearest_, self.left_ = looked.distances, looked.nearest, looked.left
        self.scores_ = _beyond_quartile(self.distances_, looked.typical)
        if self.distances_.max() > 0:
            self.predictions_[self._odd_rows(np.sort(looked.compared))] = -1
        return self

    def _count(self, rows: int) -> int:
        return min(self.neighbors, rows - 1)

    def _limit(self, typical: "NDArray[np.float64]", compared: "NDArray[np.float64]") -> float:
        """Return the distance that an outlier exceeds, as far as it is known from rows that were compared with all."""
        import numpy as np

        if self.max_outliers is not None:
            if not self.max_outliers:
                return np.inf
            return float(np.sort(compared)[-self.max_outliers]) if self.max_outliers <= len(compared) else -1.0
        if self.threshold is not None:
            return self.threshold
        upper, spread = _quartile(typical)
        return upper + ODD_SCORE * spread

    def _odd_rows(self, among: "NDArray[np.intp]") -> "NDArray[np.intp]":
        """Return which of the rows with the numbers `among`, int (m,), are outliers."""
        import numpy as np

        distances, scores = self.distances_[among], self.scores_[among]
        if self.max_outliers is not None:
            return among[np.argsort(-distances, kind="stable")[: self.max_outliers]]
        limits = (scores, ODD_SCORE) if self.threshold is None else (distances, self.threshold)
        return among[limits[0] > limits[1]]


def _mean_of_farther(distances: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return the mean of all but the nearest third of the `distances`, float64 (n, k), of each row: float64 (n,).

    Rounding makes the distance between equal rows 0.
    """
    import numpy as np

    farther: NDArray[np.float64] = np.round(distances[:, distances.shape[1] // 3 :].mean(axis=1), 6)
    return farther


def _beyond_quartile(distances: "NDArray[np.float64]", typical: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return by how many interquartile ranges each distance is above the upper quartile of `typical` ones.

    Source: Tukey, "Exploratory data analysis".
    """
    upper, spread = _quartile(typical)
    return (distances - upper) / spread


def _quartile(distances: "NDArray[np.float64]") -> tuple[float, float]:
    """Return the upper quartile, and the range between the quartiles."""
    import numpy as np

    lower, upper = np.percentile(distances, [25, 75])
    # In a folder of copies and one other picture, the range is zero. The other picture must still be odd.
    return float(upper), max(float(upper - lower), 1e-3)
