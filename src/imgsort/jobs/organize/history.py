"""`imgsort history`: lists the runs of a collection. It only reads: it takes no lock and settles no run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import ElsewhereError
from imgsort.filing.journal.runs import load_run, run_ids
from imgsort.images.finding.find import require_folder
from imgsort.jobs.results import JSON_VERSION


@dataclass(frozen=True)
class RunSummary:
    """One line of `history`: a run."""

    id: str
    started: str
    command: str
    mode: str
    moves: int
    status: str
    collection: str
    destination: str
    remedy: str = ""


@dataclass(frozen=True)
class History:
    """The runs recorded in a collection, oldest first."""

    collection: Path
    runs: tuple[RunSummary, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "version": JSON_VERSION,
            "command": "history",
            "collection": str(self.collection),
            "runs": [vars(run) for run in self.runs],
        }


def history(folder: str | Path) -> History:
    """Return the runs recorded in `folder`, oldest first. Raises CollectionError and JournalError."""
    root = require_folder(Path(folder))
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
