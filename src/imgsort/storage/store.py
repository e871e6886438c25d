"""The objects below an address, under their paths: the part of their keys that comes after the prefix."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from imgsort.storage.addresses import Address
from imgsort.storage.buckets import bucket_at
from imgsort.storage.objects import Bucket, StoredObject


@dataclass(frozen=True)
class Store:
    """The objects below an address. It can be pickled; the credentials of its address travel with it."""

    address: Address
    bucket: Bucket = field(repr=False, compare=False)

    @classmethod
    def at(cls, address: Address) -> "Store":
        """Return the store at an address. It is asked nothing yet. Raises MissingPackageError."""
        return cls(address, bucket_at(address))

    def list(self, folder: str = "", *, recursive: bool = False) -> Iterator[StoredObject]:
        """Yield the objects in a folder, "" for all of the address; each `key` is the path relative to the address.

        Without `recursive`, only the objects directly in it. Raises StorageError and OSError.
        """
        prefix = self.address.key_of(f"{folder}/" if folder else "")
        for found in self.bucket.objects(prefix, recursive=recursive):
            path = found.key.removeprefix(self.address.prefix)
            if path:  # the key that is the prefix itself stands for a folder
                yield replace(found, key=path)

    def folders(self, folder: str = "") -> tuple[str, ...]:
        """Return the names of the folders directly in a folder: what comes before the next `/` of a key."""
        return self.bucket.folders(self.address.key_of(f"{folder}/" if folder else ""))

    def read(self, path: str, limit: int, mark: str = "") -> bytes:
        """Return the bytes of an object, as it was when it had this mark; "" for the object as it is.

        Raises OSError: with the code EFBIG if there are more than `limit` bytes, and Missing, Unmet, Refused and
        Unanswered. Raises StorageError if the store cannot be used at all.
        """
        return self.bucket.read(self.address.key_of(path), mark, limit)
