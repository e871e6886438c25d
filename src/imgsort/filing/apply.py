"""Carries a plan out: makes the folders, brings every file, removes folders left empty, writes it all down."""

import contextlib
import os
import signal
import stat
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from imgsort.errors import JournalError
from imgsort.filing.moving import Brought, Refused, bring, copy_file, drop_old_name, require_unchanged
from imgsort.filing.paths import has_link_on_the_way, parent_of
from imgsort.filing.plan import Mode, Move, Plan
from imgsort.filing.runs import Run
from imgsort.filing.settle import record_result, settle_moves
from imgsort.filing.state import sync_folder

# So many files may have both names for an instant; each batch costs one sync a folder.
BATCH_MOVES = 256

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Refusal:
    """A file that a run or an undo left as it is, and why. `path` is relative to its root."""

    path: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What a run or an undo came to. `stopped`: why it ended part way, or None; `by_user`: by Ctrl-C."""

    refused: tuple[Refusal, ...]
    stopped: str | None = None
    by_user: bool = False


class RunAnnouncer:
    """Writes to the journal what the disk alone could not tell a later command about one move."""

    def __init__(self, run: Run, at: str, number: int) -> None:
        self.run, self.at, self.number = run, at, number

    def placeholder(self) -> None:
        """An empty file is about to be made under the new name."""
        self.run.add("placeholder", at=self.at, move=self.number)

    def across(self) -> None:
        """Files are about to be copied to another file system: said once a run."""
        if not self.run.is_across:
            self.run.add("across")


def apply_run(run: Run, own_folders: Collection[str], progress: Progress) -> Outcome:
    """Carry out a run whose plan is on disk.

    `own_folders`: folders that imgsort made earlier, removed if this run empties them. A full disk, a
    folder that may not be written and Ctrl-C stop the run; every file is then at one place.
    """
    refused: list[Refusal] = []
    try:
        _make_folders(run)
        for batch in batches(len(run.plan.moves)):
            refused += _apply_batch(run, batch)
            progress(batch.stop, len(run.plan.moves))
        _remove_emptied(run, own_folders)
        _sync_sources(run.plan)
        record_result(run)
        run.add("done", refused=len(refused))
    except (OSError, JournalError, KeyboardInterrupt) as error:
        return stopped(run, "stopped", refused, error)
    return Outcome(tuple(refused))


def batches(count: int) -> list[range]:
    """Return ranges of at most BATCH_MOVES numbers that together count to `count`."""
    return [range(start, min(start + BATCH_MOVES, count)) for start in range(0, count, BATCH_MOVES)]


def stopped(run: Run, event: str, refused: list[Refusal], error: BaseException) -> Outcome:
    """Leave every file at one place and write down that the run, or its undo, stopped.

    What cannot be tidied or written now (the disk is full) is tidied by the next command.
    """
    reason = "Ctrl-C" if isinstance(error, KeyboardInterrupt) else str(error)
    with _no_further_interrupt():
        try:
            settle_moves(run, undoing=event == "undo_stopped")
            record_result(run)
            run.add(event, reason=reason)
        except (OSError, JournalError) as second:
            reason += f"; tidying up failed too ({second}) and is left to the next command"
    return Outcome(tuple(refused), reason, isinstance(error, KeyboardInterrupt))


@contextlib.contextmanager
def _no_further_interrupt() -> Iterator[None]:
    """Let a second Ctrl-C wait: tidying up is short, and half of it would be worse than none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _make_folders(run: Run) -> None:
    destination = run.plan.site.destination
    for path in run.plan.made:
        try:
            os.mkdir(destination / path)
        except FileExistsError:
            run.add("foreign", path=path)
    for parent in {parent_of(path) for path in run.plan.made}:
        sync_folder(destination / parent)


def _apply_batch(run: Run, numbers: range) -> list[Refusal]:
    """Bring every file of the batch, wait for the disk, then drop the old names."""
    site, moves = run.plan.site, run.plan.moves
    brought: dict[int, Brought] = {}
    refused: dict[int, Refusal] = {}
    for number in numbers:
        try:
            brought[number] = _bring(run, moves[number], number)
        except Refused as refusal:
            refused[number] = Refusal(moves[number].source, str(refusal))
    for folder in {parent_of(moves[number].target) for number in brought}:
        sync_folder(site.destination / folder)
    for number, how in brought.items():
        move = moves[number]
        try:
            drop_old_name(site.collection / move.source, site.destination / move.target, move, how)
        except Refused as refusal:
            refused[number] = Refusal(move.source, str(refusal))
    if refused:
        run.add("refused", moves=sorted(refused))  # what has their new names is not ours
    return list(refused.values())


def _bring(run: Run, move: Move, number: int) -> Brought:
    site = run.plan.site
    if parent_of(move.target) in run.foreign_folders:
        raise Refused("someone else made a folder of its category's name meanwhile")
    if has_link_on_the_way(site.collection, move.source) or has_link_on_the_way(site.destination, move.target):
        raise Refused("a link, or no folder, lies on the way")
    source, target = site.collection / move.source, site.destination / move.target
    require_unchanged(source, move)
    announcer = RunAnnouncer(run, "target", number)
    temporary = run.temporary_path(target, number)
    if site.mode is Mode.MOVE:
        return bring(source, target, move, temporary, announcer)
    try:
        if site.mode is Mode.COPY:
            copy_file(source, target, move, temporary, announcer)
        elif site.mode is Mode.HARDLINK:
            os.link(source, target, follow_symlinks=False)
        else:
            os.symlink(source, target)
    except FileExistsError as error:
        raise Refused("its new name was taken meanwhile") from error
    return Brought.FINISHED


def _remove_emptied(run: Run, own_folders: Collection[str]) -> None:
    """Remove folders of the collection that imgsort made once and that this run emptied."""
    if run.plan.site.mode is not Mode.MOVE:
        return
    left = {parent_of(move.source) for move in run.plan.moves}
    for path in sorted(left.intersection(own_folders)):
        folder = run.plan.site.collection / path
        if not os.listdir(folder):
            run.add("remove", path=path, mode=stat.S_IMODE(os.lstat(folder).st_mode))
            os.rmdir(folder)


def _sync_sources(plan: Plan) -> None:
    """Wait until the old names are gone from the disk, lest power loss bring them back after the end."""
    if plan.site.mode is Mode.MOVE:
        for folder in {parent_of(move.source) for move in plan.moves}:
            with contextlib.suppress(FileNotFoundError):
                sync_folder(plan.site.collection / folder)
