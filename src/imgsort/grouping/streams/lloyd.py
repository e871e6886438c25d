"""The two halves of a step of K-Means: each row joins the nearest centre, and the rows of each centre are added up.

Source: Lloyd, "Least squares quantization in PCM" (1982).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from imgsort.grouping.streams.rows import RowSource, numbered_parts
from imgsort.grouping.sums import ClusterSums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def assigned(
    rows: RowSource,
    seen_as: "Callable[[NDArray[np.float32]], NDArray[np.float32]]",
    directions: "NDArray[np.float64]",
    offsets: "NDArray[np.float64]",
) -> "tuple[NDArray[np.intp], ClusterSums]":
    """Return the label of each row, int (n,), and the sums of what was seen by label.

    A row's label is the place of the smallest of `offsets`, (k,), minus twice its products with `directions`, (d, k).
    With centres as directions and their squared lengths as offsets, it is the nearest centre: the square of the row
    itself is the same for all of them. `seen_as`: turns rows into what is compared.
    """
    import numpy as np

    labels = np.empty(len(rows), dtype=np.intp)
    sums = ClusterSums(np.zeros(len(offsets)), np.zeros((len(offsets), rows.width)))
    for place, part in numbered_parts(rows):
        seen = seen_as(part)
        labels[place] = (offsets - 2 * (seen.astype(np.float64) @ directions)).argmin(axis=1)
        sums += ClusterSums.of(seen, labels[place], len(offsets))
    return labels, sums


def sums_by_label(
    rows: RowSource,
    labels: "NDArray[np.intp]",
    clusters: int,
    seen_as: "Callable[[NDArray[np.float32]], NDArray[np.floating]]",
) -> ClusterSums:
    """Return the sums of all rows, as they are seen, by their `labels`, int (n,), 0 to clusters - 1."""
    import numpy as np

    sums = ClusterSums(np.zeros(clusters), np.zeros((clusters, rows.width)))
    for place, part in numbered_parts(rows):
        sums += ClusterSums.of(seen_as(part), labels[place], clusters)
    return sums
