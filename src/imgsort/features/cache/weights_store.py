"""Keeps weights that did not come from Keras' host, which Keras' own cache keeps."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from imgsort.content import file_content_hash
from imgsort.features.cache.folder import named_cache_folder

_SUFFIX = ".h5"
_UNFINISHED = "download-"
# A download takes at most an hour. A folder that is much older belongs to a process that was killed.
_ABANDONED_SECONDS = 86400


def weights_folder() -> Path:
    """Return the folder of weights, which need not exist. It is never a temporary one: a download would be lost.

    Raises OSError if the user has no home folder.
    """
    return named_cache_folder() / "weights"


def kept_weights() -> list[Path]:
    """Return the files of all kept weights."""
    return [path for path in _entries() if path.suffix == _SUFFIX]


def found_weights(name: str) -> Path | None:
    """Return the file that is kept as `name`, or None."""
    return next((path for path in kept_weights() if path.stem.rpartition("-")[0] == name), None)


def whole_weights(name: str) -> Path | None:
    """Return the file that is kept as `name`, or None.

    The name of the file contains the hash of its bytes. So a damaged file is noticed, and removed.
    """
    path = found_weights(name)
    if path is None:
        return None
    digest = file_content_hash(path)
    if digest == path.stem.rpartition("-")[2]:
        with contextlib.suppress(OSError):  # a read-only cache is still useful
            os.utime(path)  # `cache prune` first removes what was not used for the longest time
        return path
    if digest is not None:
        with contextlib.suppress(OSError):
            path.unlink()
    return None


def keep_weights(name: str, file: Path) -> Path:
    """Keep `file`, which lies in an unfinished folder, as `name`, and return its new path. Raises OSError.

    The file is renamed. So another process sees the whole file or nothing.
    """
    target = weights_folder() / f"{name}-{file_content_hash(file)}{_SUFFIX}"
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
    os.replace(file, target)
    return target


@contextlib.contextmanager
def unfinished_folder() -> Iterator[Path]:
    """Give an empty folder, which only this user may enter, for a download. At the end, it is removed.

    Raises OSError if the cache folder cannot be written to.
    """
    weights_folder().mkdir(parents=True, exist_ok=True)
    remove_unfinished(older_than_seconds=_ABANDONED_SECONDS)
    folder = Path(tempfile.mkdtemp(dir=weights_folder(), prefix=_UNFINISHED))
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_unfinished(*, older_than_seconds: float = 0) -> None:
    """Remove the folders of downloads that began so long ago."""
    for path in _entries():
        with contextlib.suppress(OSError):
            if path.name.startswith(_UNFINISHED) and time.time() - path.stat().st_mtime >= older_than_seconds:
                shutil.rmtree(path, ignore_errors=True)


def _entries() -> list[Path]:
    """Return what lies in the folder, or nothing if it cannot be read."""
    with contextlib.suppress(OSError):
        return sorted(weights_folder().iterdir())
    return []
