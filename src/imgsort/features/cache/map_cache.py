"""Keeps maps between runs, in the file of the thumbnails. The rules are those of `thumbnail_cache`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from imgsort.features.cache.safe_store import SafeStore
from imgsort.features.cache.thumbnail_cache import opened_for_the_user_alone, tell_trouble, thumbnails_file
from imgsort.grouping.map import MAP_VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RECIPE = f"map {MAP_VERSION}"


class MapCache:
    """The maps that are kept. If something is wrong with the cache, `notice` is called once."""

    def __init__(self, *, notice: Callable[[str], None]) -> None:
        self._store = SafeStore(thumbnails_file, tell_trouble(notice), opened_for_the_user_alone)
        self._recipe = self._store.ask(lambda store: store.recipe_number(_RECIPE), 0)

    def get(self, key: str, rows: int) -> "NDArray[np.float64] | None":
        """Return the places, float64 (rows, 2), from 0 to 1, that are kept under `key`, 64 hex digits, or None."""
        import numpy as np

        kept: dict[str, bytes] = self._store.ask(lambda store: dict(store.blobs(self._recipe, [key])), {})
        numbers = kept.get(key, b"")
        if len(numbers) != rows * 2 * np.dtype("<f8").itemsize:
            return None
        places = np.frombuffer(numbers, "<f8").astype(np.float64).reshape(rows, 2)
        is_map = bool(((places >= 0) & (places <= 1)).all())
        return places if is_map else None

    def keep(self, key: str, places: "NDArray[np.float64]") -> None:
        """Keep places, float64 (n, 2), under `key`, 64 hex digits."""
        numbers = places.astype("<f8").tobytes()
        self._store.ask(lambda store: store.put_blobs(self._recipe, {key: numbers}), None)

    def close(self) -> None:
        """Close the file."""
        self._store.close()
