"""Opens and reads files safely, and computes the hash (SHA-256) that identifies their bytes.

A link cannot redirect a reader, and a pipe or a stalled share cannot keep it waiting. The reader of images has the
bytes in memory and hashes them once. Filing hashes a file only when it must compare the bytes, for example before it
removes a copy. Both must get the same hash, so both call this module.
"""

import errno
import hashlib
import io
import os
import queue
import stat
import threading

STALL_SECONDS = 60.0

# A share counts as stalled unless it delivers this many bytes within `STALL_SECONDS`.
_CHUNK_BYTES = 128 * 1024


def open_regular(path: str | os.PathLike[str]) -> int:
    """Open the regular file at `path` for reading and return its descriptor.

    The function does not follow a link and does not wait for a pipe, even if one took the place of the file after the
    file was listed. Raises OSError.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor


def read_regular(path: str | os.PathLike[str], max_bytes: int, stall_seconds: float = STALL_SECONDS) -> bytes:
    """Return the bytes of the regular file at `path`.

    Raises MemoryError and OSError. The OSError has the code EFBIG if the file is larger than `max_bytes`. It is a
    TimeoutError if no bytes come for `stall_seconds`, for example from a share whose server is gone.
    """
    return _finished(_Reading(path, max_bytes), stall_seconds)


def read_head(path: str | os.PathLike[str], count: int, stall_seconds: float = STALL_SECONDS) -> bytes:
    """Return the first `count` bytes of the regular file at `path`, or all bytes if there are fewer.

    Raises MemoryError and OSError. The OSError is a TimeoutError if no bytes come for `stall_seconds`.
    """
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
    """The reading of one file into memory. `count` is the number of bytes that are read so far."""

    def __init__(self, path: str | os.PathLike[str], max_bytes: int) -> None:
        self.path, self.max_bytes = path, max_bytes
        self.count = 0
        self.data = b""
        self.error: Exception | None = None
        self.finished = threading.Event()

    def run(self) -> None:
        try:
            self.data = self._read()
        except (OSError, MemoryError, ValueError) as error:  # ValueError: a zero byte in the path
            self.error = error
        finally:
            self.finished.set()

    def _read(self) -> bytes:
        too_large = OSError(errno.EFBIG, f"larger than {self.max_bytes // 1024**2} MiB")
        # A list of chunks needs a second copy when they are joined at the end. A BytesIO does not.
        buffer = io.BytesIO()
        with open(open_regular(self.path), "rb", buffering=0) as handle:
            if os.fstat(handle.fileno()).st_size > self.max_bytes:
                raise too_large
            while chunk := handle.read(_CHUNK_BYTES):
                self.count += buffer.write(chunk)
                if self.count > self.max_bytes:  # the file grew while it was read
                    raise too_large
        return buffer.getvalue()


class _HeadReading(_Reading):
    """The reading of the first `max_bytes` of a file. The file may have any size."""

    def _read(self) -> bytes:
        with open(open_regular(self.path), "rb", buffering=0) as handle:
            return handle.read(self.max_bytes) or b""


class _Reader:
    """Reads files for one thread in a second thread.

    A read that stalls cannot be stopped: the first thread can only abandon it. The second thread is a daemon, so the
    process does not wait for it at exit. The second thread works until the first thread is gone.
    """

    def __init__(self) -> None:
        self._readings: queue.SimpleQueue[_Reading | None] = queue.SimpleQueue()
        self.take = self._readings.put
        threading.Thread(target=_serve, args=(self._readings,), daemon=True, name="imgsort-file").start()

    def __del__(self) -> None:
        self.take(None)


_of_this_thread = threading.local()


def _reader() -> _Reader:
    # A forked process has a copy of this thread's memory, but not the second thread that reads for it.
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
    """Return the SHA-256 of the regular file at `path`, or None if there is none or it cannot be read."""
    try:
        with open(open_regular(path), "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return None
