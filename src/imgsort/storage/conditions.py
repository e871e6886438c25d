"""Finds out which conditions a store honours, by two small objects that are removed afterwards."""

import contextlib
import secrets
from collections.abc import Callable, Iterator

from imgsort.errors import StorageError
from imgsort.storage.objects import Bucket, Conditions, Refused, Unanswered, Unmet

_PROBE = b"imgsort tries what this store honours. This object may be removed."
_OTHER = b"imgsort tries what this store honours. This object may be removed too."


def probed(bucket: Bucket, name_of_bucket: str, prefix: str) -> Conditions:
    """Return what the store honours for keys below `prefix`. Raises StorageError.

    Most stores that do not know a condition carry the request out all the same. So each request is made where its
    condition is not met.
    """
    try:
        return _probed(bucket, name_of_bucket, prefix)
    except (Refused, Unanswered) as error:
        raise StorageError(
            f"{name_of_bucket}: below {prefix} imgsort must write and remove small objects of its own, a lock among "
            f"them, and cannot: {error.strerror or error}. Check the rights of the credentials."
        ) from error


def _probed(bucket: Bucket, name_of_bucket: str, prefix: str) -> Conditions:
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
    except Refused:  # a store that does not know the condition, and does not ignore it
        return False
    return False


@contextlib.contextmanager
def _removed_afterwards(bucket: Bucket, *keys: str) -> Iterator[None]:
    try:
        yield
    finally:
        for key in (*keys, f"{keys[-1]}-copy"):
            bucket.remove(key, "")
