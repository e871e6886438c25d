"""Takes a run in an object store back, and lists the runs that a journal records."""

from pathlib import Path

from imgsort.errors import NothingToUndoError, UsageError
from imgsort.filing.objects.journal import load_object_run, object_run_to_undo, require_no_other_journal, runs_at
from imgsort.filing.objects.plan import ObjectSite
from imgsort.filing.objects.run import ObjectRun
from imgsort.filing.objects.undo import undo_object_run
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import History, RunSummary, UndoResult
from imgsort.jobs.scale.journals import journal_folder, open_journal
from imgsort.jobs.session.locking import tell_settled
from imgsort.storage.addresses import Address
from imgsort.storage.buckets import bucket_at


def undo_in_store(
    place: Address, run: str | None = None, *, journal: Path | None = None, listener: Listener | None = None
) -> UndoResult:
    """Remove the copies that a run made below `place`, if they were not changed and their originals are there.

    `journal`: the folder of the journal. Raises NothingToUndoError, LockedError, JournalError, StorageError. Raises
    StoppedError if the undo stopped part way; it can be repeated.
    """
    hearing = Remembering(listener)
    root, site = _journal_of(place, journal)
    if not root.is_dir():
        raise NothingToUndoError(
            f"{place}: no journal of this machine, {root}, records runs there. --journal names another one."
        )
    with open_journal(place, "undo", journal) as opened:  # even without a run there may be the claim of a killed one
        tell_settled(opened.settled, hearing)
        chosen = object_run_to_undo(root, site, run)
        before = _count_there(chosen)
        outcome = undo_object_run(
            chosen, opened.copier(chosen.plan.site), lambda done, total: hearing.progress("undoing", done, total)
        )
        restored = before - _count_there(chosen)
        result = UndoResult(
            chosen.id,
            chosen.command,
            str(chosen.status),
            place.shown,
            restored,
            outcome.refused,
            tuple(hearing.notices),
        )
        outcome.require_finished(f"{place}: the undo", f"`imgsort undo {place}` continues it.", result)
        return result


def history_in_store(place: Address, *, journal: Path | None = None) -> History:
    """Return the runs that a journal records for `place`, oldest first. Raises JournalError and StorageError."""
    root, site = _journal_of(place, journal)
    if not root.is_dir():
        return History(place.shown, ())
    return History(place.shown, tuple(_summary(load_object_run(root, run_id)) for run_id in runs_at(root, site)))


def require_no_journal(place: Path, journal: str | Path | None) -> None:
    """Raise UsageError if a journal is given for a folder of this machine, which holds its journal itself."""
    if journal is not None:
        raise UsageError(f"{place}: --journal goes with an object store only: a folder holds its journal itself.")


def _journal_of(place: Address, given: Path | None) -> tuple[Path, ObjectSite]:
    host = bucket_at(place).host
    root = journal_folder(place, host, given)
    require_no_other_journal(root)
    return root, ObjectSite(place.shown, place.shown, host)


def _summary(run: ObjectRun) -> RunSummary:
    site = run.plan.site
    return RunSummary(
        id=run.id,
        started=run.started,
        command=run.command,
        mode="copy",
        moves=len(run.plan.copies),
        status=str(run.status),
        collection=str(site.collection),
        destination=str(site.destination),
    )


def _count_there(run: ObjectRun) -> int:
    return len(run.made.keys() - run.removed)
