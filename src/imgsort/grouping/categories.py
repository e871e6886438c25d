"""Groups of rows that look alike: K-Means on reduced features."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.grouping.kmeans import fitted_kmeans
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
    """
    import numpy as np
    from threadpoolctl import ThreadpoolController

    # scikit-learn takes a second to import, which may go on in a thread meanwhile: a core is left to it.
    blas = ThreadpoolController().select(user_api="blas")
    threads = max((library["num_threads"] for library in blas.info()), default=1)
    with blas.limit(limits=max(1, threads - 1)):
        reduced = reduce_features(features, variance, order)
    kmeans = fitted_kmeans(reduced, clusters, random_state, copy=False)
    found = kmeans.labels_
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
