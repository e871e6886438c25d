"""Runs scikit-learn's K-Means in the same way for every part of imgsort."""

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORTH_THREADS = 1_000_000
# The first principal components hold most of what tells groups apart.
_COARSE_COLUMNS, _COARSE_STARTS = 64, 5


def fitted_kmeans(
    rows: "NDArray[np.floating]", clusters: int, random_state: int, *, copy: bool = True, starts: int = 10
) -> Any:
    """Return `sklearn.cluster.KMeans` fitted on `rows`, (n, d): k-means++, the best of `starts` attempts.

    Without `copy`, K-Means changes the rows in place and restores them, except for rounding. This saves memory: a copy
    may be most of it. Raises ValueError if n < clusters. Source: Arthur & Vassilvitskii, k-means++ (2007).
    """
    from sklearn.cluster import KMeans

    return _fitted(KMeans(clusters, init="k-means++", n_init=starts, random_state=random_state, copy_x=copy), rows)


def kmeans_from(rows: "NDArray[np.floating]", centres: "NDArray[np.floating]", random_state: int) -> Any:
    """Return `sklearn.cluster.KMeans` fitted on `rows`, (n, d), whose one start are these centres, (k, d)."""
    from sklearn.cluster import KMeans

    return _fitted(KMeans(len(centres), init=centres, n_init=1, random_state=random_state), rows)


def _fitted(kmeans: Any, rows: "NDArray[np.floating]") -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    # K-Means has its own threads. The threads of BLAS wait busily between many small products and take the cores away
    # from them. If there is little to do, the threads of K-Means wait for each other longer than they work.
    limited = "blas" if rows.size * kmeans.n_clusters > _WORTH_THREADS else None
    with threadpool_limits(1, user_api=limited), warnings.catch_warnings():
        # The warning says that there are fewer distinct rows than clusters. The labels show this too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(rows)


def quick_labels(rows: "NDArray[np.float32]", clusters: int, random_state: int) -> "NDArray[np.integer]":
    """Return a label for each row, (n, d), whose columns are principal components, several times as fast.

    The starts are tried on the first columns, and only the best of them goes on with all columns. Raises ValueError if
    n < clusters.
    """
    import numpy as np

    coarse = fitted_kmeans(rows[:, :_COARSE_COLUMNS].copy(), clusters, random_state, starts=_COARSE_STARTS)
    found: NDArray[np.integer] = coarse.labels_
    if rows.shape[1] <= _COARSE_COLUMNS:
        return found
    centres = np.array([rows[found == label].mean(axis=0) for label in np.unique(found)])
    labels: NDArray[np.integer] = kmeans_from(rows, centres, random_state).labels_
    return labels
