"""One bucket of S3, or of a store that speaks its protocol, by the client of s3fs.

s3fs finds the credentials, the profile, the region and the endpoint as every tool for S3 does. Its client is used
directly, because a path of fsspec cannot hold every key, and because the conditions are the client's.
"""

import errno
import os
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from imgsort.errors import StorageError
from imgsort.storage.addresses import Address, Credentials, without_credentials
from imgsort.storage.objects import MAX_COPIED_BYTES, Missing, StoredObject, Unmet, Written
from imgsort.storage.retrying import Busy, Patience
from imgsort.storage.s3.answers import described, error_of, understood, written

# What travels with an object that is read here and written again.
_HEADERS = ("ContentType", "ContentEncoding", "ContentLanguage", "ContentDisposition", "CacheControl", "Metadata")
_PROVIDER = ".amazonaws.com"
# A larger object is held in memory alone. Others may be held in several threads at once.
_LARGE_BYTES = 32 * 1024**2
_one_large_at_a_time = threading.Lock()

_opening = threading.Lock()
_opened: dict[Any, Any] = {}


class S3Bucket:
    """A bucket of S3. `imgsort.storage.objects.Bucket` describes the methods."""

    def __init__(self, address: Address) -> None:
        self._address, self._name = address, f"s3://{address.bucket}"
        self._patience = Patience(self._name)

    def __reduce__(self) -> Any:
        return S3Bucket, (self._address,)

    @property
    def host(self) -> str:
        """Where the store is, without credentials; "" for Amazon's own."""
        parts = urlsplit(self._run(_endpoint))
        host = parts.hostname or ""
        return "" if host.endswith(_PROVIDER) else f"{host}:{parts.port}" if parts.port else host

    def objects(self, prefix: str, *, recursive: bool) -> Iterator[StoredObject]:
        """Yield the objects whose keys begin with `prefix`; without `recursive`, only those without a further `/`."""
        for page in self._pages(prefix, {} if recursive else {"Delimiter": "/"}):
            with understood(self._name):
                found = [described(record["Key"], record, record["Size"]) for record in page.get("Contents", ())]
            yield from found

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the names that come between `prefix` and a further `/`."""
        pages = self._pages(prefix, {"Delimiter": "/"})
        with understood(self._name):
            found = [record["Prefix"] for page in pages for record in page.get("CommonPrefixes", ())]
        return tuple(name.removeprefix(prefix).removesuffix("/") for name in found)

    def head(self, key: str) -> StoredObject | None:
        """Return the object, or None if there is none."""
        try:
            record = self._call("head_object", {"Key": key})
        except Missing:
            return None
        with understood(self._name):
            return described(key, record, record["ContentLength"])

    def read(self, key: str, mark: str, max_bytes: int) -> bytes:
        """Return the bytes of the object with this mark; "" for any mark."""
        return bytes(self._read(key, mark, max_bytes)["Body"])

    def put(self, key: str, data: bytes, *, is_free: bool) -> Written:
        """Write an object. With `is_free`, only if there is none; raises Unmet otherwise."""
        return self._written("put_object", {"Key": key, "Body": data, **_free(is_free)})

    def copy(self, source: str, key: str, mark: str, target: str, *, is_free: bool) -> Written:
        """Copy an object within the store, its metadata too. With `is_free`, only if there is no `target` yet."""
        place = {"Bucket": source, "Key": key}
        values = {"Key": target, "CopySource": place, "CopySourceIfMatch": f'"{mark}"', **_free(is_free)}
        return self._written("copy_object", values)

    def copy_through(self, source: str, key: str, mark: str, target: str, *, is_free: bool) -> Written:
        """Do the same by reading the object here and writing it."""
        if self._call("head_object", {"Key": key}, source).get("ContentLength", MAX_COPIED_BYTES) <= _LARGE_BYTES:
            return self._copy_through(source, key, mark, target, is_free=is_free)
        with _one_large_at_a_time:
            return self._copy_through(source, key, mark, target, is_free=is_free)

    def _copy_through(self, source: str, key: str, mark: str, target: str, *, is_free: bool) -> Written:
        record = self._read(key, mark, MAX_COPIED_BYTES, source)
        headers = {name: record[name] for name in _HEADERS if record.get(name)}
        values = {"Key": target, "Body": record["Body"], **headers, **_free(is_free)}
        return self._written("put_object", values)

    def _written(self, method: str, values: dict[str, Any]) -> Written:
        record = self._call(method, values)
        with understood(self._name):
            return written({**record, **record.get("CopyObjectResult", {})})

    def remove(self, key: str, mark: str) -> None:
        """Remove the object with this mark. "" for any mark."""
        try:
            self._call("delete_object", {"Key": key, **_only(mark)})
        except Missing:
            return

    def _read(self, key: str, mark: str, max_bytes: int, bucket: str = "") -> dict[str, Any]:
        record = self._call("get_object", {"Key": key, **_only(mark)}, bucket, most=max_bytes)
        with understood(self._name):
            data, found = record["Body"], written(record).mark
        if data is None:
            raise OSError(errno.EFBIG, f"larger than {max_bytes // 1024**2} MiB")
        if mark and found != mark:  # a store that ignores the condition
            raise Unmet(errno.EEXIST, "the object is another one now")
        return record

    def _pages(self, prefix: str, limits: dict[str, str]) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            try:
                page = self._call("list_objects_v2", {"Prefix": prefix, **limits, **token})
            except OSError as error:
                raise StorageError(
                    f"{self._name}: its objects cannot be listed: {error.strerror or error}. Check the credentials "
                    "and the endpoint (AWS_ENDPOINT_URL)."
                ) from error
            with understood(self._name):
                goes_on = page["IsTruncated"]  # every answer has it; without it, nothing may seem to be there
                before, token = token, {"ContinuationToken": page["NextContinuationToken"]} if goes_on else {}
                if goes_on and token == before:
                    raise KeyError("the page after the last one")
            yield page
            if not goes_on:
                return

    def _call(self, method: str, values: dict[str, Any], bucket: str = "", *, most: int = 0) -> dict[str, Any]:
        """Return the answer of the store. A body of more than `most` bytes is not read; it is None.

        `bucket`: another bucket than this one.
        """

        async def asked(client: Any) -> dict[str, Any]:
            record: dict[str, Any] = await getattr(client, method)(Bucket=bucket or self._address.bucket, **values)
            if "Body" in record:
                async with record["Body"] as body:
                    record["Body"] = None if record.get("ContentLength", 0) > most else await body.read()
            return record

        return self._patience.answer(lambda: self._run(asked))

    def _run(self, work: Any) -> Any:
        """Return what `work` returns for the client of s3fs; its errors are those of `Bucket`, and Busy."""
        files = _files(self._address.credentials)
        from aiohttp import ClientError as BrokenBody
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            HTTPClientError,
            IncompleteReadError,
            NoCredentialsError,
        )
        from botocore.exceptions import ConnectionError as BrokenConnection
        from fsspec.asyn import sync

        async def with_client() -> Any:
            return await work(await files.set_session())

        try:
            return sync(files.loop, with_client)
        except ClientError as error:
            raise error_of(error.response, self._name) from None
        except NoCredentialsError:
            raise StorageError(
                f"{self._name}: there are no credentials. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or AWS_PROFILE, name them."
            ) from None
        except (BrokenConnection, HTTPClientError, IncompleteReadError, BrokenBody, TimeoutError) as error:
            raise Busy(type(error).__name__) from None
        except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no address
            what = without_credentials(f"{type(error).__name__}: {error}")
            raise StorageError(f"{self._name}: the store cannot be asked ({what}). Check the endpoint.") from None


def _files(signed: Credentials | None) -> Any:
    """Return the file system of s3fs. It is opened once in a process, because reading its descriptions takes time."""
    settings = sorted((name, value) for name, value in os.environ.items() if name.startswith(("AWS_", "FSSPEC_")))
    key = (os.getpid(), None if signed is None else (signed.key, signed.secret), *settings)
    with _opening:
        if key not in _opened:
            import s3fs

            _opened[key] = s3fs.S3FileSystem(
                key=None if signed is None else signed.key,
                secret=None if signed is None else signed.secret,
                skip_instance_cache=True,
                use_listings_cache=False,
                config_kwargs={
                    "retries": {"total_max_attempts": 1, "mode": "standard"},  # Patience tries again
                    "connect_timeout": 20,
                    "read_timeout": 60,
                    "max_pool_connections": 32,
                },
            )
        return _opened[key]


async def _endpoint(client: Any) -> str:
    return str(client.meta.endpoint_url)


def _free(is_free: bool) -> dict[str, str]:
    return {"IfNoneMatch": "*"} if is_free else {}


def _only(mark: str) -> dict[str, str]:
    return {"IfMatch": f'"{mark}"'} if mark else {}
