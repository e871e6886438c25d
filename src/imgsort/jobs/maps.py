"""Makes the map of the images that a command saw, or finds it in the cache."""

import hashlib
from typing import TYPE_CHECKING

from imgsort.features.cache.map_cache import MapCache
from imgsort.grouping.map import places_of
from imgsort.jobs.study import Study
from imgsort.mapped import let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROWS_AT_A_TIME = 512


def map_of(study: Study, cache: MapCache | None = None) -> "NDArray[np.float64] | None":
    """Return the place of each image of `study` on the map: float64 (n, 2), from 0 to 1.

    It is None if no model looked at the images. The map depends on the images alone, not on their names or folders. A
    kept map is found by the features of all images, and a new one is kept. `cache`: None for a run without the cache.
    """
    import numpy as np

    if study.matrix is None:
        return None
    order = np.array(sorted(range(len(study.contents)), key=study.contents.__getitem__), dtype=np.intp)
    if cache is None:
        return places_of(study.matrix, order=order)
    key = _key(study.matrix, order)
    in_order = cache.get(key, len(order))
    if in_order is None:
        in_order = places_of(study.matrix, order=order)[order]
        cache.keep(key, in_order)
    places = np.empty_like(in_order)
    places[order] = in_order
    return places


def _key(matrix: "NDArray[np.float32]", order: "NDArray[np.intp]") -> str:
    """Return the hash of the rows in this order. Whatever made the features, equal features have one map."""
    digest = hashlib.sha256()
    for start in range(0, len(order), _ROWS_AT_A_TIME):
        digest.update(matrix[order[start : start + _ROWS_AT_A_TIME]].astype("<f4").tobytes())
        let_go(matrix)
    return digest.hexdigest()
