"""Sums over parts of rows that can be added up in any order and on any machine: counts, means and covariances."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(eq=False)
class Sums:
    """How many rows there are, their sum and the sum of their products, in double precision.

    `about`: float64 (d,), a point near their mean that is subtracted from each row first, so that large means cost no
    digits; sums can be added up if it is the same. `total`: float64 (d,). `products`: float64 (d, d).
    """

    about: "NDArray[np.float64]"
    count: int
    total: "NDArray[np.float64]"
    products: "NDArray[np.float64]"

    @classmethod
    def of(cls, rows: "NDArray[np.floating]", about: "NDArray[np.float64]") -> Self:
        """Return the sums of `rows`, (m, d), about a point, float64 (d,)."""
        shifted = rows - about
        return cls(about, len(rows), shifted.sum(axis=0), shifted.T @ shifted)

    def __add__(self, other: Self) -> Self:
        """Return the sums of all rows of both. Raises ValueError if they are about different points."""
        return type(self)(self.about, self.count, self.total.copy(), self.products.copy()).__iadd__(other)

    def __iadd__(self, other: Self) -> Self:
        """Add the rows of `other` to these. The products of wide rows are large, so none are copied."""
        if self.about is not other.about and not (self.about == other.about).all():
            raise ValueError("sums about different points cannot be added up")
        self.count += other.count
        self.total += other.total
        self.products += other.products
        return self

    @property
    def mean(self) -> "NDArray[np.float64]":
        """The mean of the rows, float64 (d,)."""
        return self.about + self.total / self.count

    @property
    def covariance(self) -> "NDArray[np.float64]":
        """The covariance of the rows, float64 (d, d), divided by one less than their number. It needs two rows."""
        import numpy as np

        products: NDArray[np.float64] = self.products - np.outer(self.total, self.total) / self.count
        return products / (self.count - 1)


@dataclass(frozen=True, eq=False)
class ClusterSums:
    """How many rows each cluster has, float64 (k,), and their sums, float64 (k, d)."""

    counts: "NDArray[np.float64]"
    totals: "NDArray[np.float64]"

    @classmethod
    def of(cls, rows: "NDArray[np.floating]", labels: "NDArray[np.integer]", clusters: int) -> Self:
        """Return the sums of `rows`, (m, d), by `labels`, int (m,), 0 to clusters - 1."""
        import numpy as np
        from scipy.sparse import csr_array

        members = csr_array((np.ones(len(rows)), (labels, np.arange(len(rows)))), shape=(clusters, len(rows)))
        return cls(
            np.bincount(labels, minlength=clusters).astype(np.float64), members @ rows.astype(np.float64, copy=False)
        )

    def __add__(self, other: Self) -> Self:
        """Return the sums of all rows of both."""
        return type(self)(self.counts + other.counts, self.totals + other.totals)

    def means(self, otherwise: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Return the mean of each cluster, float64 (k, d), and the row of `otherwise` for a cluster without rows."""
        import numpy as np

        counts = self.counts[:, None]
        return np.where(counts > 0, self.totals / np.maximum(counts, 1), otherwise)
