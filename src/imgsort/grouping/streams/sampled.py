"""Spreads the groups of a sample to all rows.

A row joins the group with the nearest centre, or that of the nearest row of the sample.
"""

from typing import TYPE_CHECKING

from imgsort.grouping.centres import around_centres
from imgsort.grouping.graph.neighbours import MOST_COLUMNS
from imgsort.grouping.streams.cells import Cells
from imgsort.grouping.streams.lloyd import assigned, sums_by_label
from imgsort.grouping.streams.reduction import Reduction
from imgsort.grouping.streams.rows import MatrixRows, RowSource, gathered, numbered_parts
from imgsort.grouping.sums import ClusterSums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How often all rows join their nearest centre. After a sample of 5,000 rows, a third time lowers the inertia by less
# than 1 in 10,000, and after one of 50,000 the second does no more. benchmarks/tables/at_size.md has the table.
TIMES = 2


class SampledRows:
    """All `rows`, and a sample of them that is grouped in their place: `reduced`, float64 (m, k).

    `numbers`: int (m,), which rows the sample is. The other parameters are those of `reduce_features`. The reduction is
    learned from all rows. At no time are more of them in memory than a part and the sample.
    """

    def __init__(
        self,
        rows: RowSource,
        numbers: "NDArray[np.intp]",
        variance: float,
        *,
        directions: bool = False,
        least_components: int = 1,
        random_state: int = 0,
    ) -> None:
        import numpy as np

        self._rows, self._numbers, self._random_state = rows, numbers, random_state
        sample = gathered(rows, numbers)
        self._reduction = Reduction(variance, directions=directions, least_components=least_components)
        self._reduction.fit(rows, sample)
        self.reduced = np.empty((len(sample), len(self._reduction.components_)))
        for place, part in numbered_parts(MatrixRows(sample)):
            self.reduced[place] = self._reduction.transform(part)
        self._nearest: NDArray[np.int32] | None = None

    def by_centres(self, labels: "NDArray[np.integer]") -> "NDArray[np.intp]":
        """Return the group of each row, int (n,), from those of the sample, `labels`, int (m,): K-Means goes on.

        Each row belongs to the nearest centre, and each centre becomes the mean of its rows, a few times.
        """
        import numpy as np

        owners = np.unique(labels, return_inverse=True)[1].astype(np.intp)
        count = int(owners.max()) + 1
        start = np.zeros((count, self.reduced.shape[1]))
        centres = ClusterSums.of(self.reduced, owners, count).means(start)
        for _ in range(TIMES):
            # The rows are not projected for this: the product with a centre in the reduced space is that with the
            # centre turned back.
            turned = self._reduction.components_.T @ centres.T
            offsets = np.einsum("ij,ij->i", centres, centres) + 2 * (self._reduction.mean_ @ turned)
            found, sums = assigned(self._rows, self._reduction.see, turned, offsets)
            centres = np.where(sums.counts[:, None] > 0, self._reduction.project(sums.means(sums.totals)), centres)
        return found

    def by_neighbours(self, labels: "NDArray[np.integer]") -> "NDArray[np.intp]":
        """Return the group of each row, int (n,), from those of the sample, `labels`, int (m,).

        It is the group of the nearest row of the sample. Equal rows have equal groups if those of the sample have.
        """
        import numpy as np

        if self._nearest is None:
            self._nearest = self._nearest_of_sample()
        return labels[self._nearest].astype(np.intp)

    def around_centres(self, labels: "NDArray[np.intp]") -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Return how far each row is from the mean of its group in the reduced space, and its clarity: float64 (n,).

        `labels`: int (n,), 0 to the number of groups - 1, none empty.
        """
        import numpy as np

        count = int(labels.max()) + 1
        sums = sums_by_label(self._rows, labels, count, self._reduction.see)
        centres = self._reduction.project(sums.means(sums.totals))
        distances, clear = np.empty(len(labels)), np.empty(len(labels))
        for place, part in numbered_parts(self._rows):
            distances[place], clear[place] = around_centres(centres, self._reduction.transform(part), labels[place])
        return distances, clear

    def _nearest_of_sample(self) -> "NDArray[np.int32]":
        """Return the place in the sample of the row that is nearest to each row: int32 (n,)."""
        import numpy as np

        cells = Cells(self.reduced[:, :MOST_COLUMNS].astype(np.float32), self._random_state)
        nearest = np.empty(len(self._rows), dtype=np.int32)
        for place, part in numbered_parts(self._rows):
            reduced = self._reduction.transform(part)[:, :MOST_COLUMNS].astype(np.float32)
            nearest[place] = cells.nearest(reduced, 1)[:, 0]
        # By rounding, a row of the sample may be a hair nearer to another one.
        nearest[self._numbers] = np.arange(len(self._numbers))
        return nearest
