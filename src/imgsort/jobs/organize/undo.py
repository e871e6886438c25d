"""`imgsort undo`: takes back the last run that is still in force, or the run that is named."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import InterruptedRunError, StoppedError
from imgsort.filing.journal.run import Run
from imgsort.filing.journal.twins import level_twin
from imgsort.filing.moving.undo import run_to_undo, undo_run
from imgsort.filing.paths import exists
from imgsort.filing.planning.plan import Refusal
from imgsort.filing.shortcomings import collected
from imgsort.images.finding.find import require_folder
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import JSON_VERSION
from imgsort.jobs.session.locking import locked_and_settled


@dataclass(frozen=True)
class UndoResult:
    """What `undo` did.

    `restored`: how many files are back.
    `refused`: files that were changed after the run. They stay as they are.
    """

    run: str
    command: str
    status: str
    collection: Path
    restored: int
    refused: tuple[Refusal, ...]
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "version": JSON_VERSION,
            "command": "undo",
            "run": self.run,
            "undone_command": self.command,
            "status": self.status,
            "collection": str(self.collection),
            "counts": {"restored": self.restored, "refused": len(self.refused)},
            "refused": [vars(refusal) for refusal in self.refused],
            "notices": list(self.notices),
        }


def undo(folder: str | Path, run: str | None = None, *, listener: Listener | None = None) -> UndoResult:
    """Put back every file that a run of `folder` moved, and remove everything that the run made.

    Files that were changed after the run stay as they are. Raises NothingToUndoError, CollectionError, LockedError and
    JournalError. Raises StoppedError if the undo stopped part way; it can be repeated.
    """
    hearing = Remembering(listener)
    root = require_folder(Path(folder))
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
        if outcome.stopped is not None:
            error = InterruptedRunError if outcome.by_user else StoppedError
            raise error(
                f"{root}: the undo stopped part way: {outcome.stopped}. Nothing is lost; "
                f"`imgsort undo {root}` continues it.",
                result,
            )
        return result


def _count_filed(run: Run) -> int:
    return sum(exists(run.plan.site.destination / move.target) for move in run.plan.moves)
