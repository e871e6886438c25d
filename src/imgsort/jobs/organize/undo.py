"""`imgsort undo`: takes back the last run that is still in force, or the run that is named."""

from pathlib import Path

from imgsort.filing.journal.run import Run
from imgsort.filing.journal.twins import level_twin
from imgsort.filing.moving.undo import run_to_undo, undo_run
from imgsort.filing.paths import exists
from imgsort.filing.shortcomings import collected
from imgsort.images.finding.find import require_folder
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import UndoResult
from imgsort.jobs.scale.undo import require_no_journal, undo_in_store
from imgsort.jobs.session.locking import locked_and_settled
from imgsort.storage.addresses import Address, place_of


def undo(
    folder: str | Path | Address,
    run: str | None = None,
    *,
    journal: str | Path | None = None,
    listener: Listener | None = None,
) -> UndoResult:
    """Put back every file that a run of `folder` moved, and remove everything that the run made.

    `folder` may be the address of an object store that objects were copied to; `journal` is then the folder of its
    journal. Files that were changed after the run stay as they are. Raises NothingToUndoError, CollectionError,
    LockedError, JournalError, StorageError and UsageError. Raises StoppedError if the undo stopped part way; it can be
    repeated.
    """
    place = place_of(folder)
    if isinstance(place, Address):
        return undo_in_store(place, run, journal=None if journal is None else Path(journal), listener=listener)
    require_no_journal(place, journal)
    hearing = Remembering(listener)
    root = require_folder(place)
    chosen = run_to_undo(root, run)
    with collected() as shortcomings, locked_and_settled(chosen.plan.site.roots, "undo"):
        chosen = run_to_undo(root, run)  # settling may have changed it
        level_twin(chosen)
        before = _count_filed(chosen)
        outcome = undo_run(chosen, lambda done, total: hearing.progress("undoing", done, total))
        restored = before - _count_filed(chosen)
        for text in shortcomings.take_notices():
            hearing.notice(text)
        result = UndoResult(
            chosen.id, chosen.command, str(chosen.status), root, restored, outcome.refused, tuple(hearing.notices)
        )
        outcome.require_finished(f"{root}: the undo", f"`imgsort undo {root}` continues it.", result)
        return result


def _count_filed(run: Run) -> int:
    return sum(exists(run.plan.site.destination / move.target) for move in run.plan.moves)
