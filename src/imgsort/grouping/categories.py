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
    order: "NDArray[np.intp] | None" = None,
) -> Grouping:
    """Cluster the rows of `features`, float32 (n, d), into at most `clusters` categories.

    The result depends on the order in which rows are seen: `order`, int (n,), by default their own. Categories
    are numbered by size, ties by the first row seen. Rows that are equal cannot be told apart, so there may
    be fewer categories than asked for. Raises ValueError for n < clusters.
    Source: Arthur & Vassilvitskii, k-means++ (2007); scikit-learn's `KMeans`, best of 10 starts.
    """
    import numpy as np

    reduced = reduce_features(features, variance, order)
    # Not before: the import takes a second, and may go on in a thread meanwhile.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    # Not a copy of what may be most of the memory: K-Means centres the rows in place, and puts them back.
    kmeans = KMeans(clusters, init="k-means++", n_init=10, random_state=random_state, copy_x=False)
    with warnings.catch_warnings():
        # Said where fewer distinct rows than clusters are found; the result says it too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = kmeans.fit_predict(reduced)
    reduced -= kmeans.cluster_centers_[found]
    distances = np.sqrt(np.einsum("ij,ij->i", reduced, reduced))
    seen = np.arange(len(features)) if order is None else order
    back = np.argsort(seen)
    return Grouping(number_by_size(found)[back], distances[back])


def number_by_size(labels: "NDArray[np.integer]") -> "NDArray[np.intp]":
    """Renumber `labels`, int (n,), so that 0 is the largest cluster; of two of one size the first row's comes first."""
    import numpy as np

    clusters, first_rows, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    numbers = np.empty(len(clusters), dtype=np.intp)
    numbers[np.lexsort((first_rows, -sizes))] = np.arange(len(clusters))
    return numbers[inverse]
