"""Lays rows of features out in two dimensions, so that rows that are alike lie together: the map of a collection.

t-SNE keeps neighbours together far better than two eigenvectors of the graph of neighbours or two principal components;
benchmarks/README.md has the table. Source: van der Maaten & Hinton, "Visualizing data using t-SNE" (2008); van der
Maaten, "Accelerating t-SNE using tree-based algorithms" (2014); starting from principal components as Kobak & Berens,
"The art of using t-SNE for single-cell transcriptomics" (2019).
"""

from typing import TYPE_CHECKING

from imgsort.grouping.reduce import reduce_features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Raise this number when equal rows get other places, because the cache keeps maps.
MAP_VERSION = 1

_VARIANCE, _MOST_COLUMNS = 0.95, 50
_PERPLEXITY = 30
# t-SNE needs some rows around each row. So few rows are shown by their principal components.
_FEWEST = 5
_STEPS = 400
_START_SIZE = 4e-4
# How coarsely t-SNE sums up what is far away. Neighbours are kept as well as with its default, 0.5, in less time.
_ANGLE = 0.8


def places_of(
    matrix: "NDArray[np.float32]", random_state: int = 0, *, order: "NDArray[np.intp] | None" = None
) -> "NDArray[np.float64]":
    """Return a place on the map for each row of `matrix`, float32 (n, d): float64 (n, 2), from 0 to 1.

    Both axes have the same scale, and the map is centred. Equal arguments give equal places. `order`: int (n,), the
    order in which the rows are seen, by default their own order; the places do not depend on the rows' own order if
    `order` does not. If all rows are equal, all lie in the middle.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    if len(matrix) == 0:
        return np.zeros((0, 2))
    order = np.arange(len(matrix)) if order is None else order
    # With one thread the sums have one order, so the places are the same on every run. Also, where other programs keep
    # the processors busy, the threads of t-SNE wait for each other ten times as long as they work.
    with threadpool_limits(1):
        rows = reduce_features(matrix, _VARIANCE, order, directions=True)[:, :_MOST_COLUMNS].astype(np.float32)
        laid_out = _laid_out(rows, random_state)
    places = np.empty((len(matrix), 2))
    places[order] = _fitted(laid_out)
    return places


def _laid_out(rows: "NDArray[np.float32]", random_state: int) -> "NDArray[np.float32]":
    import numpy as np
    from sklearn.manifold import TSNE

    start = np.zeros((len(rows), 2), dtype=np.float32)
    start[:, : min(2, rows.shape[1])] = rows[:, :2]
    size = np.ptp(start, axis=0).max()
    if len(rows) < _FEWEST or size == 0:
        return start
    tsne = TSNE(
        perplexity=min(_PERPLEXITY, (len(rows) - 1) / 3),
        max_iter=_STEPS,
        angle=_ANGLE,
        init=start * (_START_SIZE / size),
        random_state=random_state,
    )
    laid_out: NDArray[np.float32] = tsne.fit_transform(rows)
    return laid_out


def _fitted(places: "NDArray[np.floating]") -> "NDArray[np.float64]":
    """Return places, (n, 2), moved and scaled to fit from 0 to 1, centred, with the same scale for both axes."""
    import numpy as np

    places = places.astype(np.float64)
    least, most = places.min(axis=0), places.max(axis=0)
    size = float((most - least).max()) or 1.0
    fitted: NDArray[np.float64] = ((places - (least + most) / 2) / size + 0.5).clip(0, 1)
    return fitted
