"""Reads and writes a run's file as bytes.

Lines are added and never change. They are read with care, because the file may come from a stranger.
"""

import os
import stat
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from imgsort.content import open_regular
from imgsort.errors import JournalError, PlanError
from imgsort.filing.journal.state import refuse_unless, sync_file, write_all

MAX_RUN_FILE_BYTES = 1024**3

# The first line names every folder three times, and a plan that a person edits may have thousands of folders.
_MAX_LINE_BYTES = 2**23
_TAIL_BYTES = 65536


def readable_again(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield `lines`, and check that `complete_lines` can read them again.

    Raises PlanError if it cannot: a run that cannot be read cannot be undone.
    """
    size = 0
    for line in lines:
        size += len(line)
        if len(line) >= _MAX_LINE_BYTES or size > MAX_RUN_FILE_BYTES:
            raise PlanError("the plan has more folders or files than one run can record. Split it into two.")
        yield line


def write_at(path: Path, offset: int, lines: bytes) -> None:
    """Write lines from `offset` on, in place of anything that a crash or an error left there, and sync them."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    try:
        os.ftruncate(descriptor, offset)
        os.lseek(descriptor, offset, os.SEEK_SET)
        write_all(descriptor, lines, path)
        sync_file(descriptor, path)
    finally:
        os.close(descriptor)


def complete_length(path: Path) -> int:
    """Return the length of a run file up to the end of its last whole line. Raises OSError."""
    tail, start = _tail(path)
    return start + tail.rfind(b"\n") + 1


def last_line(path: Path) -> bytes:
    """Return the last whole line of a run file. Raises OSError."""
    tail, _ = _tail(path)
    return tail[: tail.rfind(b"\n")].rpartition(b"\n")[2]


def complete_lines(path: Path) -> Generator[bytes, None, None]:
    """Yield the lines of a run file, without a last line that a crash left incomplete.

    Each line is read only when the caller asks for it, so that reading a huge file of nonsense ends at its first
    line. Raises JournalError, and ValueError for a line that is far too long.
    """
    refuse_unless(path, stat.S_ISREG)
    try:
        descriptor = open_regular(path)
    except FileNotFoundError:
        raise JournalError(f"{path}: there is no such run.") from None
    with open(descriptor, "rb") as handle:
        size = os.fstat(descriptor).st_size
        if size > MAX_RUN_FILE_BYTES:
            raise JournalError(f"{path}: {size} bytes, far more than imgsort writes. Remove the file.")
        while line := handle.readline(_MAX_LINE_BYTES):
            if not line.endswith(b"\n"):
                if len(line) == _MAX_LINE_BYTES:
                    raise ValueError("a line far longer than imgsort writes")
                return
            yield line


def _tail(path: Path) -> tuple[bytes, int]:
    """Return the last bytes of a run file and the position where they begin."""
    descriptor = open_regular(path)
    try:
        start = max(0, os.lseek(descriptor, 0, os.SEEK_END) - _TAIL_BYTES)
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, _TAIL_BYTES), start
    finally:
        os.close(descriptor)
