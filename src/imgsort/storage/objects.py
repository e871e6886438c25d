"""Describes an object of a store, and what a store can answer to a request."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

# Larger objects need another way to be copied, and no image is so large.
MAX_COPIED_BYTES = 5 * 1024**3

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class StoredObject:
    """An object as its store describes it.

    `mark`: changes whenever the object does: the ETag in S3, the generation in Google's store.
    `digest`: what the store says of the bytes. Two objects with equal digests and sizes hold the same bytes; two with
    different digests may do so, too.
    `version`: the id of this version, or "" if the bucket keeps no versions.
    `mtime_ns`: a whole second, and below it a number made from the mark: a change within a second shows.
    """

    key: str
    size: int
    mtime_ns: int
    mark: str
    digest: str = ""
    version: str = ""


def stamp_ns(seconds: int, mark: str) -> int:
    """Return the time of an object in nanoseconds, with a number made from its mark below a second.

    Stores tell only the second. An object that changes twice within one must not look the same.
    """
    return seconds * _SECOND_NS + zlib.crc32(mark.encode()) % _SECOND_NS


@dataclass(frozen=True)
class Written:
    """An object that was just written: its mark, what the store says of its bytes, and its version or ""."""

    mark: str
    digest: str
    version: str = ""


@dataclass(frozen=True)
class Conditions:
    """What a store honours.

    `copy`: it copies only if the new key is free and the object is the one that was meant. `put`: it writes only if
    the key is free. `remove`: it removes only the object that was meant.
    """

    copy: bool
    put: bool
    remove: bool


NO_CONDITIONS = Conditions(copy=False, put=False, remove=False)


class Missing(OSError):
    """There is no such object."""


class Unmet(OSError):
    """A condition is not met: the key is taken, or the object is another one now.

    `was_retried`: the request had been sent before, and perhaps carried out. Then it may have met its own result.
    """

    was_retried = False


class Refused(OSError):
    """The store does not allow the request for this object."""


class Unsupported(Refused):
    """The store does not know such a request or condition, and says so."""


class Unanswered(OSError):
    """The store did not answer a request, however often it was asked."""


class Bucket(Protocol):
    """A bucket. Keys are whole. Several threads may use it at once; it can be pickled.

    Every method raises Refused and Unanswered, and StorageError if the store cannot be used at all.
    """

    @property
    def host(self) -> str:
        """Where the store is, without credentials; "" for the provider's own."""

    def objects(self, prefix: str, *, recursive: bool) -> Iterator[StoredObject]:
        """Yield the objects whose keys begin with `prefix`; without `recursive`, only those without a further `/`."""

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the names that come between `prefix` and a further `/`."""

    def head(self, key: str) -> StoredObject | None:
        """Return the object, or None if there is none."""

    def read(self, key: str, mark: str, max_bytes: int) -> bytes:
        """Return the bytes of the object with this mark; "" for any mark.

        Raises Missing, Unmet, and OSError with the code EFBIG.
        """

    def put(self, key: str, data: bytes, *, is_free: bool) -> Written:
        """Write an object. With `is_free`, only if there is none; raises Unmet otherwise."""

    def copy(self, source: str, key: str, mark: str, target: str, *, is_free: bool) -> Written:
        """Copy an object within the store, its metadata too. With `is_free`, only if there is no `target` yet.

        `source`: the name of the bucket that `key` is in. Raises Missing. Raises Unmet if the object has another mark,
        or if `target` is taken.
        """

    def copy_through(self, source: str, key: str, mark: str, target: str, *, is_free: bool) -> Written:
        """Do the same by reading the object here and writing it, for a store that copies without conditions."""

    def remove(self, key: str, mark: str) -> None:
        """Remove the object with this mark. "" for any mark. Raises Unmet if it is another one; none is no error."""
