"""scikit-learn's K-Means as every part of imgsort runs it."""

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fitted_kmeans(rows: "NDArray[np.floating]", clusters: int, random_state: int, *, copy: bool = True) -> Any:
    """Return `sklearn.cluster.KMeans` fitted on `rows`, (n, d): k-means++, the best of 10 starts.

    With `copy` off the rows are worked on in place, and put back to rounding: a copy may be most of the memory.
    Raises ValueError for n < clusters. Source: Arthur & Vassilvitskii, k-means++ (2007).
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    kmeans = KMeans(clusters, init="k-means++", n_init=10, random_state=random_state, copy_x=copy)
    # K-Means has threads of its own; those of BLAS, which wait busily between many small products, take their cores.
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        # Said where fewer distinct rows than clusters are found; the labels say it too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(rows)
