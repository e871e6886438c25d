"""`imgsort cache`: shows what is kept between runs, and makes it smaller."""

import re
from decimal import Decimal

from imgsort.errors import UsageError
from imgsort.features.cache import upkeep
from imgsort.features.cache.upkeep import CacheInfo

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.IGNORECASE)


def cache_info() -> CacheInfo:
    """Return what the cache holds. Raises CacheError."""
    return upkeep.look_into_cache()


def clear_cache(
    *, features: bool = True, models: bool = True, weights: bool = True, thumbnails: bool = True
) -> CacheInfo:
    """Remove features, converted models, fetched weights and thumbnails, or some of these, and return what is left.

    Raises CacheError.
    """
    if features:
        upkeep.clear_features()
    if models:
        upkeep.clear_models()
    if weights:
        upkeep.clear_weights()
    if thumbnails:
        upkeep.clear_thumbnails()
    return upkeep.look_into_cache()


def prune_cache(max_size: int | str) -> CacheInfo:
    """Remove what was unused for the longest time, until the rest takes at most `max_size`.

    `max_size`: a number of bytes, or a text such as `2GB`.
    Returns what is left. Raises CacheError, and UsageError for a text that is not a size.
    """
    upkeep.prune(max_size if isinstance(max_size, int) else parse_size(max_size))
    return upkeep.look_into_cache()


def parse_size(text: str) -> int:
    """Return the number of bytes that a text stands for, for example `2GB`, `500 MB` or `0`.

    The units are powers of ten. Raises UsageError.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"size {text!r}: give a number of bytes, or a size such as 500MB or 2GB.")
    return int(Decimal(match[1]) * _UNITS[match[2].lower()])
