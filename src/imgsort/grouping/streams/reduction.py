"""Reduces the dimensions of rows that stream past: learned from sums over all of them, applied to a part at a time."""

from typing import TYPE_CHECKING, Self

from imgsort.grouping.reduce import MOST_COVARIANCE_WIDTH, CovariancePCA, by_singular_values, seeing
from imgsort.grouping.streams.rows import RowSource
from imgsort.grouping.streams.sample import drawn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Rows that are too wide for a covariance matrix are decomposed themselves: as many of them as have so many numbers.
_MOST_DECOMPOSED = 2**26


class Reduction:
    """Sees rows as they are or as directions, and projects them on their principal components.

    The parameters are those of `imgsort.grouping.reduce.reduce_features`, and so is the result, except for rounding and
    for rows of more than 8192 numbers: the components of these are those of a part of the sample. Learned: `mean_`,
    float64 (d,), and `components_`, float64 (k, d). If all rows are the same, the only component is zero.
    """

    def __init__(self, variance: float, *, directions: bool = False, least_components: int = 1) -> None:
        self.variance = variance
        self.directions = directions
        self.least_components = least_components

    def fit(self, rows: RowSource, sample: "NDArray[np.float32]") -> Self:
        """Learn from all `rows`, of which `sample`, float32 (m, d), are some. There must be at least two rows."""
        import numpy as np

        self._seen_as = seeing(rows.parts, directions=self.directions)
        if self._seen_as is None:
            self.mean_, self.components_ = np.zeros(rows.width), np.zeros((1, rows.width))
        elif rows.width <= MOST_COVARIANCE_WIDTH:
            pca = CovariancePCA(self.variance, self.least_components).fit_parts(map(self._seen_as, rows.parts()))
            self.mean_, self.components_ = pca.mean_, pca.components_
        else:
            most = min(len(sample), max(2, _MOST_DECOMPOSED // rows.width))
            some = self._seen_as(sample[drawn(len(sample), most, random_state=0)])
            reduced, whole = by_singular_values(some, self.variance, self.least_components)
            self.mean_, self.components_ = whole.mean_, whole.components_[: reduced.shape[1]]
        return self

    def see(self, rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """Return rows, (m, d), as they are compared: as they are, or as directions."""
        return rows if self._seen_as is None else self._seen_as(rows)

    def project(self, seen: "NDArray[np.floating]") -> "NDArray[np.float64]":
        """Project what was seen, (m, d), on the components: float64 (m, k)."""
        projected: NDArray[np.float64] = (seen - self.mean_) @ self.components_.T
        return projected

    def transform(self, rows: "NDArray[np.float32]") -> "NDArray[np.float64]":
        """See rows, (m, d), and project them: float64 (m, k)."""
        return self.project(self.see(rows))
