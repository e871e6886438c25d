"""Changes the variables, the current folder and the signals of this process for a while, because Ray looks at them."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables while the block runs."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def away_in(folder: Path) -> Iterator[None]:
    """Change to an empty folder while the block runs.

    Ray lets its workers import from the folder that its driver was started in. That may be a folder of photos from
    anybody, with a `numpy.py` among them.
    """
    before = os.open(".", os.O_RDONLY) if hasattr(os, "fchdir") else os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        if isinstance(before, int):
            os.fchdir(before)
            os.close(before)
        else:
            os.chdir(before)


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the process as an exception does while the block runs, so that Ray and its folder go first."""
    with signals_as_before():
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        yield


@contextlib.contextmanager
def signals_as_before() -> Iterator[None]:
    """Restore the handler of SIGTERM, which Ray replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
