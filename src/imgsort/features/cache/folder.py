"""Names the folder for everything that imgsort can make again: features, converted models, and weights."""

import errno
import os
from pathlib import Path


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
