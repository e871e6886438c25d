"""Carries out a plan: makes the folders, brings every file, removes emptied folders, and records all of it."""

import contextlib
import os
import stat
from collections.abc import Collection

from imgsort.errors import JournalError
from imgsort.filing.journal import category_folders
from imgsort.filing.journal.run import Run
from imgsort.filing.journal.state import sync_folder
from imgsort.filing.moving.accepted_names import replace_refused_names
from imgsort.filing.moving.batch import drop_old_names, reason_of
from imgsort.filing.moving.one_file.bring import Brought, bring
from imgsort.filing.moving.one_file.checks import Refused, require_only_one_file
from imgsort.filing.moving.one_file.copying import copy_file
from imgsort.filing.moving.one_file.ends import forth
from imgsort.filing.moving.one_file.links import Place, place_of
from imgsort.filing.moving.outcome import Outcome, Progress, stopped
from imgsort.filing.moving.readiness import refusals_beforehand, require_ready, spread
from imgsort.filing.moving.settle import record_result, settle_move
from imgsort.filing.paths import exists, parent_of
from imgsort.filing.planning.plan import Plan, Refusal
from imgsort.filing.planning.site import Mode
from imgsort.filing.planning.units import batches, units


class RunAnnouncer:
    """Writes to the journal the facts about one move that a later command cannot see on the disk."""

    def __init__(self, run: Run, at: str, number: int) -> None:
        self.run, self.at, self.number = run, at, number

    def placeholder(self) -> None:
        """Record that an empty file will be made under the new name."""
        self.run.add("placeholder", at=self.at, move=self.number)

    def copy(self, mode: int) -> None:
        """Record that this run itself will write the new name, as a copy of a file with this mode."""
        self.run.add("copy", at=self.at, move=self.number, mode=mode)


def apply_run(run: Run, own_folders: Collection[str], progress: Progress) -> Outcome:
    """Carry out a run whose plan is on disk.

    `own_folders` are the folders that imgsort made earlier; the run removes those that it empties. A full or read-only
    disk, a share that is gone, and Ctrl-C stop the run. Every file is then at one place. A file that cannot be moved is
    refused, and the others are moved.
    """
    refused: list[Refusal] = []
    try:
        place = place_of(run)
        replace_refused_names(run)
        _make_folders(run)
        for batch in batches(run.plan.moves):
            refused += _apply_batch(run, place, batch)
            progress(batch.stop, len(run.plan.moves))
        _remove_emptied(run, own_folders)
        _sync_sources(run.plan)
        record_result(run)
        run.add("done", refused=len(refused))
    except (OSError, JournalError, KeyboardInterrupt) as error:
        return stopped(run, "stopped", refused, error)
    return Outcome(tuple(refused))


def _make_folders(run: Run) -> None:
    destination = run.plan.site.destination
    # A category whose name the file system does not take has its other name since an earlier run.
    origins = category_folders.origins(destination) if run.planned_folders else {}
    own = {path for path, planned in run.planned_folders.items() if origins.get(path) == planned}
    for path in run.plan.made:
        try:
            os.mkdir(destination / path)
        except FileExistsError:
            if path not in own:
                run.add("foreign", path=path)
    for parent in {parent_of(path) for path in run.plan.made}:
        sync_folder(destination / parent)


def _apply_batch(run: Run, place: Place, numbers: range) -> list[Refusal]:
    """Bring every file of the batch, wait for the disk, and then drop the old names."""
    moves = run.plan.moves
    brought: dict[int, Brought] = {}
    reasons: dict[int, str] = {}
    for unit in units(moves, numbers):
        brought_of_unit, reasons_of_unit = _bring_unit(run, place, unit)
        brought |= brought_of_unit
        reasons |= reasons_of_unit
    reasons |= drop_old_names(run, brought, forth)
    if reasons:
        run.add("refused", moves=sorted(reasons))  # the files that have their new names are not ours
    return [Refusal(moves[number].source, reason) for number, reason in sorted(reasons.items())]


def _bring_unit(run: Run, place: Place, unit: range) -> tuple[dict[int, Brought], dict[int, str]]:
    """Bring an image and then its followers; return how each was brought, or why it was not, by number.

    If a problem shows before the first move, the whole unit stays. If a follower is refused after its image was
    brought, only this follower stays.
    """
    reasons = refusals_beforehand(run, unit) if len(unit) > 1 else {}
    if reasons:
        return {}, spread(run, unit, reasons)
    brought: dict[int, Brought] = {}
    for number in unit:
        try:
            brought[number] = _bring_or_tidy(run, place, number)
        except Refused as refusal:
            reasons[number] = str(refusal)
            if number == unit.start:
                return {}, spread(run, unit, reasons)
    return brought, reasons


def _bring_or_tidy(run: Run, place: Place, number: int) -> Brought:
    """Bring the file of one move. Raises Refused if the system does not let this one file be moved. Raises OSError."""
    try:
        return _bring(run, place, number)
    except OSError as error:
        require_only_one_file(error, run.plan.site)
        settle_move(run, number)
        if not exists(forth(run.plan.site, run.plan.moves[number]).old):
            return Brought.FINISHED
        raise Refused(reason_of(error)) from error


def _bring(run: Run, place: Place, number: int) -> Brought:
    site, move = run.plan.site, run.plan.moves[number]
    ends = forth(site, move)
    target = ends.new
    require_ready(run, number)
    announcer = RunAnnouncer(run, "target", number)
    temporary = run.temporary_path(target, number)
    if site.mode is Mode.MOVE:
        return bring(ends, move, temporary, place, announcer)
    # Of a link, the file that it leads to is copied or linked.
    source = ends.old if move.link is None else ends.old.resolve()
    try:
        if site.mode is Mode.COPY:
            copy_file(source, target, move, temporary, announcer)
        elif site.mode is Mode.HARDLINK:
            os.link(source, target, follow_symlinks=False)
        else:
            os.symlink(ends.old, target)
    except FileExistsError as error:
        raise Refused("its new name was taken meanwhile") from error
    return Brought.FINISHED


def _remove_emptied(run: Run, own_folders: Collection[str]) -> None:
    """Remove the folders of the collection that imgsort made earlier and that this run emptied."""
    if run.plan.site.mode is not Mode.MOVE:
        return
    collection = run.plan.site.collection
    left = {parent_of(move.source) for move in run.plan.moves}
    emptied = [path for path in sorted(left.intersection(own_folders)) if not os.listdir(collection / path)]
    if emptied:
        origins = category_folders.origins(collection)
        for path in emptied:
            folder = collection / path
            mode = stat.S_IMODE(os.lstat(folder).st_mode)
            run.add("remove", path=path, mode=mode, made_as=origins.get(path, path))
            try:
                os.rmdir(folder)
            except OSError as error:  # somebody works in it, or the system does not let it go; it stays, empty
                require_only_one_file(error, run.plan.site)


def _sync_sources(plan: Plan) -> None:
    """Wait until the old names are gone from the disk: otherwise a power loss after the end may bring them back."""
    if plan.site.mode is Mode.MOVE:
        for folder in {parent_of(move.source) for move in plan.moves}:
            with contextlib.suppress(FileNotFoundError):
                sync_folder(plan.site.collection / folder)
