"""Carries out a plan in an object store: copies a batch of objects at a time, and records each batch."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from imgsort.errors import JournalError, StorageError
from imgsort.filing.moving.outcome import Outcome, Progress
from imgsort.filing.objects.copying import Copier, NotDone
from imgsort.filing.objects.run import Made, ObjectRun
from imgsort.filing.objects.settle import settle_run
from imgsort.filing.planning.plan import Refusal
from imgsort.filing.planning.units import batches

# How many requests a run has under way at once.
CONCURRENCY = 16

Done = TypeVar("Done")


def apply_object_run(run: ObjectRun, copier: Copier, progress: Progress) -> Outcome:
    """Carry out a run whose plan is on disk. What stops it leaves every object whole."""
    refused: list[Refusal] = []
    copies = run.plan.copies
    try:
        for batch in batches(copies):
            run.add("batch", first=batch.start, stop=batch.stop)
            made: dict[int, Made] = {}
            reasons = at_once(batch, lambda number: copier.copy(copies[number]), made)
            run.add("copied", copies=[[number, each.mark, each.version] for number, each in sorted(made.items())])
            refused += [Refusal(copies[number].source, reason) for number, reason in sorted(reasons.items())]
            progress(batch.stop, len(copies))
        run.add("done", refused=len(refused))
    except (OSError, StorageError, JournalError, KeyboardInterrupt) as error:
        return _stopped(run, copier, refused, error)
    return Outcome(tuple(refused))


def at_once(numbers: Sequence[int], work: Callable[[int], Done], done: dict[int, Done]) -> dict[int, str]:
    """Do the work for each number, several at once; return why it was not done for some.

    `done` gets what was done, even if an error that stops everything is raised. Raises StorageError and OSError.
    """
    reasons: dict[int, str] = {}
    stopping: list[BaseException] = []

    def one(number: int) -> None:
        if stopping:
            return
        try:
            done[number] = work(number)
        except NotDone as reason:
            reasons[number] = str(reason)
        except (OSError, StorageError) as error:
            stopping.append(error)

    with ThreadPoolExecutor(max_workers=CONCURRENCY, thread_name_prefix="imgsort-copy") as pool:
        try:
            list(pool.map(one, numbers))
        except KeyboardInterrupt as error:
            stopping.append(error)
            raise
    if stopping:
        raise stopping[0]
    return reasons


def _stopped(run: ObjectRun, copier: Copier, refused: list[Refusal], error: BaseException) -> Outcome:
    """Record which copies exist and that the run stopped. What cannot be recorded now is left to the next command."""
    by_user = isinstance(error, KeyboardInterrupt)
    reason = "Ctrl-C" if by_user else str(error)
    try:
        settle_run(run, copier)
        run.add("stopped", reason=reason)
    except (OSError, StorageError, JournalError) as second:
        reason += f"; what was done is looked up by the next command, because now it failed ({second})"
    return Outcome(tuple(refused), reason, by_user)
