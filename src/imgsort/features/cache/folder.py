"""Where imgsort keeps what it can make again: features of images, and converted models."""

import errno
import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder, which need not be there: IMGSORT_CACHE_DIR, or the user's own for caches.

    Raises OSError for a user who has no home.
    """
    named = os.environ.get("IMGSORT_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("imgsort", appauthor=False))
    except RuntimeError as error:
        raise OSError(
            errno.ENOENT, "there is no home folder to keep anything in; name one with IMGSORT_CACHE_DIR"
        ) from error
