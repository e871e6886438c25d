"""Takes a run back file by file.

An undo refuses files that were changed since the run, and names them. It never removes a last copy.
"""

import contextlib
import errno
import os
from pathlib import Path

from imgsort.content import file_content_hash
from imgsort.errors import JournalError, NothingToUndoError
from imgsort.filing.journal.category_folders import known_folders
from imgsort.filing.journal.run import Links, Run, Status
from imgsort.filing.journal.runs import ids_undone_in_part, latest_in_force, load_run, run_ids
from imgsort.filing.journal.state import sync_folder
from imgsort.filing.journal.twins import require_twin
from imgsort.filing.moving.apply import RunAnnouncer
from imgsort.filing.moving.batch import drop_old_names, reason_of
from imgsort.filing.moving.one_file.bring import Brought, bring
from imgsort.filing.moving.one_file.checks import (
    Refused,
    is_same_entry,
    is_same_file,
    regular_status,
    require_no_link,
    require_only_one_file,
    require_unchanged,
)
from imgsort.filing.moving.one_file.ends import Ends, back
from imgsort.filing.moving.one_file.facts import set_mode, set_times
from imgsort.filing.moving.one_file.links import Place, place_of
from imgsort.filing.moving.one_file.symbolic_links import is_link_with
from imgsort.filing.moving.outcome import Outcome, Progress, stopped
from imgsort.filing.moving.settle import record_result, settle_move
from imgsort.filing.paths import exists, has_link_on_the_way, parent_of
from imgsort.filing.planning.plan import Move, Refusal
from imgsort.filing.planning.site import Mode
from imgsort.filing.planning.units import batches

_NOT_EMPTY_OR_GONE = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR)


def run_to_undo(root: Path, run_id: str | None = None) -> Run:
    """Return the run `run_id`, or the newest run that is not undone. Raises NothingToUndoError and JournalError."""
    if run_id is None:
        run = latest_in_force(root)
        if run is None:
            partly = ", ".join(ids_undone_in_part(root))
            hint = f" These runs were undone only in part; give their id to try again: {partly}." if partly else ""
            raise NothingToUndoError(
                f"{root}: nothing to undo; every run recorded here was taken back already, or there is none.{hint}"
            )
    else:
        if run_id not in run_ids(root):
            raise NothingToUndoError(f"{root}: there is no run {run_id!r}. `imgsort history {root}` lists them.")
        run = load_run(root, run_id)
        if run.status is Status.UNDONE:
            raise NothingToUndoError(f"{root}: run {run_id} was taken back already.")
    require_twin(run)
    return run


def undo_run(run: Run, progress: Progress) -> Outcome:
    """Take back everything that `run` did and that nobody changed since. It may be stopped, killed and repeated."""
    refused: list[Refusal] = []
    moves = run.plan.moves
    try:
        run.add("undo")
        place = place_of(run)
        _make_removed_folders(run)
        for batch in reversed(batches(moves)):
            refused += _undo_batch(run, place, batch)
            progress(len(moves) - batch.start, len(moves))
        _remove_made_folders(run)
        record_result(run)
        run.add("undone", refused=len(refused))
    except (OSError, JournalError, KeyboardInterrupt) as error:
        return stopped(run, "undo_stopped", refused, error)
    return Outcome(tuple(refused))


def _make_removed_folders(run: Run) -> None:
    collection = run.plan.site.collection
    repeated = sum(event["type"] == "undo" for event in run.events) > 1
    for path, mode in run.removed_folders:
        if has_link_on_the_way(collection, path):
            continue
        folder = collection / path
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.mkdir(folder)
        except FileExistsError:
            if not repeated or not folder.is_dir() or os.listdir(folder):
                continue  # somebody else made this folder
        os.chmod(folder, mode)
        sync_folder(folder.parent)


def _undo_batch(run: Run, place: Place, numbers: range) -> list[Refusal]:
    moves, never_made = run.plan.moves, run.refused_moves
    reasons: dict[int, str] = {}
    brought: dict[int, Brought] = {}
    for number in reversed(numbers):
        if number in never_made:
            continue
        try:
            how = _undo_or_tidy(run, place, number)
        except Refused as refusal:
            reasons[number] = str(refusal)
        else:
            if how is not None:
                brought[number] = how
    reasons |= drop_old_names(run, brought, back)
    return [Refusal(moves[number].target, reason) for number, reason in reasons.items()]


def _undo_or_tidy(run: Run, place: Place, number: int) -> Brought | None:
    """Take one move back, or return None if there is nothing to bring.

    Raises Refused if the file was changed, or if the system does not let this one file be moved. Raises OSError.
    """
    site, move = run.plan.site, run.plan.moves[number]
    ends = back(site, move)
    try:
        require_no_link(site, move)
        if site.mode is not Mode.MOVE:
            source = ends.new if move.link is None or site.mode is Mode.SYMLINK else ends.new.resolve()
            _remove_made_file(source, ends.old, move, site.mode, place)
            return None
        return _bring_back(run, place, number) if _is_to_be_brought_back(ends, move) else None
    except OSError as error:
        require_only_one_file(error, site)
        settle_move(run, number, undoing=True)
        raise Refused(reason_of(error)) from error


def _is_to_be_brought_back(ends: Ends, move: Move) -> bool:
    """Say whether the run moved the file and it can go back; False if it never moved or is back already.

    Raises Refused if the file was changed or is gone, or if another file has its old place.
    """
    source, target = ends.new, ends.old
    if move.link is not None and is_link_with(target, ends.old_text):
        if exists(source):
            raise Refused(f"its old place, {move.source}, is taken")
        return True
    if regular_status(target) is None:
        if not exists(source):
            raise Refused("is no longer there")
        return False
    if not exists(source):
        require_unchanged(target, move)
        return True
    try:
        require_unchanged(target, move)
    except Refused:
        return False  # the file never left its old place; the file with its new name is somebody else's
    raise Refused(f"its old place, {move.source}, is taken")


def _bring_back(run: Run, place: Place, number: int) -> Brought:
    move = run.plan.moves[number]
    ends = back(run.plan.site, move)
    source = ends.new
    source.parent.mkdir(parents=True, exist_ok=True)  # a person may have removed its folder
    temporary = run.temporary_path(source, number)
    brought = bring(ends, move, temporary, place, RunAnnouncer(run, "source", number))
    if brought is Brought.REMADE:
        return brought
    status = os.lstat(source)
    if status.st_mtime_ns != move.mtime_ns:  # the other file system rounded the time, or did not keep it
        set_times(source, status.st_atime_ns, move.mtime_ns)
    mode = run.copied_mode(number) if brought is Brought.COPIED else None
    if mode is not None:
        set_mode(source, mode)
    return brought


def _remove_made_file(source: Path, target: Path, move: Move, mode: Mode, place: Place) -> None:
    """Remove the copy or link at `target`. Raises Refused if something would be lost."""
    if not exists(target):
        return
    if is_same_entry(source, target):
        raise Refused("is the original itself by now")
    if mode is Mode.SYMLINK:
        if not (target.is_symlink() and os.readlink(target) == str(source)):
            raise Refused("was changed since")
    elif mode is Mode.HARDLINK and place.links is Links.TOLD:
        original, link = regular_status(source), regular_status(target)
        if original is None or link is None or not is_same_file(original, link):
            raise Refused("may be the last copy: its original is not there any more, or is another file now")
    elif file_content_hash(target) != move.content:
        raise Refused("was changed since, or cannot be read")
    elif file_content_hash(source) != move.content:
        raise Refused("may be the last copy: its original is gone, was changed, or cannot be read")
    os.unlink(target)


def _remove_made_folders(run: Run) -> None:
    """Remove the folders that this undo emptied, if this run or another run of imgsort made them."""
    destination = run.plan.site.destination
    own = {folder.path for folder in known_folders(destination)}
    emptied = own.intersection(parent_of(move.target) for move in run.plan.moves).difference(run.plan.made)
    for path in [*sorted(emptied), *reversed(run.plan.made)]:
        if path in run.foreign_folders or has_link_on_the_way(destination, path):
            continue
        try:
            os.rmdir(destination / path)
        except OSError as error:
            if error.errno not in _NOT_EMPTY_OR_GONE:
                raise
    for parent in {parent_of(path) for path in run.plan.made}:
        with contextlib.suppress(FileNotFoundError):
            sync_folder(destination / parent)
