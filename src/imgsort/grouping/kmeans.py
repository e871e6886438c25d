"""scikit-learn's K-Means as every part of imgsort runs it."""

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORTH_THREADS = 1_000_000


def fitted_kmeans(
    rows: "NDArray[np.floating]", clusters: int, random_state: int, *, copy: bool = True, starts: int = 10
) -> Any:
    """Return `sklearn.cluster.KMeans` fitted on `rows`, (n, d): k-means++, the best of `starts`.

    With `copy` off the rows are worked on in place, and put back to rounding: a copy may be most of the memory.
    Raises ValueError for n < clusters. Source: Arthur & Vassilvitskii, k-means++ (2007).
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    kmeans = KMeans(clusters, init="k-means++", n_init=starts, random_state=random_state, copy_x=copy)
    # K-Means has threads of its own; those of BLAS, which wait busily between many small products, take their cores.
    # Where there is little to do, its own threads wait for each other longer than they work.
    limited = "blas" if rows.size * clusters > _WORTH_THREADS else None
    with threadpool_limits(1, user_api=limited), warnings.catch_warnings():
        # Said where fewer distinct rows than clusters are found; the labels say it too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(rows)
