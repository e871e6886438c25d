"""Keeps thumbnails between runs, by the hash of the image's bytes.

The rules are those of `feature_cache`: a problem makes a run slower, but never makes it fail. What is read is foreign
data: a damaged thumbnail counts as missing. Only the user may read the file, because it shows private photographs.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from imgsort.features.cache.feature_store import FeatureStore
from imgsort.features.cache.folder import cache_folder
from imgsort.features.cache.safe_store import SafeStore
from imgsort.images.decoding.decode import READER_VERSION
from imgsort.images.thumbnail import THUMBNAIL_SIDE_PX, THUMBNAIL_VERSION

THUMBNAILS_NAME = "thumbnails.sqlite"
# The recipes of all versions begin in this way.
THUMBNAIL_RECIPES = "thumbnail "

_RECIPE = f"{THUMBNAIL_RECIPES}{THUMBNAIL_VERSION}, reader {READER_VERSION}"
_WRITE_SECONDS = 1.0
_PRIVATE = 0o600


class ThumbnailsInMemory:
    """Thumbnails that are kept until the process ends."""

    def __init__(self) -> None:
        self._new: dict[str, bytes] = {}

    def get(self, contents: Iterable[str]) -> dict[str, bytes]:
        """Return the thumbnails, as WebP, of the images whose bytes have these hashes. Others are left out."""
        return {content: self._new[content] for content in contents if content in self._new}

    def keep(self, content: str, webp: bytes) -> None:
        """Keep the thumbnail of the image whose bytes have this hash."""
        self._new[content] = webp

    def close(self) -> None:
        """Forget the thumbnails."""
        self._new = {}


class ThumbnailCache(ThumbnailsInMemory):
    """Thumbnails that are kept in the cache folder. Several threads may use it at once.

    If something is wrong with the cache, `notice` is called once. From then on, new thumbnails are kept in memory.
    """

    def __init__(self, *, notice: Callable[[str], None]) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._written = time.monotonic()
        self._store = SafeStore(thumbnails_file, tell_trouble(notice), opened_for_the_user_alone)
        self._recipe = self._store.ask(lambda store: store.recipe_number(_RECIPE), 0)

    def get(self, contents: Iterable[str]) -> dict[str, bytes]:
        """Return the thumbnails, as WebP, of the images whose bytes have these hashes. Others are left out."""
        with self._lock:
            wanted = set(contents)
            new = super().get(wanted)
            kept: dict[str, bytes] = self._store.ask(
                lambda store: dict(store.blobs(self._recipe, wanted - new.keys())), {}
            )
        return new | {content: webp for content, webp in kept.items() if _is_thumbnail(webp)}

    def keep(self, content: str, webp: bytes) -> None:
        """Keep the thumbnail of the image whose bytes have this hash. The cache writes to disk about once a second."""
        with self._lock:
            super().keep(content, webp)
            if time.monotonic() - self._written > _WRITE_SECONDS:
                self._write()

    def close(self) -> None:
        """Write what is not written yet, and close the file."""
        with self._lock:
            self._write()
            self._store.close()
            super().close()

    def _write(self) -> None:
        """Write in one short transaction, because other processes wait until it ends."""
        if self._store.ask(self._put, False):
            self._new = {}
        self._written = time.monotonic()

    def _put(self, store: FeatureStore) -> bool:
        store.put_blobs(self._recipe, self._new)
        return True


def thumbnails_file() -> Path:
    """Return the path of the file, which need not exist. Raises OSError."""
    return cache_folder() / THUMBNAILS_NAME


def tell_trouble(notice: Callable[[str], None]) -> Callable[[Path, Exception], None]:
    """Return what `SafeStore` calls if something is wrong with the file."""

    def tell(file: Path, error: Exception) -> None:
        notice(
            f"{file}: the cache of thumbnails cannot be used ({error}), so this run is slower. "
            "`imgsort cache clear --thumbnails` makes a new one."
        )

    return tell


def opened_for_the_user_alone(file: Path) -> FeatureStore:
    """Return the store in `file`. If it is new, only the user may read it, and so what SQLite puts beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE))
    return FeatureStore(file)


def _is_thumbnail(data: bytes) -> bool:
    """Say whether the data begins as a thumbnail: a lossy WebP of no more than its size (RFC 9649; RFC 6386, 9.1)."""
    if data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8 " or data[23:26] != b"\x9d\x01\x2a":
        return False
    width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return 0 < width <= THUMBNAIL_SIDE_PX and 0 < height <= THUMBNAIL_SIDE_PX
