"""Imports Ray, if it is one that imgsort knows."""

from typing import Any

from imgsort.errors import MissingPackageError

# Older ones have no tokens.
_OLDEST = (2, 55)


def import_ray() -> Any:
    """Return the module `ray`. Raises MissingPackageError if it is missing or too old."""
    remedy = "pip install '.[ray]' in a checkout of imgsort, on every machine of the cluster."
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingPackageError(f"--engine ray needs Ray ({error}): {remedy}") from error
    version = tuple(int(part) for part in ray.__version__.split(".")[:2])
    if version < _OLDEST:
        raise MissingPackageError(
            f"--engine ray needs Ray {'.'.join(map(str, _OLDEST))} or newer, and this is {ray.__version__}: {remedy}"
        )
    return ray
