"""Opens the bucket of an address by the client for its kind of store."""

from importlib.util import find_spec

from imgsort.errors import MissingPackageError
from imgsort.storage.addresses import Address
from imgsort.storage.objects import Bucket

# By scheme: the package that knows the store, and the extra of imgsort that installs it.
_PACKAGES = {"s3": ("s3fs", "s3"), "gs": ("gcsfs", "gcs")}


def bucket_at(address: Address) -> Bucket:
    """Return the bucket of an address. The store is asked nothing yet. Raises MissingPackageError."""
    package, extra = _PACKAGES[address.scheme]
    if find_spec(package) is None:
        raise MissingPackageError(
            f"{address}: this needs the package {package}, which is not installed. The extra {extra} brings it: "
            f"`pip install '.[{extra}]'` in the folder of imgsort's source."
        )
    if address.scheme == "gs":
        from imgsort.storage.gcs import GcsBucket

        return GcsBucket(address)
    from imgsort.storage.s3.bucket import S3Bucket

    return S3Bucket(address)
