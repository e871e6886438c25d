"""Faults: what strikes one of the calls of `os` by which filing reads and changes files."""

import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

CHANGING = (
    "link symlink unlink remove replace rename mkdir rmdir open write fsync ftruncate utime chmod fchown close".split()
)
MAKING = os.O_CREAT | os.O_TRUNC
READING = "lstat stat listdir scandir read readlink".split()

# Runs instead of a call. It gets the call, the name of the function and its arguments.
Strike = Callable[[Callable[[], Any], str, tuple[Any, ...]], Any]


def any_call(name: str, args: tuple[Any, ...]) -> bool:
    return True


def call_that_changes(name: str, args: tuple[Any, ...]) -> bool:
    """Whether the call may leave files, folders, names, contents or times other than they were."""
    return bool(args[1] & MAKING) if name == "open" else name not in ("fsync", "close")


@dataclass(frozen=True)
class Fault:
    """What strikes one of the calls with these names; `counts` says which of the calls count."""

    strike: Strike
    names: list[str]
    counts: Callable[[str, tuple[Any, ...]], bool] = any_call


class Wrapped:
    """Counts the calls of `os`, and strikes one of them: the fault's `strike` runs instead of the call."""

    def __init__(self, fault: Fault, strike_at: int) -> None:
        self.calls = 0
        self._fault, self._strike_at = fault, strike_at
        for name in fault.names:
            setattr(os, name, self._wrap(name, getattr(os, name)))

    def _wrap(self, name: str, real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += self._fault.counts(name, args)
            if self.calls == self._strike_at and self._fault.counts(name, args):
                return self._fault.strike(lambda: real(*args, **kwargs), name, args)
            return real(*args, **kwargs)

        return call


real_write = os.write


@contextmanager
def system_restored() -> Iterator[None]:
    """Take back at the end what was replaced in `os`."""
    before = dict(vars(os))
    try:
        yield
    finally:
        vars(os).update(before)


def die_before(call: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def die_within(call: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
    """Die half way through a write, which leaves a torn line or half an image."""
    real_write(args[0], bytes(args[1])[: len(args[1]) // 2])
    os.kill(os.getpid(), signal.SIGKILL)


def fail_with(number: int) -> Strike:
    def fail(call: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
        if name == "close":
            call()
        raise OSError(number, os.strerror(number))

    return fail


FAULTS = {
    # Filing changes files by these calls alone. So a death at any moment leaves what a death before the next call that
    # changes something leaves, and those between two such calls need no attempt of their own.
    "death": [Fault(die_before, CHANGING, call_that_changes), Fault(die_within, ["write"])],
    "ENOSPC": [Fault(fail_with(errno.ENOSPC), CHANGING + READING)],
    "EACCES": [Fault(fail_with(errno.EACCES), CHANGING + READING)],
}
