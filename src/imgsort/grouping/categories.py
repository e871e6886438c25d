"""Groups of rows that look alike: K-Means on reduced features."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.grouping.reduce import reduce_features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Grouping:
    """What clustering says of each row.

    `labels`: int (n,), 0 for the largest category; `distances`: float64 (n,), how far each row lies
    from the centre of its category in the reduced space, higher = odder.
    """

    labels: "NDArray[np.intp]"
    distances: "NDArray[np.float64]"

    @property
    def count(self) -> int:
        """The number of categories that hold a row."""
        import numpy as np

        return int(np.max(self.labels)) + 1


def group_by_kmeans(
    features: "NDArray[np.float32]",
    clusters: int,
    *,
    variance: float = 0.95,
    random_state: int = 0,
) -> Grouping:
    """Cluster the rows of `features`, float32 (n, d), into at most `clusters` categories.

    Categories are numbered by size, ties by the first row. Rows that are equal cannot be told apart,
    so there may be fewer categories than asked for. The result depends on the order of the rows.
    Raises ValueError for n < clusters.
    Source: Arthur & Vassilvitskii, k-means++ (2007); scikit-learn's `KMeans`, best of 10 starts.
    """
    import numpy as np
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    reduced = reduce_features(features, variance)
    kmeans = KMeans(clusters, init="k-means++", n_init=10, random_state=random_state)
    with warnings.catch_warnings():
        # Said where fewer distinct rows than clusters are found; the result says it too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = kmeans.fit_predict(reduced)
    distances = np.linalg.norm(reduced - kmeans.cluster_centers_[found], axis=1)
    return Grouping(number_by_size(found), distances)


def number_by_size(labels: "NDArray[np.integer]") -> "NDArray[np.intp]":
    """Renumber `labels`, int (n,), so that 0 is the largest cluster; of two of one size the first row's comes first."""
    import numpy as np

    clusters, first_rows, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    numbers = np.empty(len(clusters), dtype=np.intp)
    numbers[np.lexsort((first_rows, -sizes))] = np.arange(len(clusters))
    return numbers[inverse]
