"""Cuts the graph of nearest neighbours where it is thin: spectral clustering, which makes groups of any size.

K-Means wants groups of one size. A folder has 400 pictures of the child and 9 of the car.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from imgsort.grouping.graph.eigenvectors import leading_eigenvectors
from imgsort.grouping.graph.neighbours import MOST_COLUMNS, joined, nearest_rows, usual_neighbors, with_fewer_parts
from imgsort.grouping.kmeans import fitted_kmeans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# One number of neighbours now and then cuts a group in two. The best of three cuts seldom does.
_SHARES_OF_NEIGHBORS = (0.7, 1.0, 1.4)
# If a group has a larger conductance, it is a piece of a group, unless the groups are good ones on the whole.
# benchmarks/README.md has the table.
_MOST_CONDUCTANCE, _MOST_MEAN_CONDUCTANCE = 0.06, 0.03
_ROUNDING = 1e-6
_ROWS_AT_A_TIME = 4096


@dataclass(frozen=True)
class Cut:
    """A way to cut the graph: `labels`, int (n,), 0 to k-1, and the `conductances` of the k groups, float64 (k,).

    The conductance of a group is the share of its edges that leave it: 0 for a group of its own, near 1 for no group.
    """

    labels: "NDArray[np.intp]"
    conductances: "NDArray[np.float64]"

    @property
    def clusters(self) -> int:
        """The number of groups."""
        return len(self.conductances)

    @property
    def mean_conductance(self) -> float:
        """The mean of the groups' conductances."""
        return float(self.conductances.mean())

    @property
    def candidate(self) -> "CutCandidate":
        """What a person is told about this cut."""
        return CutCandidate(self.clusters, round(float(self.conductances.max()), 4), round(self.mean_conductance, 4))


@dataclass(frozen=True)
class CutCandidate:
    """A number of groups, and how good the best cut into so many is: the lower, the better.

    `conductance` is that of the worst group, and `mean_conductance` that of all groups.
    """

    clusters: int
    conductance: float
    mean_conductance: float

    @property
    def is_good(self) -> bool:
        """Whether no group is a piece of one."""
        return self.conductance <= _MOST_CONDUCTANCE or self.mean_conductance <= _MOST_MEAN_CONDUCTANCE


class GraphCuts:
    """The graph of the neighbours of `rows`, (n, d), and its cuts into 1 to `most` groups.

    `neighbors`: how many neighbours a row has, by default a number that suits n. `random_state` is the seed of the
    eigensolver and of K-Means. Equal rows are one row of the graph. `distinct` is the number of different rows.
    """

    def __init__(
        self, rows: "NDArray[np.floating]", most: int, *, neighbors: int | None = None, random_state: int = 0
    ) -> None:
        different, self._number_of = _different(rows[:, :MOST_COLUMNS])
        self.distinct = len(different)
        middle = neighbors or usual_neighbors(self.distinct)
        counts = [max(1, round(share * middle)) for share in _SHARES_OF_NEIGHBORS]
        nearest = nearest_rows(different, max(counts))
        graphs = [with_fewer_parts(joined(nearest[:, :count]), different, most) for count in counts]
        self._graph = graphs[len(graphs) // 2]
        self._maps = [leading_eigenvectors(graph, most, random_state) for graph in graphs]
        self._random_state = random_state

    def into(self, clusters: int) -> Cut:
        """Return the best cut into `clusters` groups: the one with the lowest mean conductance.

        There are fewer groups if fewer can be told apart. Source of the measure: Shi & Malik (2000), normalised cut.
        """
        clusters = min(clusters, self.distinct)
        cuts = [
            judged(self._graph, fitted_kmeans(each[:, :clusters], clusters, self._random_state).labels_)
            for each in self._maps
        ]
        best = min(cuts, key=lambda cut: (-cut.clusters, round(cut.mean_conductance, 9)))
        return replace(best, labels=best.labels[self._number_of])


def _different(rows: "NDArray[np.floating]") -> "tuple[NDArray[np.float32], NDArray[np.intp]]":
    """Return the different rows, float32 (m, d), and for each of `rows`, (n, d), which of them it is: int (n,).

    Rounding errors of the reduction do not count.
    """
    import numpy as np

    scale = float(max(rows.max(), -rows.min())) or 1.0
    rounded = np.empty(rows.shape, dtype=np.int32)
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        some = slice(start, start + _ROWS_AT_A_TIME)
        rounded[some] = np.round(rows[some] / (scale * _ROUNDING))
    _, first_rows, number_of = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    return rows[first_rows].astype(np.float32), number_of.reshape(-1)


def judged(graph: Any, labels: "NDArray[np.integer]") -> Cut:
    """Return the cut of `graph`, (n, n), that `labels`, int (n,), describe. Labels without a row are left out."""
    import numpy as np
    from scipy.sparse import csr_array

    owner_of = np.unique(labels, return_inverse=True)[1].astype(np.intp)
    rows, count = len(owner_of), int(owner_of.max()) + 1
    owners = csr_array((np.ones(rows), owner_of, np.arange(rows + 1)), shape=(rows, count))
    edges = (owners.T @ graph @ owners).toarray()
    own, whole = np.diag(edges), edges.sum(axis=1)
    return Cut(owner_of, np.where(whole > 0, 1 - own / np.where(whole > 0, whole, 1), 0.0))


def fitting(cuts: Sequence[Cut]) -> Cut:
    """Return the good cut into the most groups, or the first cut if none is good.

    `cuts` are in the order of their number of groups, the smallest first.
    """
    return max((cut for cut in cuts if cut.candidate.is_good), key=lambda cut: cut.clusters, default=cuts[0])
