"""Finds out what a killed run did, and records it."""

from imgsort.filing.journal.run import Status
from imgsort.filing.objects.copying import Copier
from imgsort.filing.objects.run import ObjectRun


def settle_run(run: ObjectRun, copier: Copier) -> None:
    """Record the copies of the batch of which nobody knows what became. Raises OSError and StorageError.

    A copy that is there with the planned content counts as the run's own.
    """
    found = {number: copier.found(run.plan.copies[number]) for number in run.unsure}
    made = [[number, each.mark, each.version] for number, each in found.items() if each is not None]
    if found:
        run.add("copied", copies=made)


def settle_killed(run: ObjectRun, copier: Copier) -> None:
    """Settle a run that was killed, or whose undo was, and record its new status."""
    is_undo = run.status is Status.UNDO_UNFINISHED
    settle_run(run, copier)
    run.add("undo_stopped" if is_undo else "interrupted")
