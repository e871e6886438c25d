"""Reduces the dimensions for clustering by principal component analysis, also for more rows than fit in memory."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Self

from imgsort.grouping.directions import Directions
from imgsort.grouping.sums import Sums
from imgsort.mapped import let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.decomposition import PCA

# Above this width, a covariance matrix costs more than a singular value decomposition of the rows.
MOST_COVARIANCE_WIDTH = 8192
_ROWS_AT_A_TIME = 512
_ROUNDING = 1e-6


def reduce_features(
    features: "NDArray[np.float32]",
    variance: float,
    order: "NDArray[np.intp] | None" = None,
    *,
    directions: bool = False,
    least_components: int = 1,
) -> "NDArray[np.float64]":
    """Project `features` on the principal components that together hold `variance` of the variance.

    Parameters: `features`, float32 (n, d), which may be a file mapped into memory; `variance`, above 0 and at most 1;
    `order`, int (n,), the order in which the rows are seen, by default their own order; `directions`, whether to turn
    the rows into directions first, see `imgsort.grouping.directions`; `least_components`, how many components are kept
    even if fewer hold so much variance. Returns float64 (n, k), with the rows in `order`.
    If all rows are the same, there is no variance to keep: the result is one column of zeros.

    For fewer rows than columns, and for more than 8192 columns, the function uses scikit-learn's `PCA` with a full
    singular value decomposition. Otherwise, it uses `CovariancePCA`. Neither way depends on a seed.
    """
    import numpy as np

    order = np.arange(len(features)) if order is None else order
    parts = partial(_parts, features, order)
    seen_as = seeing(parts, directions=directions) if len(features) > 1 else None
    if seen_as is None:
        return np.zeros((len(features), 1))
    if len(features) < features.shape[1] or features.shape[1] > MOST_COVARIANCE_WIDTH:
        return by_singular_values(seen_as(features[order]), variance, least_components)[0]
    pca = CovariancePCA(variance, least_components).fit_parts(map(seen_as, parts()))
    reduced = np.empty((len(features), len(pca.components_)))
    for start, rows in zip(range(0, len(features), _ROWS_AT_A_TIME), map(seen_as, parts()), strict=True):
        reduced[start : start + len(rows)] = pca.transform(rows)
    return reduced


def seeing(
    parts: "Callable[[], Iterator[NDArray[np.float32]]]", *, directions: bool
) -> "Callable[[NDArray[np.float32]], NDArray[np.float32]] | None":
    """Return what turns rows into what is compared: themselves, or directions. None: they cannot be told apart.

    `parts` yields all rows, (m, d) at a time, whenever it is called. There must be at least one row.
    """
    first = next(parts())[0]
    if all((rows == first).all() for rows in parts()):
        return None
    if not directions:
        return _as_they_are
    seen_as = Directions().fit_parts(parts()).transform
    return None if _are_alike(map(seen_as, parts())) else seen_as


class CovariancePCA:
    """Finds the principal components of rows that come in parts, by the eigenvectors of their covariance.

    Sums are float64. The mean of the first part is subtracted from the rows first, so large means cost no digits. The
    memory needed is a few d x d matrices, however many rows there are. Follows scikit-learn's estimators, and gives the
    same result as its `PCA(svd_solver="covariance_eigh")`. Learned by `fit_parts`: `mean_`, float64 (d,);
    `components_`, float64 (k, d); `explained_variance_ratio_`, float64 (k,).
    """

    def __init__(self, variance: float, least_components: int = 1) -> None:
        self.variance = variance
        self.least_components = least_components

    def fit_parts(self, parts: "Iterable[NDArray[np.floating]]") -> Self:
        """Learn from parts of (m, d) rows each. All parts together must have at least two rows."""
        import numpy as np

        parts = iter(parts)
        first = next(parts)
        about = first.mean(axis=0, dtype=np.float64)
        sums = Sums.of(first, about)
        for rows in parts:
            sums += Sums.of(rows, about)
        return self.fit_sums(sums)

    def fit_sums(self, sums: Sums) -> Self:
        """Learn from the sums of at least two rows, wherever their parts were added up."""
        import numpy as np

        self.mean_ = sums.mean
        values, vectors = np.linalg.eigh(sums.covariance)
        self._take_largest(values[::-1].clip(min=0), vectors[:, ::-1].T)
        return self

    def _take_largest(self, values: "NDArray[np.float64]", vectors: "NDArray[np.float64]") -> None:
        import numpy as np

        ratios = values / values.sum()
        count = len(ratios) if self.variance >= 1 else np.searchsorted(np.cumsum(ratios), self.variance, "right") + 1
        count = max(count, self.least_components)
        components = vectors[:count]
        # The sign of an eigenvector is arbitrary. As scikit-learn does, the code makes its largest number positive.
        largest = np.abs(components).argmax(axis=1)
        self.components_ = components * np.sign(components[np.arange(len(components)), largest])[:, None]
        self.explained_variance_ratio_ = ratios[:count]

    def transform(self, rows: "NDArray[np.floating]") -> "NDArray[np.float64]":
        """Project rows, (m, d), on the components: float64 (m, k)."""
        projected: NDArray[np.float64] = (rows - self.mean_) @ self.components_.T
        return projected


def by_singular_values(
    features: "NDArray[np.float32]", variance: float, least_components: int
) -> "tuple[NDArray[np.float64], PCA]":
    """Return `features`, (n, d), projected on the components that hold `variance`, and scikit-learn's PCA of all.

    The components that are kept are the PCA's first ones, as many as the result has columns.
    """
    import numpy as np
    from sklearn.decomposition import PCA

    pca = PCA(svd_solver="full")
    reduced: NDArray[np.float64] = pca.fit_transform(features.astype(np.float64))
    if variance >= 1:
        return reduced, pca
    # The number that PCA itself takes for a share of the variance.
    count = int(np.searchsorted(np.cumsum(pca.explained_variance_ratio_), variance, "right")) + 1
    return np.ascontiguousarray(reduced[:, : max(count, least_components)]), pca


def _are_alike(parts: "Iterator[NDArray[np.float32]]") -> bool:
    """Say whether all rows are the same direction, except for rounding.

    The rows of flat pictures are the same direction, whatever their brightness.
    """
    import numpy as np

    first = next(parts)
    return all(np.abs(rows - first[0]).max() < _ROUNDING for rows in itertools.chain([first], parts))


def _as_they_are(rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    return rows


def _parts(features: "NDArray[np.float32]", order: "NDArray[np.intp]") -> "Iterator[NDArray[np.float32]]":
    """Yield the rows in this order, one part at a time."""
    for start in range(0, len(order), _ROWS_AT_A_TIME):
        yield features[order[start : start + _ROWS_AT_A_TIME]]
        let_go(features)
