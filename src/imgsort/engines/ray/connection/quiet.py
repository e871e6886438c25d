"""Keeps what Ray says off the terminal. A person is told by notices, by errors, and by the reasons of rows."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

SILENT = logging.CRITICAL + 1


@contextlib.contextmanager
def quiet_ray() -> Iterator[None]:
    """Let Ray write to neither stdout nor stderr while the block runs. What it writes to files stays.

    When a worker dies, a thread of Ray prints that to stdout, whatever `log_to_driver` says: in the middle of a result.
    No setting of Ray 2.60 keeps it from that.
    """
    import ray._private.worker

    with (
        _replaced(ray._private.worker, "print_to_stdstream", lambda *arguments, **options: None),
        _without_terminal(logging.getLogger("ray.data")),
        _without_terminal(logging.getLogger("ray")),
    ):
        yield


@contextlib.contextmanager
def _replaced(place: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(place, name, None)
    if before is None:
        yield
        return
    setattr(place, name, value)
    try:
        yield
    finally:
        setattr(place, name, before)


@contextlib.contextmanager
def _without_terminal(log: logging.Logger) -> Iterator[None]:
    """Silence the handlers of a logger that write to the terminal. Ray adds them when it is imported or started."""
    levels = [(handler, handler.level) for handler in log.handlers if _is_terminal(handler)]
    for handler, _ in levels:
        handler.setLevel(SILENT)
    quiet = logging.NullHandler()  # without any handler, Python would write to stderr itself
    log.addHandler(quiet)
    try:
        yield
    finally:
        log.removeHandler(quiet)
        for handler, level in levels:
            handler.setLevel(level)


def _is_terminal(handler: logging.Handler) -> bool:
    return isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler)
