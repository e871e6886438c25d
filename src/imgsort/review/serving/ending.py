"""Lets Ctrl-C, SIGTERM and SIGHUP end a review in the same way, and keeps the server's own words off the terminal."""

import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_TALKING = ("uvicorn", "uvicorn.error", "asyncio")


@contextlib.contextmanager
def ending(end: Callable[[int, FrameType | None], Any] = signal.default_int_handler) -> Iterator[None]:
    """Have each signal that asks a process to end call `end`, which raises KeyboardInterrupt if it is not given.

    Another thread than the main one gets no signals. A SIGHUP that is ignored, as `nohup` does, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:
        numbers.append(hangup)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Hide what the server logs: that a tab was closed, or that Ctrl-C came within a request, is no error."""
    nowhere = logging.NullHandler()
    loggers = [logging.getLogger(name) for name in _TALKING]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(nowhere)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagates in zip(loggers, before, strict=True):
            logger.removeHandler(nowhere)
            logger.propagate = propagates
