"""The locks that a command holds while it works, and the killed runs that it settles first."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from imgsort.filing.journal.lock import locked
from imgsort.filing.journal.twins import has_twin
from imgsort.filing.moving.settle import settle, unsettled_runs


@contextlib.contextmanager
def locked_and_settled(roots: Sequence[Path], command: str) -> Iterator[list[str]]:
    """Hold the locks of `roots`, and of roots that a killed run shares with them; give the ids of runs settled."""
    wanted = set(roots)
    for root in roots:
        for run in unsettled_runs(root):
            # A root that a journal names is not touched unless it has the same run on record itself.
            if has_twin(run):
                wanted.update(run.plan.site.roots)
    with locked(sorted(wanted), command):
        yield [run_id for root in roots for run_id in settle(root)]
