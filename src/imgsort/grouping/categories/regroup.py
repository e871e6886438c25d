"""Groups the same rows into one number of categories after another: what does not depend on it is made once."""

import threading
from typing import TYPE_CHECKING

from imgsort.grouping.categories.group import MOST_ROWS, Algorithm, labels_of
from imgsort.grouping.categories.numbering import in_own_order, number_by_size
from imgsort.grouping.categories.reduced import reduced_rows, sampled_rows
from imgsort.grouping.graph.clusters import GraphCuts
from imgsort.grouping.kmeans import quick_labels
from imgsort.grouping.streams.sample import sample_size
from imgsort.grouping.streams.sampled import SampledRows

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
    graph is made once for up to 40 categories, and K-Means on many rows tries its starts on fewer columns. Of so many
    rows that `group_rows` groups a sample, the same sample is grouped here.
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
        self._size: int | None = None
        self._reduced: NDArray[np.float64] | None = None
        self._sampled: SampledRows | None = None
        self._cuts: GraphCuts | None = None
        self._one_at_a_time = threading.Lock()

    def __call__(self, clusters: int) -> "NDArray[np.intp]":
        """Return the labels, int (n,): 0 for the largest category. Raises ValueError if n < clusters."""
        if len(self._features) < clusters:
            raise ValueError(f"n_samples={len(self._features)} rows cannot make {clusters} clusters")
        with self._one_at_a_time:
            self._prepare(clusters)
            found = self._of_all(self._labels(clusters))
        labels: NDArray[np.intp] = in_own_order(number_by_size(found), self._order)
        return labels

    def _labels(self, clusters: int) -> "NDArray[np.integer]":
        """Return the labels of the rows that are grouped, in the order in which they are seen."""
        assert self._reduced is not None
        if self._algorithm == "graph":
            return self._graph(clusters).into(clusters).labels
        if self._algorithm != "kmeans" or self._reduced.size * clusters <= MOST_EXACT:
            return labels_of(self._reduced.copy(), self._algorithm, clusters, self._random_state)
        return quick_labels(self._reduced.astype("float32"), clusters, self._random_state)

    def _of_all(self, labels: "NDArray[np.integer]") -> "NDArray[np.integer]":
        """Return the labels of all rows, in the order in which they are seen."""
        if self._sampled is None:
            return labels
        found = self._sampled.by_neighbours(labels) if self._algorithm == "graph" else self._sampled.by_centres(labels)
        return found if self._order is None else found[self._order]

    def _prepare(self, clusters: int) -> None:
        """Make what does not depend on the number of categories. The sample is that of `group_rows`."""
        features, rows = self._features, len(self._features)
        size = rows if self._algorithm in MOST_ROWS else sample_size(rows, clusters)
        if size == self._size:
            return
        self._size, self._cuts, self._sampled = size, None, None
        if size == rows:
            self._reduced = reduced_rows(
                features, self._variance, self._order, self._algorithm, directions=self._directions
            )
        else:
            self._sampled = sampled_rows(
                features,
                size,
                self._variance,
                self._order,
                self._algorithm,
                directions=self._directions,
                random_state=self._random_state,
            )
            self._reduced = self._sampled.reduced

    def _graph(self, clusters: int) -> GraphCuts:
        assert self._reduced is not None
        if clusters > MOST_CUTS:
            return GraphCuts(self._reduced, clusters, neighbors=self._neighbors, random_state=self._random_state)
        if self._cuts is None:
            most = min(MOST_CUTS, len(self._features))
            self._cuts = GraphCuts(self._reduced, most, neighbors=self._neighbors, random_state=self._random_state)
        return self._cuts
