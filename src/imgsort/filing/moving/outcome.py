"""Describes the result of a run or an undo, and ends one that stops before its end."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from imgsort.errors import InterruptedRunError, JournalError, StoppedError
from imgsort.filing.journal.run import Run
from imgsort.filing.moving.settle import record_result, settle_moves
from imgsort.filing.planning.plan import Refusal

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """The result of a run or an undo.

    `stopped` is the reason why it stopped before its end, or None. `by_user` says whether Ctrl-C stopped it.
    """

    refused: tuple[Refusal, ...]
    stopped: str | None = None
    by_user: bool = False

    def require_finished(self, what: str, remedy: str, result: object) -> None:
        """Raise InterruptedRunError or StoppedError, which has the `result`, if the end was not reached.

        `what`: the place, a colon, and what stopped there, if that is not the run.
        """
        if self.stopped is not None:
            error = InterruptedRunError if self.by_user else StoppedError
            raise error(f"{what} stopped part way: {self.stopped}. Nothing is lost; {remedy}", result)


def stopped(run: Run, event: str, refused: list[Refusal], error: BaseException) -> Outcome:
    """Leave every file at one place and record that the run, or its undo, stopped.

    If something cannot be tidied or written now (for example, the disk is full), the next command tidies it.
    """
    reason = "Ctrl-C" if isinstance(error, KeyboardInterrupt) else str(error)
    with _no_further_interrupt():
        try:
            settle_moves(run, undoing=event == "undo_stopped")
            record_result(run)
            run.add(event, reason=reason)
        except (OSError, JournalError) as second:
            reason += f"; tidying up failed too ({second}) and is left to the next command"
    return Outcome(tuple(refused), reason, isinstance(error, KeyboardInterrupt))


@contextlib.contextmanager
def _no_further_interrupt() -> Iterator[None]:
    """Ignore a second Ctrl-C: tidying up is short, and half of it would be worse than none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
