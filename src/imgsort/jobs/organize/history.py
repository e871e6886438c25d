"""`imgsort history`: the runs of a collection. Reads only: takes no lock and settles nothing."""

from pathlib import Path

from imgsort.errors import ElsewhereError
from imgsort.filing.journal.runs import load_run, run_ids
from imgsort.images.finding.find import require_folder
from imgsort.jobs.results import History, RunSummary


def history(folder: str | Path) -> History:
    """Return the runs recorded in `folder`, oldest first. Raises CollectionError and JournalError."""
    root = require_folder(Path(folder))
    return History(root, tuple(_summary(root, run_id) for run_id in run_ids(root)))


def _summary(root: Path, run_id: str) -> RunSummary:
    """Return the line of one run; its plan, which may be long, is not kept."""
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
