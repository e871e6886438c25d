"""Files batch after batch of an inbox, and waits where nothing can be filed."""

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.errors import CollectionError, InterruptedRunError, LockedError, ReportError, StoppedError
from imgsort.filing.journal.runs import unsettled_ids
from imgsort.filing.paths import exists
from imgsort.filing.planning.site import Mode, Site
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session.locking import locked_and_settled, tell_settled
from imgsort.jobs.watch.filer import COMMAND
from imgsort.jobs.watch.inbox.arrivals import Arrival, Arrivals, Sight
from imgsort.jobs.watch.inbox.bell import Bell
from imgsort.jobs.watch.inbox.brought_back import COPIED, BroughtBack
from imgsort.jobs.watch.inbox.choosing import Choosing
from imgsort.jobs.watch.inbox.memory import Memory
from imgsort.jobs.watch.inbox.waking import Waking
from imgsort.jobs.watch.stragglers import send_stragglers
from imgsort.jobs.watch.trouble import LONGEST_LOCK_SECONDS, Trouble, with_room

_NOTHING_DONE = "nothing was to be done with it"
# The folder is not looked at more often, however many events come: at most for a fifth of the time.
_LEAST_SECONDS = 0.1
_LEAST_IN_LOOKS = 4

File = Callable[[Sequence[str]], FilingResult]


@dataclass(frozen=True)
class Parts:
    """What a watch works with. `file`: files the images with these names."""

    site: Site
    arrivals: Arrivals
    choosing: Choosing
    memory: Memory
    waking: Waking
    bell: Bell
    file: File


@dataclass(frozen=True)
class _Turn:
    """What one look at the inbox led to, and for how many seconds nothing more is expected.

    `is_pause`: something failed, and nothing that happens in the inbox makes the time shorter.
    """

    result: FilingResult | None
    seconds: float = 0.0
    is_pause: bool = False


class Batches:
    """Files the images of an inbox, batch by batch."""

    def __init__(self, parts: Parts, hearing: Listener) -> None:
        self._parts, self._hearing = parts, hearing
        self._site, self._memory, self._bell = parts.site, parts.memory, parts.bell
        self._brought_back = BroughtBack(self._site, COMMAND)
        self._trouble = Trouble(self._site.collection, hearing.notice)
        self._folder: tuple[int, int] | None = None
        self._least_seconds = _LEAST_SECONDS
        self._mounts = {_mount_above(folder) for folder in (self._site.collection, self._site.destination)}

    def run(self) -> Iterator[FilingResult]:
        """Yield the result of each batch until the bell ends the watch. Raises ImgsortError where no waiting helps."""
        with contextlib.closing(self._parts.waking):
            while not self._bell.has_ended:
                turn = self._turn()
                if turn.result is not None:
                    yield turn.result
                if turn.is_pause:
                    self._bell.pause(turn.seconds)
                elif turn.result is None:
                    self._bell.pause(self._least_seconds)
                    self._bell.wait(turn.seconds - self._least_seconds)

    def run_once(self, settle: float) -> Iterator[FilingResult]:
        """Yield the results for the images that are there now and rest for `settle` seconds. Raises ImgsortError."""
        self._begin()
        names = {arrival.name for arrival in self._parts.arrivals.look().arrivals}
        self._bell.pause(settle)
        try:
            while not self._bell.has_ended:
                sight = self._look()
                there = tuple(arrival for arrival in sight.arrivals if arrival.name in names)
                choice = self._parts.choosing.choose(replace(sight, arrivals=there), gathers=False)
                if not choice.arrivals:
                    return
                yield self._file(choice.arrivals)
        finally:
            self._memory.save(names)

    def _turn(self) -> _Turn:
        """Look at the inbox, and file a batch if one is ready. If that fails, say so and ask for a pause."""
        result = None
        try:
            self._begin()
            sight = self._look()
            choice = self._parts.choosing.choose(sight)
            if choice.arrivals and not self._bell.has_ended:
                result = self._file(choice.arrivals)
            self._memory.save({arrival.name for arrival in sight.arrivals})
        except InterruptedRunError:
            raise
        except StoppedError as error:
            return _Turn(_moved_by(error.result), self._trouble.met(error), is_pause=True)
        except LockedError as error:
            return _Turn(None, self._trouble.met(error, LONGEST_LOCK_SECONDS), is_pause=True)
        except (CollectionError, OSError) as error:
            if isinstance(error, CollectionError) and _is_folder(self._site.collection):
                raise
            self._parts.waking.close()  # a folder that comes back is another one for the system
            self._folder = None
            return _Turn(result, self._trouble.met(error), is_pause=True)
        self._trouble.is_over()
        due = self._parts.waking.seconds
        return _Turn(result, due if choice.next_in is None else min(due, choice.next_in))

    def _begin(self) -> None:
        """If the inbox is new, or another folder than before: read what is remembered, and settle killed runs.

        Raises OSError if the inbox or the output is not there.
        """
        for mount in self._mounts:
            if not os.path.ismount(mount):  # otherwise files would go into the empty folder that was mounted on
                raise OSError(errno.ENOENT, "nothing is mounted here any more", str(mount))
        status = os.stat(self._site.collection)
        folder = status.st_dev, status.st_ino
        self._parts.waking.attend(folder)
        if folder != self._folder:
            self._memory.load()
            self._settle()
            self._brought_back.tell(self._memory)
            self._folder = folder

    def _settle(self) -> None:
        roots = [root for root in self._site.roots if root.is_dir()]
        if any(unsettled_ids(root) for root in roots):
            with locked_and_settled(roots, COMMAND) as settled:
                tell_settled(settled, self._hearing)
                sent = send_stragglers(roots[0], settled, COMMAND)
            if sent:
                self._hearing.notice(f"{sent} sidecars of the images in it followed them, in a run of their own.")

    def _look(self) -> Sight:
        began = time.monotonic()
        sight = self._parts.arrivals.look()
        if not all(self._memory.knows(arrival) for arrival in sight.arrivals):
            # After the look: before an undo brings the first file back, it says in the journal that it begins.
            self._brought_back.tell(self._memory)
        self._least_seconds = max(_LEAST_SECONDS, _LEAST_IN_LOOKS * (time.monotonic() - began))
        return sight

    def _file(self, arrivals: Sequence[Arrival]) -> FilingResult:
        arrivals = with_room(self._site, arrivals)
        result = self._result_of([arrival.name for arrival in arrivals])
        self._remember(arrivals, result)
        return result

    def _result_of(self, names: Sequence[str]) -> FilingResult:
        """File the images. A report that cannot be written is no reason to end."""
        try:
            return self._parts.file(names)
        except ReportError as error:
            if not isinstance(error.result, FilingResult):
                raise
            self._hearing.notice(str(error))
            return error.result

    def _remember(self, arrivals: Sequence[Arrival], result: FilingResult) -> None:
        """Remember those images that are still in the inbox, and why."""
        reasons = {row.path: row.reason for row in result.refused} | {row.path: row.reason for row in result.unreadable}
        contents = {move.source: move.content for move in result.moves}
        is_move = self._site.mode is Mode.MOVE
        for arrival in arrivals:
            reason, content = reasons.get(arrival.name), contents.get(arrival.name)
            if reason is not None or content is None:
                self._memory.stays(arrival, reason or _NOTHING_DONE, content)
            elif not is_move:
                self._memory.was_filed(arrival, COPIED, content)
        if result.run is not None and not is_move:
            self._memory.newest_run = result.run


def _moved_by(result: object) -> FilingResult | None:
    """Return the result of a run that stopped, or None if it has filed nothing."""
    if not isinstance(result, FilingResult):
        return None
    return result if any(exists(result.destination / move.target) for move in result.moves) else None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a share whose server is gone
        return False


def _mount_above(folder: Path) -> Path:
    """Return the folder itself, or the nearest one above it, on which a file system is mounted."""
    return next((place for place in (folder, *folder.parents) if os.path.ismount(place)), Path(folder.anchor))
