"""Takes over the descriptors 0 to 2 for a command, so that what they are cannot spoil what the command does.

Any of them may be closed, full, or a pipe that nobody reads. A print never fails: what cannot be written is dropped. Of
stdout, which carries the result, the reason is kept, and decides about the exit code at the end.
"""

import contextlib
import errno
import io
import locale
import os
import select
import sys
import warnings
from typing import Any

_UTF_8_MODE = "utf8"


def take_over() -> None:
    """Make the process ready for a command line: names are UTF-8, descriptors are open, prints never fail."""
    _open_closed_descriptors()
    # Where no semaphore can be made, joblib works with one process, as imgsort does anyway.
    warnings.filterwarnings("ignore", message=".*joblib will operate in serial mode")
    if os.name == "nt":  # a console there is more than a descriptor
        return
    _require_utf_8_names()
    sys.stdout = _text_stream(1, sys.stdout)
    sys.stderr = _text_stream(2, sys.stderr)


def never_fail_to_encode() -> None:
    """Let stdout and stderr escape letters that the terminal cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def copy_of_stderr(like: Any) -> io.TextIOWrapper:
    """Return a stream for a new descriptor of what is stderr now, written in the way of the stream `like`."""
    return _text_stream(os.dup(2), like)


def lost_output() -> OSError | None:
    """Return why a part of stdout is lost, or None if nothing is.

    A reader that had enough, such as `head`, closes its pipe. Then nothing is lost.
    """
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if not isinstance(raw, _Sink):  # a program that uses imgsort may have any stdout
        return None
    sys.stdout.flush()
    return raw.failure if raw.failure is not None and raw.failure.errno != errno.EPIPE else None


def _open_closed_descriptors() -> None:
    """Open the null device in place of each closed descriptor.

    Otherwise the next file that is opened, a journal for example, would get its number, and what native code says to
    descriptor 2 would be written into the journal.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, and all lower ones are open


def _require_utf_8_names() -> None:
    """Start the process once more with names in UTF-8, if the locale gives Python another encoding for them.

    A name on disk is bytes. Journals, plans and classifiers hold names as UTF-8, whatever the locale of the command
    that wrote them; so do the libraries that imgsort gives paths to. The terminal keeps its own encoding.
    """
    if sys.getfilesystemencoding() == "utf-8" or _UTF_8_MODE in sys._xoptions or not sys.executable:
        return
    encoding = getattr(sys.stdout, "encoding", None) or locale.getencoding()
    environment = {"PYTHONIOENCODING": encoding, **os.environ}
    with contextlib.suppress(OSError):
        os.execve(sys.executable, [sys.executable, "-X", _UTF_8_MODE, *sys.orig_argv[1:]], environment)


def _text_stream(descriptor: int, like: Any) -> io.TextIOWrapper:
    raw = _Sink(descriptor)
    encoding = getattr(like, "encoding", None) or locale.getencoding()
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=descriptor != 1 or raw.isatty()
    )


class _Sink(io.RawIOBase):
    """Writes to a descriptor until that fails; from then on it drops everything. `failure` is the reason."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.failure: OSError | None = None

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        while self.failure is None:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:  # the other end made the descriptor return at once
                select.select([], [self._descriptor], [])
            except OSError as error:
                self.failure = error
        return len(data)

    def close(self) -> None:
        if self._descriptor > 2 and not self.closed:
            os.close(self._descriptor)
        super().close()
