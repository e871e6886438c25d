"""Remembers what a file system does not do for the files, so that a command can say it once, in a notice.

Network shares and FAT sticks refuse single calls: to sync a folder, to lock, to keep a mode or a time. Filing goes on
without them. The function that meets such a refusal notes it here; whoever called the command reads all of them.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from os import PathLike, fspath


class Shortcoming(Enum):
    """What a file system does not do. `value` is the words for it in a notice."""

    NO_SYNC = "cannot confirm that a change is on its disk"
    NO_LOCK = "cannot lock files"
    MODE = "modes"
    TIMES = "times"
    OWNER = "owners"
    ATTRIBUTES = "extended attributes or access lists"
    NAMES = "does not take some names"


_KEPT_WITH_FILES = (Shortcoming.MODE, Shortcoming.TIMES, Shortcoming.OWNER, Shortcoming.ATTRIBUTES)


@dataclass
class Shortcomings:
    """What was met while a command worked: how often, and the first path and reason."""

    counts: Counter[Shortcoming] = field(default_factory=Counter)
    first: dict[Shortcoming, tuple[str, str]] = field(default_factory=dict)
    told: set[Shortcoming] = field(default_factory=set)

    def take_notices(self) -> list[str]:
        """Return one sentence for each kind of shortcoming that was met since the last call, and forget them.

        What the file system as a whole does not do is said only once.
        """
        for kind in self.told & {Shortcoming.NO_LOCK, Shortcoming.NO_SYNC}:
            self.first.pop(kind, None)
        self.told.update(self.first)
        notices = []
        if Shortcoming.NO_LOCK in self.first:
            path, reason = self.first[Shortcoming.NO_LOCK]
            notices.append(
                f"{path}: this file system cannot lock files ({reason}). A file in .imgsort stands in for the lock; "
                "do not start imgsort on another machine in this folder now."
            )
        if Shortcoming.NO_SYNC in self.first:
            path, reason = self.first[Shortcoming.NO_SYNC]
            notices.append(
                f"{path}: this file system cannot confirm that a change is on its disk ({reason}). If its power fails "
                "during a run, the latest moves may be lost or half done. A killed process still loses nothing."
            )
        lost = [kind for kind in _KEPT_WITH_FILES if kind in self.first]
        if lost:
            path, reason = self.first[lost[0]]
            parts = ", ".join(f"{kind.value} of {self.counts[kind]}" for kind in lost)
            notices.append(f"files that came to another file system did not keep all: {parts}, as {path} ({reason}).")
        if Shortcoming.NAMES in self.first:
            path, reason = self.first[Shortcoming.NAMES]
            notices.append(
                f"{self.counts[Shortcoming.NAMES]} new names are not as planned, because the file system does not take "
                f"them: {path} was to be {reason}. An undo brings back the old names."
            )
        self.counts.clear()
        self.first.clear()
        return notices


_met: ContextVar[Shortcomings | None] = ContextVar("shortcomings", default=None)


@contextmanager
def collected() -> Iterator[Shortcomings]:
    """Collect the shortcomings that are met inside this context."""
    found = Shortcomings()
    token = _met.set(found)
    try:
        yield found
    finally:
        _met.reset(token)


def note(kind: Shortcoming, path: str | PathLike[str], reason: OSError | str) -> None:
    """Note a shortcoming, where somebody collects them."""
    words = reason if isinstance(reason, str) else reason.strerror or str(reason)
    found = _met.get()
    if found is not None:
        found.counts[kind] += 1
        found.first.setdefault(kind, (fspath(path), words))
