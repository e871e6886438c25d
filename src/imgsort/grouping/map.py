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
# With more rows, t-SNE lays out so many of them first and puts each other row beside those that are nearest to it. Then
# all rows move a little. For many rows, this takes half of the time.
_LANDMARKS = 4000
_NEAREST_LANDMARKS = 3
_STEPS, _FINISHING_STEPS = 400, 250
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

    start = np.zeros((len(rows), 2), dtype=np.float32)
    start[:, : min(2, rows.shape[1])] = rows[:, :2]
    size = np.ptp(start, axis=0).max()
    if len(rows) < _FEWEST or size == 0:
        return start
    if len(rows) > _LANDMARKS:
        return _moved(rows, _beside_landmarks(rows, random_state), _FINISHING_STEPS, random_state, exaggeration=1.0)
    return _moved(rows, start * (_START_SIZE / size), _STEPS, random_state)


def _beside_landmarks(rows: "NDArray[np.float32]", random_state: int) -> "NDArray[np.float32]":
    """Return a place for each row, float32 (n, 2): between those of the landmarks that are nearest to it."""
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    random = np.random.default_rng(random_state)
    landmarks = np.sort(random.choice(len(rows), _LANDMARKS, replace=False))
    theirs = _laid_out(rows[landmarks], random_state)
    search = NearestNeighbors(n_neighbors=_NEAREST_LANDMARKS, algorithm="brute").fit(rows[landmarks])
    distances, nearest = search.kneighbors(rows)
    weights = 1 / np.maximum(distances, np.finfo(np.float32).eps)
    weights /= weights.sum(axis=1, keepdims=True)
    between = (weights[..., None] * theirs[nearest]).sum(axis=1)
    # Rows at one place would never part, whatever the difference between them.
    placed: NDArray[np.float32] = (between + random.normal(0, _START_SIZE, between.shape)).astype(np.float32)
    return placed


def _moved(
    rows: "NDArray[np.float32]",
    start: "NDArray[np.float32]",
    steps: int,
    random_state: int,
    *,
    exaggeration: float = 12.0,
) -> "NDArray[np.float32]":
    """Return the places, float32 (n, 2), after so many steps of t-SNE from `start`."""
    from sklearn.manifold import TSNE

    tsne = TSNE(
        perplexity=min(_PERPLEXITY, (len(rows) - 1) / 3),
        early_exaggeration=exaggeration,
        max_iter=steps,
        angle=_ANGLE,
        init=start,
        random_state=random_state,
    )
    moved: NDArray[np.float32] = tsne.fit_transform(rows)
    return moved


def _fitted(places: "NDArray[np.floating]") -> "NDArray[np.float64]":
    """Return places, (n, 2), moved and scaled to fit from 0 to 1, centred, with the same scale for both axes."""
    import numpy as np

    places = places.astype(np.float64)
    least, most = places.min(axis=0), places.max(axis=0)
    size = float((most - least).max()) or 1.0
    fitted: NDArray[np.float64] = ((places - (least + most) / 2) / size + 0.5).clip(0, 1)
    return fitted
