"""Finds the eigenvectors of a graph that belong to its largest eigenvalues: rows that hang together get like numbers.

Source: Shi & Malik, "Normalized cuts and image segmentation" (2000); von Luxburg, "A tutorial on spectral clustering"
(2007), arXiv:0711.0189.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Below this size, all eigenvectors of a full matrix take less time than a few of a sparse one.
_DENSE_ROWS = 400
_LEAST_LANCZOS_VECTORS = 64
# The vectors are only a map for K-Means.
_TOLERANCE = 1e-5


def leading_eigenvectors(graph: Any, count: int, random_state: int) -> "NDArray[np.float64]":
    """Return the `count` leading eigenvectors of D^-1/2 A D^-1/2: float64 (n, count), the largest eigenvalue first.

    `graph`: A, a symmetric sparse matrix (n, n) in which every row has an edge, unless it is the only one. D holds the
    sums of its rows. Each part of the graph is decomposed by itself: an eigenvalue that many parts have in common would
    be found only once.
    """
    import numpy as np
    from scipy.sparse.csgraph import connected_components

    _, part_of = connected_components(graph, directed=False)
    found: list[tuple[float, NDArray[np.intp], NDArray[np.float64]]] = []
    for part in np.argsort(-np.bincount(part_of), kind="stable"):
        rows = np.flatnonzero(part_of == part)
        values, vectors = _of_part(graph[rows][:, rows], min(count, len(rows)), random_state)
        found += [(value, rows, vector) for value, vector in zip(values, vectors.T, strict=True)]
    found.sort(key=lambda each: -round(each[0], 9))  # a stable sort: of equal values, the larger part comes first
    leading = np.zeros((graph.shape[0], min(count, len(found))))
    for column, (_, rows, vector) in enumerate(found[:count]):
        leading[rows, column] = vector
    return leading


def _of_part(graph: Any, count: int, random_state: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return the largest `count` eigenvalues of a connected graph, the largest first, and their eigenvectors.

    Each vector's largest number is positive, so that rounding cannot turn it round.
    """
    import numpy as np
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import eigsh

    scale = 1 / np.sqrt(np.maximum(graph.sum(axis=1), np.finfo(float).tiny))
    normalised = diags_array(scale) @ graph @ diags_array(scale)
    if graph.shape[0] <= max(_DENSE_ROWS, 3 * count):
        values, vectors = np.linalg.eigh(normalised.toarray())
    else:
        start = np.random.default_rng(random_state).standard_normal(graph.shape[0])
        width = min(graph.shape[0] - 1, max(2 * count + 1, _LEAST_LANCZOS_VECTORS))
        values, vectors = eigsh(normalised, k=count, which="LA", v0=start, ncv=width, tol=_TOLERANCE)
    order = np.argsort(-values, kind="stable")[:count]
    vectors = vectors[:, order]
    largest = np.abs(vectors).argmax(axis=0)
    return values[order], vectors * np.sign(vectors[largest, np.arange(len(order))])
