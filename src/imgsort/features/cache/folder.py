"""Names the folder for everything that imgsort can make again: features, converted models, and weights."""

import contextlib
import errno
import os
import tempfile
from pathlib import Path

# Files with this suffix are not whole: a process was killed while it wrote one, or is about to rename it.
PART = ".part"


def cache_folder() -> Path:
    """Return the cache folder: IMGSORT_CACHE_DIR, or the user's own folder for caches.

    The folder need not exist. Raises OSError if the user has no home folder.
    """
    named = os.environ.get("IMGSORT_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("imgsort", appauthor=False))
    except RuntimeError as error:
        raise OSError(
            errno.ENOENT, "there is no home folder for the cache; name a folder with IMGSORT_CACHE_DIR"
        ) from error


def write_whole(file: Path, data: bytes) -> None:
    """Write `data` to a temporary file in the same folder, which is made if needed, and rename it to `file`.

    So another process sees the whole file or nothing. Raises OSError; then no part is left.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, suffix=PART)
    try:
        with open(descriptor, "wb") as handle:
            handle.write(data)
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
