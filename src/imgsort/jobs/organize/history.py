"""`imgsort history`: lists the runs of a collection. It only reads: it takes no lock and settles no run."""

from pathlib import Path

from imgsort.errors import ElsewhereError
from imgsort.filing.journal.runs import load_run, run_ids
from imgsort.images.finding.find import require_folder
from imgsort.jobs.results import History, RunSummary
from imgsort.jobs.scale.undo import history_in_store, require_no_journal
from imgsort.storage.addresses import Address, place_of


def history(folder: str | Path | Address, *, journal: str | Path | None = None) -> History:
    """Return the runs recorded in `folder`, oldest first.

    `folder` may be the address of an object store; `journal` is then the folder of its journal. Raises CollectionError,
    JournalError, StorageError and UsageError.
    """
    place = place_of(folder)
    if isinstance(place, Address):
        return history_in_store(place, journal=None if journal is None else Path(journal))
    require_no_journal(place, journal)
    root = require_folder(place)
    return History(root, tuple(_summary(root, run_id) for run_id in run_ids(root)))


def _summary(root: Path, run_id: str) -> RunSummary:
    """Return the summary of one run, without its plan, which may be long."""
    try:
        run = load_run(root, run_id)
    except ElsewhereError as error:
        return RunSummary(run_id, "", "", "", 0, "recorded for folders that were moved since", "", "", str(error))
    site = run.plan.site
    return RunSummary(
        id=run.id,
        started=run.started,
        command=run.command,
        mode=str(site.mode),
        moves=len(run.plan.moves),
        status=str(run.status),
        collection=str(site.collection),
        destination=str(site.destination),
    )
