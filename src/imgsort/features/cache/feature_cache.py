"""Keeps features between runs.

A problem with the cache makes a run slower, but never makes it fail. The cache recognises a file by its path, size and
modification time, so that the file need not be read again. It finds features by the hash of the file's bytes, so that
it also finds those of a moved, renamed or copied image.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.features.cache.feature_store import UNUSABLE, FeatureStore, KnownFile, store_file
from imgsort.features.cache.folder import tell_if_temporary
from imgsort.features.cache.safe_store import SafeStore
from imgsort.images.finding.find import ImageFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WRITE_SECONDS = 1.0
_ROWS_AT_A_TIME = 500
# A file that changes within one tick of a coarse clock keeps its modification time. FAT's tick is two seconds.
_SETTLED_NS = 2_000_000_000


class NoCache:
    """A cache that knows nothing and keeps nothing."""

    def known_rows(self, root: Path, files: Sequence[ImageFile]) -> "Iterator[tuple[int, str, NDArray[np.float32]]]":
        """Yield nothing."""
        return iter(())

    def known_contents(self, root: Path, files: Sequence[ImageFile]) -> Iterator[tuple[int, str]]:
        """Yield nothing."""
        return iter(())

    def features_of(self, content: str) -> "NDArray[np.float32] | None":
        """Return None."""
        return None

    def keep(self, root: Path | None, file: ImageFile, content: str, features: "NDArray[np.float32] | None") -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


NO_CACHE = NoCache()


class FeatureCache:
    """The features that one `recipe` made. Several threads may use it at once.

    With `verify`, the cache recognises no file by its path. If something is wrong with the cache, `notice` is called
    once. From then on, the cache knows nothing and keeps nothing.
    """

    def __init__(self, recipe: str, *, notice: Callable[[str], None], verify: bool = False) -> None:
        self._verify = verify
        self._lock = threading.RLock()
        self._opened_ns = time.time_ns()
        self._written = time.monotonic()
        self._new_features: dict[str, NDArray[np.float32]] = {}
        self._new_files: list[KnownFile] = []
        tell_if_temporary(notice)
        self._store = SafeStore(store_file, partial(_tell_trouble, notice))
        self._recipe = self._store.ask(lambda store: store.recipe_number(recipe), 0)

    def known_rows(self, root: Path, files: Sequence[ImageFile]) -> "Iterator[tuple[int, str, NDArray[np.float32]]]":
        """Yield the number, content hash and features of each unchanged file.

        The features are float32 (width,). Files without kept features are left out.
        """
        for contents in self._known_parts(root, files):
            found = self._features(contents.values())
            for number, content in contents.items():
                if content in found:
                    yield number, content, found[content]

    def known_contents(self, root: Path, files: Sequence[ImageFile]) -> Iterator[tuple[int, str]]:
        """Yield the number and the content hash of each unchanged file, whether or not its features are kept."""
        for contents in self._known_parts(root, files):
            yield from contents.items()

    def _known_parts(self, root: Path, files: Sequence[ImageFile]) -> Iterator[dict[int, str]]:
        """Yield the content hashes of unchanged files by their number, in order, some at a time."""
        for start in range(0, 0 if self._verify else len(files), _ROWS_AT_A_TIME):
            part = files[start : start + _ROWS_AT_A_TIME]
            by_path: dict[str, str] = self._store.ask(partial(_unchanged, root=root, files=part), {})
            yield {number: by_path[file.path] for number, file in enumerate(part, start) if file.path in by_path}

    def features_of(self, content: str) -> "NDArray[np.float32] | None":
        """Return the features, float32 (width,), of the image whose bytes have this hash, or None."""
        return self._features([content]).get(content)

    def keep(self, root: Path | None, file: ImageFile, content: str, features: "NDArray[np.float32] | None") -> None:
        """Keep the content hash of a file and, unless they are None, its features.

        `root` is None if the file is in no folder of this machine; only its features are then kept. The cache writes
        to disk about once a second.
        """
        with self._lock:
            if features is not None:
                self._new_features[content] = features
            if root is not None and is_settled(file.mtime_ns, self._opened_ns):
                self._new_files.append(
                    KnownFile(_absolute(os.path.abspath(root), file), file.size, file.mtime_ns, content)
                )
            if time.monotonic() - self._written > _WRITE_SECONDS:
                self._write()

    def close(self) -> None:
        """Write what is not written yet, and close the file."""
        with self._lock:
            self._write()
            self._store.close()

    def _write(self) -> None:
        """Write in one short transaction, because other processes wait until it ends."""
        features, files = self._new_features, self._new_files
        self._new_features, self._new_files = {}, []
        self._store.ask(lambda store: store.put(self._recipe, features, files), None)
        self._written = time.monotonic()

    def _features(self, contents: Iterable[str]) -> "dict[str, NDArray[np.float32]]":
        return self._store.ask(lambda store: dict(store.features(self._recipe, set(contents))), {})


@contextlib.contextmanager
def opened_cache(
    recipe: str, *, is_wanted: bool, notice: Callable[[str], None], verify: bool
) -> Iterator[FeatureCache | NoCache]:
    """Open the cache of the features that a recipe makes, or the cache that knows nothing if none is wanted."""
    cache = FeatureCache(recipe, notice=notice, verify=verify) if is_wanted else NO_CACHE
    with contextlib.closing(cache):
        yield cache


def _tell_trouble(notice: Callable[[str], None], file: Path, error: Exception) -> None:
    notice(
        f"{file}: the cache cannot be used ({error}), so this run is slower. "
        "`imgsort cache clear --features` makes a new one; --no-cache runs without it."
    )


def remember_files(files: Iterable[KnownFile], read_since_ns: int) -> None:
    """Keep the content hashes of these files at the paths where a run has put them.

    No file was read before `read_since_ns`. A failure here is harmless: the files are read once more.
    """
    files = [file for file in files if is_settled(file.mtime_ns, read_since_ns)]
    with contextlib.suppress(*UNUSABLE), contextlib.closing(FeatureStore()) as store:
        store.put(0, {}, files)


def _unchanged(store: FeatureStore, root: Path, files: Sequence[ImageFile]) -> dict[str, str]:
    """Return the content hashes, by path, of the files whose size and modification time are still the same."""
    folder = os.path.abspath(root)
    stamps = {_absolute(folder, file): file for file in files}
    known = store.files(list(stamps))
    return {
        stamps[row.path].path: row.content
        for row in known
        if (row.size, row.mtime_ns) == (stamps[row.path].size, stamps[row.path].mtime_ns)
    }


def is_settled(mtime_ns: int, read_since_ns: int) -> bool:
    """Say whether a change after the file was read would give it another modification time.

    The time must also fit into an integer of SQLite.
    """
    return -(2**63) <= mtime_ns < read_since_ns - _SETTLED_NS


def _absolute(root: str, file: ImageFile) -> str:
    """Return where the bytes of a file of the absolute folder `root` lie.

    A link and the file that it leads to share their features.
    """
    if file.link is None and os.sep == "/" and not file.path.startswith("/"):
        return f"{root.rstrip('/')}/{file.path}"  # most files, and the other way takes ten times as long
    return os.path.abspath(file.place_in(Path(root)))
