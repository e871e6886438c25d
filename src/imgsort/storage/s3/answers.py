"""Reads what a server of the S3 protocol answers: objects, and errors. Any other server may answer, too."""

import contextlib
import errno
from collections.abc import Iterator, Mapping
from typing import Any

from imgsort.errors import StorageError
from imgsort.storage.objects import Missing, Refused, StoredObject, Unmet, Unsupported, Written, stamp_ns
from imgsort.storage.retrying import Busy

# 409: two requests for one key came at once, and this one was not carried out.
_BUSY_STATUS = (409, 429, 500, 502, 503, 504)
_BUSY_CODES = ("SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable")
# The request is wrong for this object; others may go on.
_OF_ONE_OBJECT = (
    "403",
    "AccessDenied",
    "EntityTooLarge",
    "InvalidArgument",
    "InvalidObjectState",
    "InvalidRequest",
    "InvalidURI",
    "KeyTooLongError",
    "MetadataTooLarge",
)


def described(key: str, record: Mapping[str, Any], size: int) -> StoredObject:
    """Return the object that an answer describes. Raises the errors that `understood` takes."""
    made = written(record)
    stamp = stamp_ns(int(record["LastModified"].timestamp()), made.mark)
    return StoredObject(key, size, stamp, made.mark, made.digest, made.version)


def written(record: Mapping[str, Any]) -> Written:
    """Return what an answer says of an object that was written. Raises the errors that `understood` takes."""
    mark, version = record["ETag"].strip('"'), record.get("VersionId") or ""
    if not mark:  # no mark would stand for any object
        raise KeyError("ETag")
    return Written(mark, mark, "" if version == "null" else version)


@contextlib.contextmanager
def understood(bucket: str) -> Iterator[None]:
    """Raise StorageError if an answer has not what every answer of S3 has: something else answers."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"{bucket}: the server answers what no object store does ({error} is missing). Check the endpoint."
        ) from None


def error_of(response: Mapping[str, Any], bucket: str) -> Exception:
    """Return the error of `Bucket` for an answer of the store. Its text never repeats what the store says of a key."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status in _BUSY_STATUS or code in _BUSY_CODES:
        return Busy(f"{status} {code}")
    if code == "NoSuchBucket":
        return StorageError(f"{bucket}: there is no such bucket. Check its name and the endpoint.")
    if code in _OF_ONE_OBJECT:
        return Refused(errno.EACCES, f"the store does not allow it ({code})")
    kind = {404: Missing, 412: Unmet, 501: Unsupported}.get(status)
    if kind is not None:
        return kind(errno.EINVAL, f"the store answers {status} {code}")
    return StorageError(f"{bucket}: the store answers {status} {code}. Check the credentials and the endpoint.")
