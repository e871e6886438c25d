"""Opens the bucket of an address by the client for its kind of store."""

from imgsort.storage.addresses import Address
from imgsort.storage.objects import Bucket


def bucket_at(address: Address) -> Bucket:
    """Return the bucket of an address. The store is asked nothing yet."""
    if address.scheme == "gs":
        from imgsort.storage.gcs import GcsBucket

        return GcsBucket(address)
    from imgsort.storage.s3 import S3Bucket

    return S3Bucket(address)
