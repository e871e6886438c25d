"""Keeps the features of a whole collection in one file, row after row, so that all of them are read in a moment.

The store of features answers for single images; for a hundred thousand of them that takes seconds. A table is made from
it, and can be made again at any time. A table that is damaged counts as missing. Whoever reads it knows a file again by
its place, size and modification time, as the store does.

The file holds blocks of rows, a head that describes them, and where the head is. A new table replaces an old one in
one step.
"""

import contextlib
import hashlib
import itertools
import json
import os
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from imgsort.features.cache.folder import PART, cache_folder, named_cache_folder
from imgsort.images.stream import stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK_ROWS = 4096
# A table has the size of its features. A person searches a few collections again and again.
MOST_TABLES = 8

_SUFFIX = ".rows"
_TABLES = "tables"
_MAGIC = b"imgsort rows 1\n\0"
_END = struct.Struct("<16sQI")
_CONTENT_BYTES = 32
_ABANDONED_SECONDS = 3600.0
_DAMAGED = (ValueError, TypeError, KeyError, IndexError, OverflowError, struct.error, MemoryError)


class DamagedTableError(Exception):
    """A table is not whole. It is removed, and can be made again."""


@dataclass(frozen=True)
class TableFile:
    """What a row belongs to: where the file lies, and its size, time and content when it was read.

    `place`: relative to the collection, or absolute for a file that a link of the collection leads to. `content`: the
    hash of the file's bytes, 64 hex digits.
    """

    place: str
    size: int
    mtime_ns: int
    content: str


class RowTable:
    """An open table. `files`: what each row belongs to. Close it after use."""

    def __init__(self, path: Path, handle: IO[bytes], key: str) -> None:
        self._path, self._handle, self._lock = path, handle, threading.Lock()
        try:
            head, index = self._head()
            if head["key"] != key:
                raise ValueError("of another collection")
            self._width: int = head["width"]
            self._blocks: list[tuple[int, int]] = [(rows, checksum) for rows, checksum in head["blocks"]]
            self.files = _unpacked(index, sum(rows for rows, _ in self._blocks))
            self.close = handle.close
        except _DAMAGED as error:
            raise self._damaged() from error

    @classmethod
    def opened(cls, key: str) -> "RowTable | None":
        """Return the table that is kept under `key`, or None."""
        try:
            path = _path(key)
            handle = open(path, "rb")  # noqa: SIM115 - the table closes it
        except OSError:
            return None
        try:
            table = cls(path, handle, key)
            with contextlib.suppress(OSError):  # the last use, for `cache prune`; a read-only cache is still useful
                os.utime(path)
        except (DamagedTableError, OSError):
            handle.close()
            return None
        return table

    def blocks(self) -> "Iterator[NDArray[np.float32]]":
        """Yield all rows in order, float32 (at most BLOCK_ROWS, d) at a time. Raises DamagedTableError."""
        starts = [0, *itertools.accumulate(rows * self._width * 4 for rows, _ in self._blocks)]
        yield from stream(range(len(self._blocks)), lambda number: self._block(number, starts[number]), ahead=4)

    def _block(self, number: int, start: int) -> "NDArray[np.float32]":
        import numpy as np

        rows, checksum = self._blocks[number]
        try:
            data = self._read(start, rows * self._width * 4)
        except (OSError, ValueError) as error:
            raise self._damaged() from error
        if zlib.crc32(data) != checksum:
            raise self._damaged()
        return np.frombuffer(data, "<f4").reshape(rows, self._width)

    def _head(self) -> tuple[dict[str, Any], bytes]:
        end = self._handle.seek(0, os.SEEK_END) - _END.size
        magic, start, checksum = _END.unpack(self._read(max(end, 0), _END.size))
        if magic != _MAGIC or not 0 <= start <= end:
            raise ValueError("no table")
        data = self._read(start, end - start)
        if zlib.crc32(data) != checksum:
            raise ValueError("damaged")
        line, _, index = data.partition(b"\n")
        return json.loads(line), index

    def _read(self, start: int, count: int) -> bytes:
        with self._lock:
            self._handle.seek(start)
            data = self._handle.read(count)
        if len(data) != count:
            raise ValueError("cut short")
        return data

    def _damaged(self) -> DamagedTableError:
        self._handle.close()
        with contextlib.suppress(OSError):
            self._path.unlink()
        return DamagedTableError(f"{self._path}: is not whole")


def table_key(root: Path, recipe: str) -> str:
    """Return the key for the features that a recipe makes of the collection at `root`."""
    return json.dumps([os.fspath(root), recipe])


class TableWriter:
    """A new table, which is written part by part. If it cannot be kept, nothing is, and the work goes on."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._files: list[TableFile] = []
        self._blocks: list[tuple[int, int]] = []
        self._width = 0
        self._handle: IO[bytes] | None = None
        with contextlib.suppress(OSError):
            # In a temporary cache folder, nobody would ever read it.
            if cache_folder() == named_cache_folder():
                _folder().mkdir(parents=True, exist_ok=True)
                descriptor, self._part = tempfile.mkstemp(dir=_folder(), suffix=PART)
                self._handle = open(descriptor, "wb")  # noqa: SIM115 - `keep` and `give_up` close it

    def add(self, files: Sequence[TableFile], rows: "NDArray[np.float32]") -> None:
        """Add rows, (m, d), and what each belongs to."""
        self._files += files
        for start in range(0, len(rows), BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            data = block.astype("<f4", order="C", copy=False).data.cast("B")
            self._width = block.shape[1]
            self._blocks.append((len(block), zlib.crc32(data)))
            self._write(data)

    def keep(self) -> None:
        """Finish the table, and let it replace an older one."""
        description = json.dumps({"key": self._key, "width": self._width, "blocks": self._blocks})
        head = description.encode() + b"\n" + _packed(self._files)
        self._write(head + _END.pack(_MAGIC, 4 * self._width * len(self._files), zlib.crc32(head)))
        if self._handle is not None:
            try:
                self._handle.close()
                os.replace(self._part, _path(self._key))
                self._handle = None
            except OSError:
                self.give_up()
        _forget_old_ones()

    def give_up(self) -> None:
        """Leave no table."""
        handle, self._handle = self._handle, None
        if handle is not None:
            for remove in (handle.close, partial(os.unlink, self._part)):
                with contextlib.suppress(OSError):
                    remove()

    def _write(self, data: "bytes | memoryview") -> None:
        if self._handle is not None:
            try:
                self._handle.write(data)
            except OSError:  # the disk is full
                self.give_up()


def kept_tables() -> list[Path]:
    """Return the files of all tables, and of those that a killed process did not finish."""
    with contextlib.suppress(OSError):
        return sorted(file for file in (named_cache_folder() / _TABLES).iterdir() if file.suffix in (_SUFFIX, PART))
    return []


def _folder() -> Path:
    return cache_folder() / _TABLES


def _path(key: str) -> Path:
    return _folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{_SUFFIX}"


def _packed(files: Sequence[TableFile]) -> bytes:
    import numpy as np

    stamps = np.array([(file.size, file.mtime_ns) for file in files], dtype="<i8").reshape(-1, 2)
    contents = b"".join(bytes.fromhex(file.content) for file in files)
    return stamps.tobytes() + contents + b"\0".join(os.fsencode(file.place) for file in files)


def _unpacked(index: bytes, count: int) -> list[TableFile]:
    import numpy as np

    stamps = np.frombuffer(index, "<i8", 2 * count).reshape(-1, 2).tolist()
    start = 16 * count
    contents = index[start : start + _CONTENT_BYTES * count].hex()
    places = os.fsdecode(index[start + _CONTENT_BYTES * count :]).split("\0")
    if count == 0 or len(places) != count:
        raise ValueError("rows and files do not agree")
    hashes = (contents[at : at + 2 * _CONTENT_BYTES] for at in range(0, len(contents), 2 * _CONTENT_BYTES))
    rows = zip(places, stamps, hashes, strict=True)
    return [TableFile(place, size, mtime_ns, content) for place, (size, mtime_ns), content in rows]


def _forget_old_ones() -> None:
    """Remove tables beyond the allowed number, those first that were not used for the longest time, and old parts."""
    tables = []
    for file in kept_tables():
        with contextlib.suppress(OSError):  # another process has removed it
            tables.append((file.stat().st_mtime, file))
    whole = sorted((entry for entry in tables if entry[1].suffix == _SUFFIX), reverse=True)
    parts = [entry for entry in tables if entry[1].suffix == PART and entry[0] < time.time() - _ABANDONED_SECONDS]
    for _, file in (*whole[MOST_TABLES:], *parts):
        with contextlib.suppress(OSError):
            file.unlink()
