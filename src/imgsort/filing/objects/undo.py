"""Takes a run in an object store back: removes its copies, if nobody changed them and their originals are there."""

from imgsort.errors import JournalError, StorageError
from imgsort.filing.moving.outcome import Outcome, Progress
from imgsort.filing.objects.apply import at_once
from imgsort.filing.objects.copying import Copier
from imgsort.filing.objects.run import ObjectRun
from imgsort.filing.planning.plan import Refusal

_BATCH = 256


def undo_object_run(run: ObjectRun, copier: Copier, progress: Progress) -> Outcome:
    """Remove every copy that `run` made and that nobody changed since. It may be stopped, killed and repeated."""
    refused: list[Refusal] = []
    copies, made = run.plan.copies, run.made
    numbers = sorted(made.keys() - run.removed, reverse=True)
    try:
        run.add("undo")
        for start in range(0, len(numbers), _BATCH):
            batch = numbers[start : start + _BATCH]
            removed: dict[int, None] = {}
            try:
                reasons = at_once(batch, lambda number: copier.take_back(copies[number], made[number]), removed)
            finally:
                run.add("removed", copies=sorted(removed))
            refused += [Refusal(copies[number].target, reason) for number, reason in sorted(reasons.items())]
            progress(start + len(batch), len(numbers))
        run.add("undone", refused=len(refused))
    except (OSError, StorageError, JournalError, KeyboardInterrupt) as error:
        by_user = isinstance(error, KeyboardInterrupt)
        reason = "Ctrl-C" if by_user else str(error)
        try:
            run.add("undo_stopped", reason=reason)
        except OSError as second:
            reason += f"; this cannot be recorded ({second})"
        return Outcome(tuple(refused), reason, by_user)
    return Outcome(tuple(refused))
