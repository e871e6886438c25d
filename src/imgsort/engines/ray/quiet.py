"""Keeps what Ray says off the terminal. A person is told by notices, and by the reasons of rows."""

import contextlib
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_ray() -> Iterator[None]:
    """Let the loggers of Ray write to no terminal while the block runs. What they write to files stays."""
    changed: list[tuple[logging.Logger, list[logging.Handler]]] = []
    for name in ("ray", "ray.data"):
        log = logging.getLogger(name)
        changed.append((log, log.handlers))
        # Without any handler, Python would write to stderr itself.
        log.handlers = [handler for handler in log.handlers if not _is_terminal(handler)] + [logging.NullHandler()]
    try:
        yield
    finally:
        for log, handlers in changed:
            log.handlers = handlers


def _is_terminal(handler: logging.Handler) -> bool:
    return isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler)
