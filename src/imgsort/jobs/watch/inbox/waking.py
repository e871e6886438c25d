"""Wakes a watch up when something happens in its inbox, or at intervals where a file system does not tell.

What a file system tells is no more than a hint to look soon. Events may be lost; the next look finds what they were.
"""

import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.jobs.watch.inbox.bell import Bell

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

POLL_SECONDS = 2.0
# How often a folder is looked at although its file system tells of changes.
RESCAN_SECONDS = 10.0

# What another machine changes on these, their file systems do not tell.
_SHARES = (
    "nfs",
    "cifs",
    "smb",
    "fuse.",
    "9p",
    "afs",
    "ceph",
    "davfs",
    "glusterfs",
    "ncpfs",
    "vboxsf",
    "vmhgfs",
    "prl_fs",
)


class Waking:
    """Rings `bell` when something happens in `inbox`. `seconds`: how long to wait for it at most.

    `poll`: do not ask the file system, and look every so many seconds; None to ask it where it can be asked.
    """

    def __init__(self, inbox: Path, bell: Bell, poll: float | None, notice: Callable[[str], None]) -> None:
        self._inbox, self._bell, self._poll, self._notice = inbox, bell, poll, notice
        self._observer: BaseObserver | None = None
        self._folder: tuple[int, int] | None = None
        self.seconds = POLL_SECONDS if poll is None else poll

    def attend(self, folder: tuple[int, int]) -> None:
        """Ask the file system to tell of changes in the inbox, which is `folder` now: its device and inode.

        Another folder may have taken its place, for example because a share was mounted again.
        """
        if folder == self._folder:
            return
        self.close()
        self._folder = folder
        if self._poll is not None:
            return
        share = share_of(self._inbox)
        if share is not None:
            self._say_polling(f"lies on a share ({share}), which does not tell of all changes")
            return
        try:
            self._observer = _observer(self._inbox, self._bell.ring)
            self.seconds = RESCAN_SECONDS
        except OSError as error:
            self._say_polling(f"the system does not tell of changes here ({error.strerror or error})")

    def close(self) -> None:
        """Stop asking."""
        if self._observer is not None:
            with contextlib.suppress(OSError):
                self._observer.stop()
                self._observer.join(POLL_SECONDS)
            self._observer = None
        self._folder = None
        self.seconds = POLL_SECONDS if self._poll is None else self._poll

    def _say_polling(self, why: str) -> None:
        self.seconds = POLL_SECONDS
        self._notice(f"{self._inbox}: {why}. imgsort looks every {POLL_SECONDS:g} seconds; --poll sets another time.")


def share_of(folder: Path, table: Path = Path("/proc/self/mountinfo")) -> str | None:
    """Return the kind of share that `folder` lies on, such as `nfs4`, or None for none and where nobody can tell.

    `table`: the mounts, as Linux lists them (proc(5)).
    """
    try:
        device = os.stat(folder).st_dev
        lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in lines:
        mount, _, source = line.partition(" - ")
        if mount.split()[2:3] == [number] and source.startswith(_SHARES):
            return source.split()[0]
    return None


def _observer(folder: Path, ring: Callable[[], None]) -> "BaseObserver":
    """Return an observer that is at work. Raises OSError, for example if the system has no more watches to give."""
    from watchdog.events import (
        FileClosedEvent,
        FileCreatedEvent,
        FileDeletedEvent,
        FileModifiedEvent,
        FileMovedEvent,
        FileSystemEvent,
        FileSystemEventHandler,
    )
    from watchdog.observers import Observer

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            ring()

    # Lost events are no matter here, and a logger without a handler would print.
    logging.getLogger("watchdog").addHandler(logging.NullHandler())
    # Not when a file is opened or read: a watch reads files itself.
    kinds: list[Any] = [FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent]
    observer = Observer()
    observer.schedule(Handler(), str(folder), recursive=False, event_filter=kinds)
    observer.start()
    return observer
