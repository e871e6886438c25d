"""Reads the addresses that a person types: a folder of this machine, `file://`, `s3://bucket/prefix`, `gs://…`."""

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from imgsort.errors import UsageError

SCHEMES = ("s3", "gs")
_ANY_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}[A-Za-z0-9]")
# Below this part of a prefix imgsort keeps its lock.
_OWN = ".imgsort"
_WITH_CREDENTIALS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s'\"]*@")
_ARGUMENT_WITH_CREDENTIALS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://).*@", re.DOTALL)


@dataclass(frozen=True)
class Credentials:
    """A key and its secret that a person wrote into an address. They are shown nowhere."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Address:
    """The objects of a bucket whose keys begin with a prefix.

    `prefix` is "" for the whole bucket, and ends with `/` otherwise. As text, an address has no credentials, and two
    addresses are equal whatever their credentials are.
    """

    scheme: str
    bucket: str
    prefix: str = ""
    credentials: Credentials | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}"

    @property
    def name(self) -> str:
        """The last part of the prefix, or the name of the bucket."""
        return self.prefix.removesuffix("/").rpartition("/")[2] or self.bucket

    @property
    def shown(self) -> "Address":
        """The address without credentials, as it may be recorded."""
        return replace(self, credentials=None)

    def key_of(self, path: str) -> str:
        """Return the key of the object whose path is relative to this address."""
        return self.prefix + path

    def is_at_or_above(self, other: "Address") -> bool:
        """Say whether `other` is this address or lies below it."""
        is_same_bucket = (self.scheme, self.bucket) == (other.scheme, other.bucket)
        return is_same_bucket and other.prefix.startswith(self.prefix)


def place_of(text: "str | os.PathLike[str] | Address") -> Path | Address:
    """Return what `text` names: a local path, which may be written `file://…`, or an address in an object store.

    A path that is not text is a local one, whatever its name is.

    Raises UsageError for an address that cannot be used. No message repeats the credentials of an address.
    """
    if isinstance(text, Address):
        return text
    if not isinstance(text, str):
        return Path(text)
    match = _ANY_SCHEME.match(text)
    if match is None or os.path.lexists(text):
        return Path(text)
    scheme = match[1].lower()
    if scheme == "file":
        return _local_path(text)
    if scheme not in SCHEMES:
        raise UsageError(
            f"{scheme}://…: imgsort reads folders of this machine, file:// and the object stores s3:// and gs://."
        )
    return _address(scheme, text[match.end() :])


def local_place(text: "str | os.PathLike[str] | Address", option: str) -> Path:
    """Return the folder or file of this machine that `text` names. Raises UsageError for an object store."""
    place = place_of(text)
    if isinstance(place, Address):
        raise UsageError(
            f"{option} {place}: this must lie on this machine, not in an object store. Give a folder, and copy between "
            "it and the store with a program of the store."
        )
    return place


def address_of(text: str) -> Address:
    """Return the address of an object store that `text` names. Raises UsageError for anything else."""
    place = place_of(text)
    if not isinstance(place, Address):
        raise UsageError(f"{place}: this is no address in an object store, such as s3://bucket/prefix.")
    return place


def is_address(text: str) -> bool:
    """Say whether `text` begins as an address in an object store does."""
    match = _ANY_SCHEME.match(text)
    return match is not None and match[1].lower() in SCHEMES


def without_credentials(text: str) -> str:
    """Return `text`, for example a message, without the credentials of any address in it."""
    return _WITH_CREDENTIALS.sub(r"\1", text)


def argument_without_credentials(text: str) -> str:
    """Return an argument of a command line without credentials, whatever characters a secret has."""
    return _ARGUMENT_WITH_CREDENTIALS.sub(r"\1", text)


def _local_path(text: str) -> Path:
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise UsageError(f"file://…: this address cannot be read ({error}).") from None
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/") or parts.query or parts.fragment:
        raise UsageError(
            "file://…: an address of a local folder has an absolute path and nothing else, such as "
            "file:///home/me/photos. Write other characters as %XX, or give the path without file://."
        )
    path = url2pathname(parts.path)
    if "\0" in path:
        raise UsageError("file://…: a path has no zero byte.")
    return Path(path)


def _address(scheme: str, rest: str) -> Address:
    """Return the address that `rest`, the text after `scheme://`, names."""
    place, _, prefix = rest.partition("/")
    signed, at, bucket = place.rpartition("@")
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise UsageError(
            f"{scheme}://…: between the two slashes and the next one must be the name of a bucket, such as "
            f"{scheme}://bucket/prefix. If a secret stands before it, write a slash of the secret as %2F."
        )
    credentials = _credentials(scheme, signed) if at else None
    prefix = prefix.removesuffix("/")
    shown = f"{scheme}://{bucket}/"
    if "?" in prefix:
        raise UsageError(f"{shown}…: an address has no question mark here. Credentials and settings come from outside.")
    is_unusual = any(part.lower() in ("", ".", "..", _OWN) for part in prefix.split("/")) or not prefix.isprintable()
    if prefix and (is_unusual or not _is_unicode(prefix)):
        raise UsageError(
            f"{shown}{prefix[:200]!r}: a prefix that has empty parts, the parts ., .. or {_OWN}, or control "
            "characters cannot be addressed safely."
        )
    return Address(scheme, bucket, f"{prefix}/" if prefix else "", credentials)


def _credentials(scheme: str, signed: str) -> Credentials:
    key, colon, secret = signed.partition(":")
    if scheme != "s3" or not (key and colon and secret):
        raise UsageError(
            f"{scheme}://…@…: these credentials cannot be used. Leave them out of the address: {_ELSEWHERE[scheme]}"
        )
    return Credentials(unquote(key), unquote(secret))


_ELSEWHERE = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, name them.",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS names them.",
}


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
