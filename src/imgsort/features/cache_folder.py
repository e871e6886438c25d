"""Where imgsort keeps what it can make again: features of images, and converted models."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder, which need not be there: IMGSORT_CACHE_DIR, or the user's own for caches."""
    named = os.environ.get("IMGSORT_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("imgsort", appauthor=False))
