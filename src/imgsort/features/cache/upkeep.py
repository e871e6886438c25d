"""Says what the cache folder holds, and makes it smaller."""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import CacheError
from imgsort.features.cache.feature_store import STORE_NAME, UNUSABLE, FeatureStore
from imgsort.features.cache.folder import named_cache_folder
from imgsort.features.cache.model_store import abandoned_files, kept_models
from imgsort.features.cache.row_table import kept_tables
from imgsort.features.cache.thumbnail_cache import THUMBNAIL_RECIPES, THUMBNAILS_NAME
from imgsort.features.cache.weights_store import kept_weights, remove_unfinished

# SQLite puts two files of its own beside the main file: https://www.sqlite.org/wal.html
_BESIDE = ("", "-wal", "-shm")


@dataclass(frozen=True)
class CacheInfo:
    """What the cache holds.

    `rows` is the number of rows of features, or None if their file cannot be read; `thumbnails` is that of thumbnails,
    whose file holds maps too. `tables` counts the collections whose features are kept in one file for `find`, `models`
    the converted models, and `weights` the files of weights that did not come from Keras' host. Sizes are in bytes.
    """

    folder: Path
    rows: int | None
    features_bytes: int
    models: int
    models_bytes: int
    weights: int
    weights_bytes: int
    thumbnails: int | None = 0
    thumbnails_bytes: int = 0
    tables: int = 0
    tables_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """The size of all of it together."""
        features = self.features_bytes + self.tables_bytes
        return features + self.models_bytes + self.weights_bytes + self.thumbnails_bytes

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {**vars(self), "folder": str(self.folder), "total_bytes": self.total_bytes}


def look_into_cache() -> CacheInfo:
    """Return what the cache holds. Raises CacheError if the user has no folder for a cache."""
    models, weights, tables = kept_models(), kept_weights(), kept_tables()
    return CacheInfo(
        folder=_folder(),
        rows=_rows(STORE_NAME),
        features_bytes=_size(_store_files(STORE_NAME)),
        models=len(models),
        models_bytes=_size(models),
        weights=len(weights),
        weights_bytes=_size(weights),
        thumbnails=_rows(THUMBNAILS_NAME, THUMBNAIL_RECIPES),
        thumbnails_bytes=_size(_store_files(THUMBNAILS_NAME)),
        tables=len(tables),
        tables_bytes=_size(tables),
    )


def clear_features() -> None:
    """Remove all kept features, even if they cannot be read, and the tables made of them. Raises CacheError."""
    _remove([*kept_tables(), *_store_files(STORE_NAME)])


def clear_thumbnails() -> None:
    """Remove all kept thumbnails and maps, even if they cannot be read. Raises CacheError."""
    _remove(_store_files(THUMBNAILS_NAME))


def clear_models() -> None:
    """Remove all converted models. Raises CacheError."""
    _remove([*kept_models(), *abandoned_files()])


def clear_weights() -> None:
    """Remove all weights that did not come from Keras' host. Raises CacheError."""
    remove_unfinished()
    _remove(kept_weights())


def prune(max_bytes: int) -> None:
    """Remove tables, thumbnails, features, models and weights until the cache is not larger than `max_bytes`.

    Tables go first, thumbnails and features next, because making them again takes less time. Weights go last, because
    they need a network. Within each kind, those that were not used for the longest time go first. Raises CacheError if
    thumbnails or features cannot be read, or if something cannot be removed.
    """
    excess = look_into_cache().total_bytes - max_bytes
    for file in sorted(kept_tables(), key=_last_use):
        if excess > 0:
            excess -= _size([file])
            _remove([file])
    for name, clear in ((THUMBNAILS_NAME, "thumbnails"), (STORE_NAME, "features")):
        _make_smaller(name, look_into_cache().total_bytes - max_bytes, clear)
    excess = look_into_cache().total_bytes - max_bytes
    for file in (*sorted(kept_models(), key=_last_use), *sorted(kept_weights(), key=_last_use)):
        if excess <= 0:
            return
        excess -= _size([file])
        _remove([file])


def _make_smaller(name: str, excess: int, clear: str) -> None:
    """Remove about `excess` bytes from the store with this name. `clear` is the option that removes all of it."""
    store_file = _folder() / name
    if excess <= 0 or not os.path.exists(store_file):
        return
    try:
        with contextlib.closing(FeatureStore(store_file)) as store:
            store.remove_least_used(excess)
            is_empty = store.count_features() == 0
    except UNUSABLE as error:
        raise CacheError(
            f"{store_file}: cannot be made smaller ({error}). `imgsort cache clear --{clear}` makes a new one."
        ) from error
    if is_empty:  # an empty file also takes space
        _remove(_store_files(name))


def _folder() -> Path:
    try:
        return named_cache_folder()
    except OSError as error:
        raise CacheError(f"there is no cache: {error.strerror}.") from error


def _store_files(name: str) -> list[Path]:
    """Return the files of the store with this name, the main one first: nobody opens the others without it."""
    files = [_folder() / f"{name}{end}" for end in _BESIDE]
    return [file for file in files if os.path.exists(file)]


def _rows(name: str, recipes: str = "") -> int | None:
    """Return the number of rows of the recipes that begin with `recipes`, or None if the store cannot be read."""
    store_file = _folder() / name
    if not os.path.exists(store_file):
        return 0
    try:
        with contextlib.closing(FeatureStore(store_file)) as store:
            return store.count_features(recipes)
    except UNUSABLE:
        return None


def _last_use(file: Path) -> float:
    with contextlib.suppress(OSError):  # another process has removed it
        return file.stat().st_mtime
    return 0


def _size(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        with contextlib.suppress(OSError):  # another process has removed it
            total += file.stat().st_size
    return total


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise CacheError(f"{file}: cannot be removed ({error.strerror}).") from error
