"""Remembers which hosts were unreachable a short while ago, so that the next command does not wait for them again."""

import contextlib
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

from imgsort.errors import DownloadError, UnreachableError
from imgsort.features.cache.folder import named_cache_folder

REMEMBERED_SECONDS = 600.0


@contextlib.contextmanager
def asking(host: str, *, again: bool) -> Iterator[None]:
    """Ask a host while the block runs. If the block raises UnreachableError, remember the host for a while.

    A remembered host is not asked: this raises DownloadError. With `again`, every host is asked.
    """
    if not again and _is_remembered(host):
        raise DownloadError(
            f"{host} was unreachable a short while ago (it is asked again {REMEMBERED_SECONDS / 60:.0f} minutes later, "
            "or at once by `imgsort models pull`)"
        )
    try:
        yield
    except UnreachableError:
        _remember(host)
        raise
    _forget(host)


def unreachable_folder() -> Path:
    """Return the folder with a file for each remembered host. It need not exist. Raises OSError without a home."""
    return named_cache_folder() / "unreachable"


def _record(host: str) -> Path:
    """Return the file of a host. Its modification time says when the host was unreachable."""
    return unreachable_folder() / hashlib.sha256(host.encode()).hexdigest()[:32]


def _is_remembered(host: str) -> bool:
    with contextlib.suppress(OSError):
        return 0 <= time.time() - _record(host).stat().st_mtime < REMEMBERED_SECONDS
    return False


def _remember(host: str) -> None:
    with contextlib.suppress(OSError):  # with a read-only cache, the next command waits once more
        unreachable_folder().mkdir(parents=True, exist_ok=True)
        _record(host).write_text(host, encoding="utf-8")


def _forget(host: str) -> None:
    with contextlib.suppress(OSError):
        _record(host).unlink(missing_ok=True)
