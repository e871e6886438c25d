"""Groups rows that look alike, on reduced features, by K-Means, the neighbours' graph or another algorithm."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from imgsort.grouping.categories.cluster_count import (
    MAX_CLUSTERS,
    MIN_CLUSTERS,
    Candidate,
    best,
    candidates,
    distinct_count,
)
from imgsort.grouping.centres import clarity, distances_to
from imgsort.grouping.graph.clusters import CutCandidate, GraphCuts, fitting
from imgsort.grouping.kmeans import fitted_kmeans
from imgsort.grouping.reduce import reduce_features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Algorithm = Literal["kmeans", "graph", "agglomerative", "hdbscan"]

Candidates = tuple[Candidate, ...] | tuple[CutCandidate, ...]

# These algorithms compare every two rows. With more rows, that takes gigabytes, or for the graph an hour.
MOST_ROWS: "dict[Algorithm, int]" = {"agglomerative": 20_000, "hdbscan": 20_000, "graph": 300_000}
# Density means little in hundreds of dimensions, so HDBSCAN gets only the first components.
_DENSITY_COMPONENTS = 50
# A few components hold the variance of groups that differ very much. In so few dimensions, each group looks as if it
# could be cut in two.
_GRAPH_COMPONENTS = 64
_DENSITY_SHARE, _DENSITY_LEAST, _DENSITY_SAMPLES = 0.03, 5, 3


@dataclass(frozen=True)
class Grouping:
    """The result of clustering.

    `labels`: int (n,), 0 for the largest category, -1 for a row without a category; `distances`: float64 (n,), how far
    each row lies from the centre of its category in the reduced space, higher = odder. For a row without a category, it
    is the distance from the nearest centre. `clarity`: float64 (n,), how clearly the row belongs to that centre, see
    `imgsort.grouping.centres.clarity`; `candidates`: the judged numbers of categories, if the number was chosen.
    """

    labels: "NDArray[np.intp]"
    distances: "NDArray[np.float64]"
    clarity: "NDArray[np.float64]"
    candidates: Candidates = ()

    @property
    def count(self) -> int:
        """The number of categories that hold at least one row."""
        return int(self.labels.max()) + 1


def group_rows(
    features: "NDArray[np.float32]",
    clusters: int | Literal["auto"],
    *,
    algorithm: Algorithm = "kmeans",
    range_of_clusters: tuple[int, int] = (MIN_CLUSTERS, MAX_CLUSTERS),
    variance: float = 0.95,
    directions: bool = False,
    neighbors: int | None = None,
    random_state: int = 0,
    order: "NDArray[np.intp] | None" = None,
) -> Grouping:
    """Cluster the rows of `features`, float32 (n, d), into at most `clusters` categories.

    With `auto`, the number is chosen from `range_of_clusters`. hdbscan finds its own number, and it leaves out rows
    that lie in no dense region. `variance`: the share of the variance that PCA keeps; `directions`: see
    `imgsort.grouping.directions`, which hdbscan and graph always use; `neighbors`: how many neighbours a row has in the
    graph, by default a number that suits n; `order`: int (n,), the order in which the rows are seen, by default their
    own order. The result depends on this order. Categories are numbered by size. If two have the same size, the one
    whose first row is seen earlier comes first. Equal rows cannot be told apart, so there may be fewer categories than
    requested.

    Raises ValueError if n < clusters, and for more rows than MOST_ROWS allows for the algorithm.
    """

    if len(features) > MOST_ROWS.get(algorithm, len(features)):
        raise ValueError(f"{algorithm} compares every two rows: {len(features)} are more than {MOST_ROWS[algorithm]}")
    if algorithm != "hdbscan" and clusters != "auto" and len(features) < clusters:
        raise ValueError(f"n_samples={len(features)} rows cannot make {clusters} clusters")
    reduced = reduced_rows(features, variance, order, algorithm, directions=directions)
    found, judged = (
        _by_graph(reduced, clusters, range_of_clusters, neighbors, random_state)
        if algorithm == "graph"
        else _by_rows(reduced, clusters, algorithm, range_of_clusters, random_state)
    )
    labels = number_by_size(found)
    distances, clarity = _around_centres(reduced, labels)
    labels, distances, clarity = (in_own_order(values, order) for values in (labels, distances, clarity))
    return Grouping(labels, distances, clarity, judged)


def in_own_order(values: "NDArray[Any]", order: "NDArray[np.intp] | None") -> "NDArray[Any]":
    """Return `values`, (n,), of rows that were seen in `order`, int (n,), in the rows' own order.

    `order` holds the numbers of the rows, the first seen row first, as in `features[order]`. None is their own order.
    """
    import numpy as np

    if order is None:
        return values
    restored = np.empty_like(values)
    restored[order] = values
    return restored


def number_by_size(labels: "NDArray[np.integer]") -> "NDArray[np.intp]":
    """Renumber `labels`, int (n,), so that 0 is the largest cluster.

    If two clusters have the same size, the one with the earlier first row comes first. The label -1, for rows without a
    cluster, stays.
    """
    import numpy as np

    numbers = np.full(len(labels), -1, dtype=np.intp)
    rows = np.flatnonzero(labels >= 0)
    _, first_rows, inverse, sizes = np.unique(labels[rows], return_index=True, return_inverse=True, return_counts=True)
    ranks = np.empty(len(sizes), dtype=np.intp)
    ranks[np.lexsort((first_rows, -sizes))] = np.arange(len(sizes))
    numbers[rows] = ranks[inverse]
    return numbers


def reduced_rows(
    features: "NDArray[np.float32]",
    variance: float,
    order: "NDArray[np.intp] | None",
    algorithm: Algorithm,
    *,
    directions: bool,
) -> "NDArray[np.float64]":
    """Return what the algorithm groups: float64 (n, k), with the rows in `order`. `group_rows` has the parameters."""
    from threadpoolctl import ThreadpoolController

    # The import of scikit-learn takes a second, and it may still go on in another thread. One core is left for it.
    blas = ThreadpoolController().select(user_api="blas")
    threads = max((library["num_threads"] for library in blas.info()), default=1)
    with blas.limit(limits=max(1, threads - 1)):
        return reduce_features(
            features,
            variance,
            order,
            directions=directions or algorithm in ("graph", "hdbscan"),
            least_components=_GRAPH_COMPONENTS if algorithm == "graph" else 1,
        )


def _by_rows(
    reduced: "NDArray[np.float64]",
    clusters: int | Literal["auto"],
    algorithm: Algorithm,
    range_of_clusters: tuple[int, int],
    random_state: int,
) -> "tuple[NDArray[np.integer], Candidates]":
    """Return a label for each row, -1 for a row without a cluster, and with `auto` the judged numbers of clusters."""
    if clusters != "auto" or algorithm == "hdbscan":
        return labels_of(reduced, algorithm, 1 if clusters == "auto" else clusters, random_state), ()
    judged = candidates(reduced, *range_of_clusters, random_state=random_state)
    # Nothing can be judged if all rows are equal, or if there are too few rows for the smallest number. Then there is
    # one category.
    return labels_of(reduced, algorithm, best(judged).clusters if judged else 1, random_state), judged


def _by_graph(
    reduced: "NDArray[np.float64]",
    clusters: int | Literal["auto"],
    range_of_clusters: tuple[int, int],
    neighbors: int | None,
    random_state: int,
) -> "tuple[NDArray[np.integer], Candidates]":
    """Return a label for each row and, with `auto`, the judged numbers of clusters."""
    smallest, largest = range_of_clusters if clusters == "auto" else (clusters, clusters)
    cuts = GraphCuts(reduced, largest, neighbors=neighbors, random_state=random_state)
    if clusters != "auto" or cuts.distinct < smallest:
        return cuts.into(1 if clusters == "auto" else clusters).labels, ()
    tried = [cuts.into(number) for number in range(smallest, min(largest, cuts.distinct) + 1)]
    return fitting(tried).labels, tuple(cut.candidate for cut in tried)


def labels_of(
    reduced: "NDArray[np.float64]", algorithm: Algorithm, clusters: int, random_state: int
) -> "NDArray[np.integer]":
    """Return a label for each row, -1 for a row without a cluster."""
    import numpy as np
    from sklearn.cluster import HDBSCAN, AgglomerativeClustering

    labels: NDArray[np.integer]
    if algorithm == "kmeans":
        labels = fitted_kmeans(reduced, clusters, random_state, copy=False).labels_
    elif algorithm == "agglomerative":
        # Ward (1963): each step joins the two clusters whose union adds least to the squared distances from the means.
        most = min(clusters, distinct_count(reduced))
        labels = (
            AgglomerativeClustering(most, linkage="ward").fit_predict(reduced)
            if most > 1
            else np.zeros(len(reduced), dtype=np.intp)
        )
    elif len(reduced) < _DENSITY_LEAST:
        labels = np.full(len(reduced), -1, dtype=np.intp)
    else:
        # HDBSCAN: Campello, Moulavi & Sander (2013).
        least = max(_DENSITY_LEAST, round(_DENSITY_SHARE * len(reduced)))
        density = HDBSCAN(min_cluster_size=least, min_samples=_DENSITY_SAMPLES, copy=True)
        labels = density.fit_predict(reduced[:, :_DENSITY_COMPONENTS])
    return labels


def _around_centres(
    reduced: "NDArray[np.float64]", labels: "NDArray[np.intp]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return how far each row is from its centre, and its clarity.

    The function changes `reduced` in place, because the matrix may be large.
    """
    import numpy as np

    count = int(labels.max()) + 1
    if count == 0:
        reduced -= reduced.mean(axis=0)
        return np.linalg.norm(reduced, axis=1), np.zeros(len(reduced))
    centres = np.array([reduced[labels == label].mean(axis=0) for label in range(count)])
    distances = distances_to(centres, reduced)
    owners = np.where(labels >= 0, labels, distances.argmin(axis=1))
    clear = clarity(distances, owners)
    reduced -= centres[owners]
    return np.sqrt(np.einsum("ij,ij->i", reduced, reduced)), clear
