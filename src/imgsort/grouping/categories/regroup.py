"""Groups the same rows into one number of categories after another: what does not depend on it is made once."""

import threading
from typing import TYPE_CHECKING

from imgsort.grouping.categories.group import Algorithm, in_own_order, labels_of, number_by_size, reduced_rows
from imgsort.grouping.graph.clusters import GraphCuts
from imgsort.grouping.kmeans import quick_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# More categories than this are seldom wanted, and each costs the graph an eigenvector.
MOST_CUTS = 40
# With more numbers times categories, a person would wait for K-Means. About 1,000 images and 8 categories are below.
MOST_EXACT = 2_500_000


class Regroup:
    """Groups `features`, float32 (n, d), into any number of categories. Several threads may ask.

    The parameters are those of `group_rows`, and so are the labels. There are two exceptions, so that nobody waits: the
    graph is made once for up to 40 categories, and K-Means on many rows tries its starts on fewer columns.
    """

    def __init__(
        self,
        features: "NDArray[np.float32]",
        *,
        algorithm: Algorithm = "kmeans",
        variance: float = 0.95,
        directions: bool = False,
        neighbors: int | None = None,
        random_state: int = 0,
        order: "NDArray[np.intp] | None" = None,
    ) -> None:
        self._features, self._algorithm, self._variance = features, algorithm, variance
        self._directions, self._neighbors = directions, neighbors
        self._random_state, self._order = random_state, order
        self._reduced: NDArray[np.float64] | None = None
        self._cuts: GraphCuts | None = None
        self._one_at_a_time = threading.Lock()

    def __call__(self, clusters: int) -> "NDArray[np.intp]":
        """Return the labels, int (n,): 0 for the largest category. Raises ValueError if n < clusters."""
        import numpy as np

        if len(self._features) < clusters:
            raise ValueError(f"n_samples={len(self._features)} rows cannot make {clusters} clusters")
        with self._one_at_a_time:
            reduced, cuts = self._prepare(clusters)
            if cuts is not None:
                found: NDArray[np.integer] = cuts.into(clusters).labels
            else:
                found = self._by_rows(reduced, clusters)
        labels: NDArray[np.intp] = in_own_order(number_by_size(found), self._order)
        return labels

    def _by_rows(self, reduced: "NDArray[np.float64]", clusters: int) -> "NDArray[np.integer]":
        if self._algorithm != "kmeans" or reduced.size * clusters <= MOST_EXACT:
            return labels_of(reduced.copy(), self._algorithm, clusters, self._random_state)
        return quick_labels(reduced.astype("float32"), clusters, self._random_state)

    def _prepare(self, clusters: int) -> "tuple[NDArray[np.float64], GraphCuts | None]":
        is_graph = self._algorithm == "graph"
        if self._reduced is None:
            self._reduced = reduced_rows(
                self._features, self._variance, self._order, self._algorithm, directions=self._directions
            )
        if is_graph and clusters > MOST_CUTS:
            return self._reduced, self._graph(clusters)
        if is_graph and self._cuts is None:
            self._cuts = self._graph(min(MOST_CUTS, len(self._features)))
        return self._reduced, self._cuts

    def _graph(self, most: int) -> GraphCuts:
        assert self._reduced is not None
        return GraphCuts(self._reduced, most, neighbors=self._neighbors, random_state=self._random_state)
