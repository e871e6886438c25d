"""Looks at the top level of an inbox again and again, and says which images are there and how long they have rested."""

import contextlib
import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from imgsort.images.finding.find import ImageFile, Listing, find_images
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.images.finding.sidecars import Sidecar, assign_sidecars
from imgsort.jobs.watch.inbox.unfinished import finished_name, is_unfinished
from imgsort.sidecar_names.rules import SidecarRules


@dataclass(frozen=True)
class Mark:
    """What tells whether a file changed: its size in bytes, and the times of its content and of its status.

    A program that copies may set the first time back to that of the original. Nobody can set the second.
    """

    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Mark":
        """Return the mark of a file with this status."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True)
class Arrival:
    """An image in the inbox.

    `rested`: for how many seconds neither the image nor a sidecar of it has changed. `is_under_way`: a file beside it
    shows that a program still works on it.
    """

    image: ImageFile
    mark: Mark
    rested: float
    is_under_way: bool = False

    @property
    def name(self) -> str:
        """The name of the image."""
        return self.image.path


@dataclass(frozen=True)
class Sight:
    """What lies in the inbox. `arrivals`: the images, those that rest longest first.

    `others`: for each file that is no image and belongs to none, how many seconds it has rested.
    `reasons`: why some of the others are no images.
    """

    arrivals: tuple[Arrival, ...]
    others: Mapping[str, float]
    reasons: Mapping[str, str]


class Arrivals:
    """Looks at an inbox. What the folder holds is the truth, whatever a file system tells or forgets to tell.

    `takes_sidecars`: an image waits for its sidecars. `clock`: seconds that only ever go on, whatever the time of day.
    """

    def __init__(
        self,
        inbox: Path,
        rules: Rules,
        sidecar_rules: SidecarRules,
        *,
        takes_sidecars: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox, self._rules, self._sidecar_rules = inbox, rules, sidecar_rules
        self._takes_sidecars, self._clock = takes_sidecars, clock
        self._marks: dict[str, Mark] = {}
        self._since: dict[str, float] = {}
        self._links: set[str] = set()
        self._listing: Listing | None = None

    def look(self) -> Sight:
        """Return what lies in the inbox now. Raises OSError; CollectionError and UsageError for `.imgsortignore`."""
        before = self._clock()
        marks, self._links = _marks_in(self._inbox)
        after = self._clock()
        old, since = self._marks, self._since
        self._since = {name: since[name] if old.get(name) == mark else after for name, mark in marks.items()}
        if self._listing is None or marks != old:
            self._listing = None  # should the next line fail, the next look lists again
            self._marks = marks
            self._listing = find_images(self._inbox, rules=self._rules, sidecar_rules=self._sidecar_rules)
        return self._sight(self._listing, before)

    def _sight(self, listing: Listing, now: float) -> Sight:
        under_way = self._under_way(listing)
        arrivals = [
            Arrival(file, self._marks[file.path], self._rested(file, now), file.path in under_way)
            for file in listing.files
            if file.path in self._marks and not is_unfinished(file.path)
        ]
        arrivals.sort(key=lambda arrival: (-arrival.rested, arrival.name))
        own = {path for file in listing.files for path in (file.path, *(sidecar.path for sidecar in file.sidecars))}
        left = listing.left_out
        own.update(left.excluded_files, left.ignored_files, left.links, left.doubles)
        own.difference_update(name for name in own & self._marks.keys() if is_unfinished(name))
        others = {
            name: now - since
            for name, since in self._since.items()
            if name not in own and name not in self._links and not name.startswith(".")
        }
        return Sight(tuple(arrivals), others, {row.path: row.reason for row in listing.unreadable})

    def _rested(self, file: ImageFile, now: float) -> float:
        sidecars = [sidecar.path for sidecar in file.sidecars] if self._takes_sidecars else []
        return now - max(self._since.get(path, now) for path in (file.path, *sidecars))

    def _under_way(self, listing: Listing) -> set[str]:
        """Return the images that a program still works on, or of which a sidecar is not finished."""
        finished = {name for mark in self._marks if (name := finished_name(mark)) is not None}
        if not finished:
            return set()
        images = {file.path for file in listing.files}
        coming = [Sidecar(name, 0, 0) for name in finished - images]
        owned = assign_sidecars(images, coming, self._sidecar_rules) if self._takes_sidecars else {}
        return finished.intersection(images) | owned.keys()


def _marks_in(folder: Path) -> tuple[dict[str, Mark], set[str]]:
    """Return the mark of each regular file in `folder`, and which of them are links to one. Raises OSError.

    Hidden files are among them: `.imgsortignore` says what counts.
    """
    marks, links = {}, set()
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # it is gone by now, or a link that leads nowhere
                status = entry.stat()
                if stat.S_ISREG(status.st_mode):
                    marks[entry.name] = Mark.of(status)
                    if entry.is_symlink():
                        links.add(entry.name)
    return marks, links
