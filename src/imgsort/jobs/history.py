"""`imgsort history`: the runs of a collection. Reads only: takes no lock and settles nothing."""

from pathlib import Path

from imgsort.filing.runs import load_run, run_ids
from imgsort.images.find import require_folder
from imgsort.jobs.results import History, RunSummary


def history(folder: str | Path) -> History:
    """Return the runs recorded in `folder`, oldest first. Raises CollectionError and JournalError."""
    root = require_folder(Path(folder))
    runs = [load_run(root, run_id) for run_id in run_ids(root)]
    return History(
        root,
        tuple(
            RunSummary(
                id=run.id,
                started=run.started,
                command=run.command,
                mode=str(run.plan.site.mode),
                moves=len(run.plan.moves),
                status=str(run.status),
                collection=str(run.plan.site.collection),
                destination=str(run.plan.site.destination),
            )
            for run in runs
        ),
    )
