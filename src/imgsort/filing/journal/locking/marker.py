"""Stands in for a lock where the file system has none: a file that is made exclusively and names host and process.

The system does not remove it when its process dies. So a process of the same host that finds the other one dead takes
its place. Nobody can tell whether a process of another host is dead: a person must remove that file.
"""

import contextlib
import json
import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import JournalError
from imgsort.filing.journal.state import json_line, read_bounded, write_all

MARKER = "lock.held"
_BREAKING = "lock.breaking"
# A process writes its marker at once. One that is still empty after this time was killed before.
_WRITTEN_AFTER_SECONDS = 60


@dataclass(frozen=True)
class Marker:
    """The marker of this process in the state folder `folder`."""

    folder: Path

    @classmethod
    def made_in(cls, folder: Path) -> "Marker | None":
        """Return a new marker, or None if another process that may be alive has one. Raises OSError."""
        for _ in range(2):
            with contextlib.suppress(FileExistsError):
                _write_new(folder / MARKER, json_line(_this_process()))
                return cls(folder)
            if not _remove_dead(folder):
                return None
        return None

    def remove(self) -> None:
        """Let another process work here."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.folder / MARKER)


def _remove_dead(folder: Path) -> bool:
    """Remove the marker of a dead process of this host, and say whether there is none now.

    Only one process at a time may do so: otherwise a second one would remove the marker that the first has just made.
    """
    breaking = folder / _BREAKING
    try:
        _write_new(breaking, b"")
    except FileExistsError:
        if _age_seconds(breaking) > _WRITTEN_AFTER_SECONDS:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(breaking)
        return False
    try:
        if not _is_dead(folder / MARKER):
            return False
        with contextlib.suppress(FileNotFoundError):
            os.unlink(folder / MARKER)
        return True
    finally:
        os.unlink(breaking)


def _is_dead(path: Path) -> bool:
    try:
        record = json.loads(read_bounded(path, 4096) or b"{}")
        host, process, started = record.get("host"), record.get("pid"), record.get("started")
    except (ValueError, AttributeError, JournalError):
        return False
    if process is None:
        return _age_seconds(path) > _WRITTEN_AFTER_SECONDS
    if host != socket.gethostname() or not isinstance(process, int):
        return False
    return started != _started(process) if started is not None else not _is_alive(process)


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":  # there, os.kill would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _this_process() -> dict[str, Any]:
    return {"pid": os.getpid(), "host": socket.gethostname(), "started": _started(os.getpid())}


def _started(process: int) -> str | None:
    """Return what tells a process from a later one of the same number, on Linux: the boot, and its start in it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return f"{boot} {status.rpartition(')')[2].split()[19]}"


def _age_seconds(path: Path) -> float:
    with contextlib.suppress(FileNotFoundError):
        return time.time() - os.lstat(path).st_mtime
    return 0.0


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        write_all(descriptor, data, path)
    finally:
        os.close(descriptor)
