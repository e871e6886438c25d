"""One bucket of Google's store, by the client of gcsfs. Its conditions are generations: 0 means that a key is free."""

import errno
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from imgsort.errors import StorageError
from imgsort.storage.addresses import Address
from imgsort.storage.objects import Missing, Refused, StoredObject, Unmet, Written, stamp_ns
from imgsort.storage.retrying import Busy, Patience

_BUSY_STATUS = (408, 429, 500, 502, 503, 504)


class GcsBucket:
    """A bucket of Google's store. `imgsort.storage.objects.Bucket` describes the methods."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._patience = Patience(f"gs://{address.bucket}")
        self._process = 0
        self._files: Any = None
        self._lock = threading.Lock()

    def __reduce__(self) -> Any:
        return GcsBucket, (self._address,)

    @property
    def host(self) -> str:
        """Where the store is; "" for Google's own."""
        from urllib.parse import urlsplit

        host = urlsplit(self._opened()._location).netloc.rpartition("@")[2]
        return "" if host.endswith("googleapis.com") else host

    def objects(self, prefix: str, *, recursive: bool) -> Iterator[StoredObject]:
        """Yield the objects whose keys begin with `prefix`; without `recursive`, only those without a further `/`."""
        for page in self._pages(prefix, {} if recursive else {"delimiter": "/"}):
            yield from (_described(record) for record in page.get("items", ()))

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the names that come between `prefix` and a further `/`."""
        found = (name for page in self._pages(prefix, {"delimiter": "/"}) for name in page.get("prefixes", ()))
        return tuple(name.removeprefix(prefix).removesuffix("/") for name in found)

    def head(self, key: str) -> StoredObject | None:
        """Return the object, or None if there is none."""
        try:
            return _described(self._json("GET", self._place(key), {}))
        except Missing:
            return None

    def read(self, key: str, mark: str, max_bytes: int) -> bytes:
        """Return the bytes of the object with this mark; "" for any mark."""
        head = self.head(key)
        if head is None:
            raise Missing(errno.ENOENT, "there is no such object")
        if head.size > max_bytes:
            raise OSError(errno.EFBIG, f"larger than {max_bytes // 1024**2} MiB")
        only = {"ifGenerationMatch": mark or head.mark}
        return bytes(self._ask("GET", self._place(key), {"alt": "media", **only})[1])

    def put(self, key: str, data: bytes, *, is_free: bool) -> Written:
        """Write an object. With `is_free`, only if there is none; raises Unmet otherwise."""
        place = f"{self._opened()._location}/upload/storage/v1/b/{self._address.bucket}/o"
        values = {"uploadType": "media", "name": key, **_free(is_free)}
        return _written(self._json("POST", place, values, data))

    def copy(self, source: str, key: str, mark: str, target: str, *, is_free: bool) -> Written:
        """Copy an object within the store, its metadata too. With `is_free`, only if there is no `target` yet."""
        place = f"b/{source}/o/{quote(key, safe='')}/rewriteTo/{self._place(target)}"
        values = {"ifSourceGenerationMatch": mark, **_free(is_free)}
        answer = self._json("POST", place, values)
        while not answer["done"]:  # a large object is copied in several steps
            answer = self._json("POST", place, {"rewriteToken": answer["rewriteToken"], **values})
        return _written(answer["resource"])

    def copy_through(self, source: str, key: str, mark: str, target: str, *, is_free: bool) -> Written:
        """Do the same for a store that ignores conditions, such as an emulator: the source is looked at first."""
        found = self._json("GET", f"b/{source}/o/{quote(key, safe='')}", {})
        if str(found["generation"]) != mark:
            raise Unmet(errno.EEXIST, "the object is another one now")
        return self.copy(source, key, mark, target, is_free=is_free)

    def remove(self, key: str, mark: str) -> None:
        """Remove the object with this mark. "" for any mark."""
        try:
            self._ask("DELETE", self._place(key), {"ifGenerationMatch": mark} if mark else {})
        except Missing:
            return

    def _place(self, key: str) -> str:
        return f"b/{self._address.bucket}/o/{quote(key, safe='')}"

    def _pages(self, prefix: str, limits: dict[str, str]) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = self._json("GET", f"b/{self._address.bucket}/o", {"prefix": prefix, **limits, **token})
            yield page
            if "nextPageToken" not in page:
                return
            token = {"pageToken": page["nextPageToken"]}

    def _json(self, method: str, place: str, values: dict[str, str], data: bytes | None = None) -> dict[str, Any]:
        import json

        answer: dict[str, Any] = json.loads(self._ask(method, place, values, data)[1])
        return answer

    def _ask(self, method: str, place: str, values: dict[str, str], data: bytes | None = None) -> Any:
        """Return the headers and the bytes of an answer."""
        return self._patience.answer(lambda: self._asked(method, place, data, values))

    def _asked(self, method: str, place: str, data: bytes | None, values: dict[str, str]) -> Any:
        from aiohttp import ClientError
        from fsspec.asyn import sync
        from gcsfs.retry import HttpError
        from requests.exceptions import RequestException

        files = self._opened()

        async def asked() -> Any:
            # One attempt: Patience tries again, and knows then that it did.
            request = files._request.__wrapped__
            _, headers, _, contents = await request(files, method, place, data=data, **values)
            return headers, contents

        try:
            return sync(files.loop, asked)
        except FileNotFoundError:
            raise Missing(errno.ENOENT, "there is no such object") from None
        except FileExistsError:
            raise Unmet(errno.EEXIST, "the condition is not met") from None
        except HttpError as error:
            raise _translated(int(error.code or 0), f"gs://{self._address.bucket}") from None
        except (ClientError, TimeoutError, RequestException) as error:  # gcsfs makes the last one of a 502
            raise Busy(type(error).__name__) from None
        except ValueError:
            raise Refused(errno.EINVAL, "the store calls the request invalid") from None
        except OSError as error:
            raise Refused(errno.EACCES, f"the store does not allow it ({type(error).__name__})") from None

    def _opened(self) -> Any:
        """Return the file system of gcsfs, opened once in each process."""
        with self._lock:
            if self._process != os.getpid():
                import gcsfs

                self._files = gcsfs.GCSFileSystem(skip_instance_cache=True, use_listings_cache=False)
                self._process = os.getpid()
            return self._files


def _free(is_free: bool) -> dict[str, str]:
    return {"ifGenerationMatch": "0"} if is_free else {}


def _described(record: dict[str, Any]) -> StoredObject:
    written = _written(record)
    seconds = int(datetime.fromisoformat(record["updated"]).timestamp())
    return StoredObject(
        record["name"], int(record["size"]), stamp_ns(seconds, written.mark), written.mark, written.digest
    )


def _written(record: dict[str, Any]) -> Written:
    return Written(str(record["generation"]), record.get("md5Hash") or record.get("crc32c") or "")


def _translated(status: int, bucket: str) -> Exception:
    if status in _BUSY_STATUS:
        return Busy(str(status))
    if status == 412:
        return Unmet(errno.EEXIST, "the condition is not met")
    if status == 403:
        return Refused(errno.EACCES, "the store does not allow it")
    if status == 404:
        return Missing(errno.ENOENT, "there is no such object")
    return StorageError(f"{bucket}: the store answers {status}. Check the credentials and the bucket.")
