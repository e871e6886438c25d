"""Fewer dimensions for clustering: principal component analysis."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def reduce_features(features: "NDArray[np.float32]", variance: float) -> "NDArray[np.float64]":
    """Project `features` on the principal components that together hold `variance` of the variance.

    Parameters: `features`, float32 (n, d); `variance`, above 0 and at most 1. Returns float64 (n, k).
    Rows that are all the same have no variance to keep: they become one column of zeros.
    Source: scikit-learn, `PCA` with a full singular value decomposition, whose result does not
    depend on a seed.
    """
    import numpy as np
    from sklearn.decomposition import PCA

    exact = features.astype(np.float64)
    if len(exact) < 2 or not np.ptp(exact, axis=0).any():
        return np.zeros((len(exact), 1))
    components = variance if variance < 1 else None
    reduced: NDArray[np.float64] = PCA(n_components=components, svd_solver="full").fit_transform(exact)
    return reduced
