"""Makes the graph of nearest neighbours: each row is joined to the rows that are most like it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A group is found if it has more rows than a row has neighbours, so small folders need few neighbours. In a large
# folder, few neighbours cut real groups into pieces. benchmarks/README.md has the table.
_NEIGHBORS_PER_ROOT = 0.45
_LEAST_NEIGHBORS, _MOST_NEIGHBORS = 4, 40
_NUMBERS_AT_A_TIME = 2**25
# The components after these hold little, and comparing 100,000 rows takes minutes as it is.
MOST_COLUMNS = 512


def usual_neighbors(rows: int) -> int:
    """Return how many neighbours suit a folder of this many rows."""
    return int(min(max(_LEAST_NEIGHBORS, round(_NEIGHBORS_PER_ROOT * rows**0.5)), _MOST_NEIGHBORS))


def nearest_rows(rows: "NDArray[np.float32]", count: int) -> "NDArray[np.intp]":
    """Return the numbers of the `count` rows nearest to each of `rows`, (n, d), the nearest first: intp (n, count).

    Distances are Euclidean. A row is no neighbour of its own. With fewer rows, all others are neighbours.
    """
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    count = min(count, len(rows) - 1)
    if count < 1:
        return np.empty((len(rows), 0), dtype=np.intp)
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(rows)
    return np.asarray(search.kneighbors(return_distance=False), dtype=np.intp)


def joined(nearest: "NDArray[np.intp]") -> Any:
    """Return the symmetric graph of the neighbours `nearest`, intp (n, k): a sparse float64 matrix (n, n).

    An edge weighs 1 if both rows are neighbours of each other, and 0.5 if only one is.
    """
    import numpy as np
    from scipy.sparse import csr_array

    rows, count = nearest.shape
    starts = np.arange(0, rows * count + 1, count, dtype=np.int64) if count else np.zeros(rows + 1, dtype=np.int64)
    one_way = csr_array((np.full(rows * count, 0.5), nearest.ravel(), starts), shape=(rows, rows))
    return (one_way + one_way.T).tocsr()


def with_fewer_parts(graph: Any, rows: "NDArray[np.float32]", most: int) -> Any:
    """Return `graph` with edges added until it has at most `most` parts that are not connected with each other.

    The smallest parts are tied to the rows nearest to them: copies of a picture, or the frames of a burst, often have
    no other neighbours than themselves.
    """
    import numpy as np
    from scipy.sparse.csgraph import connected_components

    while True:
        count, part_of = connected_components(graph, directed=False)
        if count <= most:
            return graph
        by_size = np.argsort(-np.bincount(part_of), kind="stable")
        loose = np.flatnonzero(np.isin(part_of, by_size[most:]))
        graph = graph + _ties(rows, part_of, loose)


def _ties(rows: "NDArray[np.float32]", part_of: "NDArray[np.integer]", loose: "NDArray[np.intp]") -> Any:
    """Return edges from each of the rows `loose` to the nearest row of another part: a sparse matrix (n, n)."""
    import numpy as np
    from scipy.sparse import csr_array

    lengths = np.einsum("ij,ij->i", rows, rows)
    targets = np.empty(len(loose), dtype=np.intp)
    step = max(1, _NUMBERS_AT_A_TIME // len(rows))
    for start in range(0, len(loose), step):
        some = loose[start : start + step]
        distances = lengths - 2 * (rows[some] @ rows.T)
        distances[part_of[some][:, None] == part_of] = np.inf
        targets[start : start + len(some)] = distances.argmin(axis=1)
    one_way = csr_array((np.full(len(loose), 0.5), (loose, targets)), shape=(len(rows), len(rows)))
    return one_way + one_way.T
