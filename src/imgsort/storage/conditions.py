"""Finds out which conditions a store honours, by two small objects that are removed afterwards."""

import contextlib
import secrets
from collections.abc import Callable, Iterator

from imgsort.storage.objects import Bucket, Conditions, Unmet, Unsupported

_PROBE = b"imgsort tries what this store honours. This object may be removed."
_OTHER = b"imgsort tries what this store honours. This object may be removed too."


def probed(bucket: Bucket, name_of_bucket: str, prefix: str) -> Conditions:
    """Return what the store honours for keys below `prefix`. Raises OSError and StorageError.

    Most stores that do not know a condition carry the request out all the same. So each request is made where its
    condition is not met.
    """
    name = secrets.token_hex(8)
    first, second = (f"{prefix}probe-{name}-{letter}" for letter in "ab")
    with _removed_afterwards(bucket, first, second):
        mark = bucket.put(first, _PROBE, is_free=False).mark
        wrong = bucket.put(second, _OTHER, is_free=False).mark
        put = _is_unmet(lambda: bucket.put(first, _PROBE, is_free=True))
        copy = (
            put
            and _is_unmet(lambda: bucket.copy(name_of_bucket, first, mark, second, is_free=True))
            and _is_unmet(lambda: bucket.copy(name_of_bucket, first, wrong, f"{second}-copy", is_free=False))
        )
        remove = _is_unmet(lambda: bucket.remove(first, wrong))
    return Conditions(copy=copy, put=put, remove=remove)


def _is_unmet(request: Callable[[], object]) -> bool:
    try:
        request()
    except Unmet:
        return True
    except Unsupported:
        return False
    return False


@contextlib.contextmanager
def _removed_afterwards(bucket: Bucket, *keys: str) -> Iterator[None]:
    try:
        yield
    finally:
        for key in (*keys, f"{keys[-1]}-copy"):
            bucket.remove(key, "")
