"""Opens a file without being fooled or kept waiting, and says what identifies its bytes: their SHA-256.

The reader of images has the bytes at hand and hashes them once; filing hashes a file only where a
copy is about to be removed. Both must agree, so both call this module.
"""

import errno
import hashlib
import io
import os
import queue
import stat
import threading

STALL_SECONDS = 60.0

# A slow share must deliver this much before it counts as stalled.
_CHUNK_BYTES = 128 * 1024


def open_regular(path: str | os.PathLike[str]) -> int:
    """Open the regular file at `path` for reading and return its descriptor.

    A link is not followed and a pipe is not waited for, even where one took the file's place since
    it was listed. Raises OSError.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor


def read_regular(path: str | os.PathLike[str], max_bytes: int, stall_seconds: float = STALL_SECONDS) -> bytes:
    """Return the bytes of the regular file at `path`.

    Raises MemoryError, and OSError: EFBIG for a file larger than `max_bytes`, and TimeoutError where nothing comes
    in `stall_seconds`, as from a share whose server has gone.
    """
    return _finished(_Reading(path, max_bytes), stall_seconds)


def read_head(path: str | os.PathLike[str], count: int, stall_seconds: float = STALL_SECONDS) -> bytes:
    """Return the first `count` bytes of the regular file at `path`, or all if there are fewer. Raises as above."""
    return _finished(_HeadReading(path, count), stall_seconds)


def _finished(reading: "_Reading", stall_seconds: float) -> bytes:
    seen = 0
    _reader().take(reading)
    while not reading.finished.wait(stall_seconds):
        if reading.count == seen:
            del _of_this_thread.reader, _of_this_thread.process
            raise TimeoutError(errno.ETIMEDOUT, f"nothing could be read from it for {stall_seconds:g} seconds")
        seen = reading.count
    if reading.error is not None:
        raise reading.error
    return reading.data


class _Reading:
    """One file on its way into memory. `count`: the bytes that have come."""

    def __init__(self, path: str | os.PathLike[str], max_bytes: int) -> None:
        self.path, self.max_bytes = path, max_bytes
        self.count = 0
        self.data = b""
        self.error: Exception | None = None
        self.finished = threading.Event()

    def run(self) -> None:
        try:
            self.data = self._read()
        except (OSError, MemoryError, ValueError) as error:  # the last for a path with a zero byte
            self.error = error
        finally:
            self.finished.set()

    def _read(self) -> bytes:
        too_large = OSError(errno.EFBIG, f"larger than {self.max_bytes // 1024**2} MiB")
        # Unlike a list of chunks to be joined, it needs no second copy at the end.
        buffer = io.BytesIO()
        with open(open_regular(self.path), "rb", buffering=0) as handle:
            if os.fstat(handle.fileno()).st_size > self.max_bytes:
                raise too_large
            while chunk := handle.read(_CHUNK_BYTES):
                self.count += buffer.write(chunk)
                if self.count > self.max_bytes:  # it grows while it is read
                    raise too_large
        return buffer.getvalue()


class _HeadReading(_Reading):
    """The first `max_bytes` of a file of any size."""

    def _read(self) -> bytes:
        with open(open_regular(self.path), "rb", buffering=0) as handle:
            return handle.read(self.max_bytes) or b""


class _Reader:
    """Reads for one thread, in another: a read that stalls cannot be broken off, only left behind.

    The other is a daemon, which no exit waits for, and serves until the first is gone.
    """

    def __init__(self) -> None:
        self._readings: queue.SimpleQueue[_Reading | None] = queue.SimpleQueue()
        self.take = self._readings.put
        threading.Thread(target=_serve, args=(self._readings,), daemon=True, name="imgsort-file").start()

    def __del__(self) -> None:
        self.take(None)


_of_this_thread = threading.local()


def _reader() -> _Reader:
    # A process that was forked has this thread's memory, but not the thread that reads for it.
    if getattr(_of_this_thread, "process", None) != os.getpid():
        _of_this_thread.process = os.getpid()
        _of_this_thread.reader = _Reader()
    reader: _Reader = _of_this_thread.reader
    return reader


def _serve(readings: "queue.SimpleQueue[_Reading | None]") -> None:
    while (reading := readings.get()) is not None:
        reading.run()


def content_hash(data: bytes) -> str:
    """Return the SHA-256 of `data`, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def file_content_hash(path: str | os.PathLike[str]) -> str | None:
    """Return the SHA-256 of the regular file at `path`; None where there is none or it cannot be read."""
    try:
        with open(open_regular(path), "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return None
