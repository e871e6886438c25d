"""Takes the locks that a command holds while it works, and settles killed runs first."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from imgsort.filing.journal.locking.lock import locked
from imgsort.filing.journal.twins import has_twin
from imgsort.filing.moving.settle import settle, unsettled_runs
from imgsort.jobs.listener import Listener


@contextlib.contextmanager
def locked_and_settled(roots: Sequence[Path], command: str) -> Iterator[list[str]]:
    """Hold the locks of `roots`, settle their killed runs, and give the ids of the settled runs.

    If a killed run also belongs to another root, hold the lock of that root too.
    """
    wanted = set(roots)
    for root in roots:
        for run in unsettled_runs(root):
            # A journal may name another root. imgsort touches that root only if the root has a record of the same run.
            if has_twin(run):
                wanted.update(run.plan.site.roots)
    with locked(sorted(wanted), command):
        yield [run_id for root in roots for run_id in settle(root)]


def tell_settled(run_ids: Sequence[str], hearing: Listener) -> None:
    """Give a notice about each killed run that was settled."""
    for run_id in run_ids:
        hearing.notice(
            f"run {run_id} was killed earlier. Its files are in order now, and `imgsort undo` takes it back."
        )
