"""Groups rows that look alike, on reduced features, by K-Means, the neighbours' graph or another algorithm."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from imgsort.grouping.categories.cluster_count import (
    MAX_CLUSTERS,
    MIN_CLUSTERS,
    Candidate,
    best,
    candidates,
    distinct_count,
    without_rounding_errors,
)
from imgsort.grouping.categories.numbering import in_own_order, number_by_size
from imgsort.grouping.categories.reduced import reduced_rows, sampled_rows
from imgsort.grouping.centres import around_centres
from imgsort.grouping.graph.clusters import CutCandidate, GraphCuts, fitting
from imgsort.grouping.kmeans import fitted_kmeans
from imgsort.grouping.streams.centre_swaps import swapped_labels
from imgsort.grouping.streams.sample import sample_size
from imgsort.grouping.sums import ClusterSums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Algorithm = Literal["kmeans", "graph", "agglomerative", "hdbscan"]

Candidates = tuple[Candidate, ...] | tuple[CutCandidate, ...]

# These algorithms compare every two rows. With more rows, that takes gigabytes. The others can do with a sample.
MOST_ROWS: "dict[Algorithm, int]" = {"agglomerative": 20_000, "hdbscan": 20_000}
# Density means little in hundreds of dimensions, so HDBSCAN gets only the first components.
_DENSITY_COMPONENTS = 50
_DENSITY_SHARE, _DENSITY_LEAST, _DENSITY_SAMPLES = 0.03, 5, 3


@dataclass(frozen=True)
class Grouping:
    """The result of clustering.

    `labels`: int (n,), 0 for the largest category, -1 for a row without a category; `distances`: float64 (n,), how far
    each row lies from the centre of its category in the reduced space, higher = odder. For a row without a category, it
    is the distance from the nearest centre. `clarity`: float64 (n,), how clearly the row belongs to that centre, see
    `imgsort.grouping.centres.clarity`; `candidates`: the judged numbers of categories, if the number was chosen;
    `sample`: how many rows were grouped at first, if the others then joined their groups.
    """

    labels: "NDArray[np.intp]"
    distances: "NDArray[np.float64]"
    clarity: "NDArray[np.float64]"
    candidates: Candidates = ()
    sample: int | None = None

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

    Of more rows than `imgsort.grouping.streams.sample` names, a sample is grouped, drawn by `random_state`. With
    K-Means, the centres go on with all rows; with the graph, a row joins the group of the nearest row of the sample.
    For these, `features` is read from its beginning to its end, and `order` decides only which rows the sample has, and
    the numbers of equally large categories.

    Raises ValueError if n < clusters, and for more rows than MOST_ROWS allows for the algorithm.
    """
    if len(features) > MOST_ROWS.get(algorithm, len(features)):
        raise ValueError(f"{algorithm} compares every two rows: {len(features)} are more than {MOST_ROWS[algorithm]}")
    if algorithm != "hdbscan" and clusters != "auto" and len(features) < clusters:
        raise ValueError(f"n_samples={len(features)} rows cannot make {clusters} clusters")
    grouped = partial(
        _found,
        clusters=clusters,
        algorithm=algorithm,
        range_of_clusters=range_of_clusters,
        neighbors=neighbors,
        random_state=random_state,
    )
    most = range_of_clusters[1] if clusters == "auto" else clusters
    size = sample_size(len(features), most)
    if algorithm not in MOST_ROWS and size < len(features):
        sampled = sampled_rows(
            features, size, variance, order, algorithm, directions=directions, random_state=random_state
        )
        found, judged = grouped(sampled.reduced)
        if algorithm == "graph":
            labels = sampled.by_neighbours(found)
        else:
            labels = sampled.by_centres(swapped_labels(sampled.reduced, found, random_state))
        labels = in_own_order(number_by_size(labels if order is None else labels[order]), order)
        return Grouping(labels, *sampled.around_centres(labels), judged, len(sampled.reduced))
    reduced = reduced_rows(features, variance, order, algorithm, directions=directions)
    found, judged = grouped(reduced)
    labels = number_by_size(found)
    distances, clarity = _around_centres(reduced, labels)
    labels, distances, clarity = (in_own_order(values, order) for values in (labels, distances, clarity))
    return Grouping(labels, distances, clarity, judged)


def _found(
    reduced: "NDArray[np.float64]",
    clusters: int | Literal["auto"],
    algorithm: Algorithm,
    range_of_clusters: tuple[int, int],
    *,
    neighbors: int | None,
    random_state: int,
) -> "tuple[NDArray[np.integer], Candidates]":
    """Return a label for each row, -1 for a row without a cluster, and with `auto` the judged numbers of clusters."""
    if algorithm == "graph":
        return _by_graph(reduced, clusters, range_of_clusters, neighbors, random_state)
    return _by_rows(reduced, clusters, algorithm, range_of_clusters, random_state)


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
        labels = _told_apart(fitted_kmeans(reduced, clusters, random_state, copy=False), reduced)
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


def _told_apart(kmeans: Any, reduced: "NDArray[np.float64]") -> "NDArray[np.integer]":
    """Return the labels of K-Means. If it has put equal rows into several clusters, these become one."""
    import numpy as np

    labels: NDArray[np.integer] = kmeans.labels_
    distinct, owners = np.unique(without_rounding_errors(kmeans.cluster_centers_, reduced), axis=0, return_inverse=True)
    return labels if len(distinct) == len(owners) else owners.reshape(-1)[labels]


def _around_centres(
    reduced: "NDArray[np.float64]", labels: "NDArray[np.intp]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return how far each row is from its centre, and its clarity."""
    import numpy as np

    count = int(labels.max()) + 1
    if count == 0:
        return np.linalg.norm(reduced - reduced.mean(axis=0), axis=1), np.zeros(len(reduced))
    sums = ClusterSums.of(reduced, labels + 1, count + 1)  # the first are the rows without a category
    return around_centres(sums.means(sums.totals)[1:], reduced, labels)
