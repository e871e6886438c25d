"""Decides what a watch waits for, how long, and what it says meanwhile."""

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from imgsort.errors import ImgsortError
from imgsort.filing.planning.site import Mode, Site
from imgsort.jobs.watch.inbox.arrivals import Arrival

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
LONGEST_LOCK_SECONDS = 30.0

# What journals and folders need beside the images.
_SPARE_BYTES = 1024**2


class Trouble:
    """Counts how often in a row something failed. Each kind of trouble is said once, until something succeeds."""

    def __init__(self, inbox: Path, notice: Callable[[str], None]) -> None:
        self._inbox, self._notice = inbox, notice
        self._said: set[str] = set()
        self._pause = 0.0

    def met(self, error: Exception, longest: float = LONGEST_PAUSE_SECONDS) -> float:
        """Say what failed unless it is said already, and return how many seconds to pause."""
        kind = f"{type(error).__name__} {getattr(error, 'errno', '')}"
        if kind not in self._said:
            self._said.add(kind)
            self._notice(f"{_told(error)} It is tried again, with growing pauses.")
        self._pause = min(longest, max(FIRST_PAUSE_SECONDS, 2 * self._pause))
        return self._pause

    def is_over(self) -> None:
        """Say that it goes on, if there was trouble."""
        if self._said:
            self._notice(f"{self._inbox}: it goes on.")
        self._said.clear()
        self._pause = 0.0


def with_room(site: Site, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """Return as many of the arrivals, from the first, as there is room for where they go.

    A run that stops because a disk is full is one more run to undo, so none is begun in vain. Raises OSError with
    ENOSPC if there is no room even for the first.
    """
    place = _nearest(site.output)
    is_near = site.mode is Mode.MOVE and os.stat(place).st_dev == os.stat(site.collection).st_dev
    if is_near or site.mode in (Mode.HARDLINK, Mode.SYMLINK) or not arrivals:
        return arrivals
    free = shutil.disk_usage(place).free - _SPARE_BYTES
    for number, arrival in enumerate(arrivals):
        free -= arrival.image.size + sum(sidecar.size for sidecar in arrival.image.sidecars)
        if free < 0:
            if number:
                return arrivals[:number]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(site.output))
    return arrivals


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next((place for place in (folder, *folder.parents) if place.is_dir()), folder)


def _told(error: Exception) -> str:
    if isinstance(error, ImgsortError) or not isinstance(error, OSError):
        return str(error)
    where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    return f"{where}{error.strerror or error}."
