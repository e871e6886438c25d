"""An object that stands for a lock: whoever makes it first may write below its prefix, until it is removed.

A store has no lock that ends with its process. So a claim may be left behind by a process that was killed. It is stale
for certain only if this machine made it and its token lies in a journal whose own lock this process holds: the process
that made it would hold that lock. Of any other claim a message says whose it is.
"""

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

from imgsort.errors import LockedError, StorageError
from imgsort.storage.addresses import Address
from imgsort.storage.objects import Bucket, Missing, Refused, Unanswered, Unmet

STATE_PREFIX = ".imgsort/"
_NAME = f"{STATE_PREFIX}claim"
_MAX_BYTES = 4096


@dataclass(frozen=True)
class Tokens:
    """The tokens of the claims that a journal made. `known`: of earlier ones. `remember` writes a new one to the disk.

    The lock of the journal is held.
    """

    known: Container[str]
    remember: Callable[[str], None]


@contextlib.contextmanager
def claimed(bucket: Bucket, place: Address, command: str, tokens: Tokens, *, has_conditions: bool) -> Iterator[None]:
    """Hold the claim of `place`. Raises LockedError at once if somebody else has it, OSError and StorageError.

    `has_conditions`: the store writes only where a key is free. Without this, two that claim at once both succeed.
    """
    key = place.key_of(_NAME)
    token = secrets.token_hex(16)
    tokens.remember(token)
    try:
        _remove_stale(bucket, key, place, tokens)  # where the store has no conditions, this alone sees another claim
        mark = _made(bucket, key, place, _text(token, command), token, has_conditions=has_conditions)
    except (Refused, Unanswered) as error:
        raise StorageError(f"{place}: the lock {key} cannot be made there: {error.strerror or error}.") from error
    try:
        yield
    finally:
        # What became of the run counts more. A claim that stays behind is stale for the next command with this journal.
        with contextlib.suppress(OSError, StorageError):
            _remove(bucket, key, token, mark)


def _made(bucket: Bucket, key: str, place: Address, text: bytes, token: str, *, has_conditions: bool) -> str:
    try:
        return bucket.put(key, text, is_free=has_conditions).mark
    except Unmet:
        found, mark = _read(bucket, key)
        if found.get("token") != token:  # otherwise it is this process' own: a request that was sent twice
            raise _held_by(found, place, key) from None
        return mark


def _remove_stale(bucket: Bucket, key: str, place: Address, tokens: Tokens) -> None:
    """Remove a claim that a killed process left. Raises LockedError if its process may be alive."""
    found, mark = _read(bucket, key)
    if not mark:
        return
    if found.get("token") not in tokens.known or found.get("host") != socket.gethostname():
        raise _held_by(found, place, key)
    with contextlib.suppress(Unmet):
        _remove(bucket, key, str(found["token"]), mark)


def _remove(bucket: Bucket, key: str, token: str, mark: str) -> None:
    """Remove the claim with this token. A store that ignores the mark is asked for the token first."""
    found, _ = _read(bucket, key)
    if found.get("token") == token:
        bucket.remove(key, mark)


def _read(bucket: Bucket, key: str) -> tuple[dict[str, Any], str]:
    """Return what a claim says, and its mark; nothing and "" if there is none. The claim may be anybody's."""
    head = bucket.head(key)
    if head is None:
        return {}, ""
    try:
        record = json.loads(bucket.read(key, head.mark, _MAX_BYTES))
    except (Missing, Unmet):
        return {}, head.mark
    except (ValueError, OSError, RecursionError):
        record = None
    return record if isinstance(record, dict) else {}, head.mark


def _text(token: str, command: str) -> bytes:
    record = {
        "version": 1,
        "token": token,
        "command": command,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
    }
    return json.dumps(record).encode("ascii")


def _held_by(record: dict[str, Any], place: Address, key: str) -> LockedError:
    try:
        who = (
            f"imgsort {record['command']!s:.40} (process {int(record['pid'])} on {record['host']!s:.80}, "
            f"since {record['since']!s:.40})"
        )
    except (KeyError, TypeError, ValueError):
        who = "another imgsort"
    return LockedError(
        f"{place}: {who} is working here. Try again when it has finished. If that process is gone for certain, remove "
        f"the object {place.scheme}://{place.bucket}/{key}."
    )
