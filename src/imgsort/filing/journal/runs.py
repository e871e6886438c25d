"""Reads and writes the runs of a collection.

A run is a file `.imgsort/runs/<id>.jsonl`: the whole plan, and then one line for each event. The plan is written
under another name and synced, and only then gets its own name. So every run file that exists has a complete plan.
No record for each move is needed, because the plan and the disk together say what was done. A run that moves files
to another root has the same file in both roots. One of the two may lack the last events.
"""

import contextlib
import functools
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgsort.errors import JournalError, PlanError
from imgsort.filing.journal import run_format
from imgsort.filing.journal.foreign import NONSENSE
from imgsort.filing.journal.run import Run, Status, run_path, status_after
from imgsort.filing.journal.run_file import complete_lines, last_line, readable_again
from imgsort.filing.journal.run_ids import RUN_ID, id_after
from imgsort.filing.journal.state import (
    make_state_folder,
    refuse_unless,
    state_folder,
    sync_folder,
    write_synced,
)
from imgsort.filing.paths import exists
from imgsort.filing.planning.plan import Plan

_UNSETTLED = (Status.UNFINISHED, Status.UNDO_UNFINISHED)


def begin(plan: Plan, command: str, model: dict[str, Any] | None) -> Run:
    """Write the plan to the `.imgsort` of every root, the destination first; it is on disk when this returns.

    Raises OSError, and PlanError if the plan is more than a run can record. Both leave nothing behind.
    """
    roots = plan.site.roots
    for root in roots:
        make_state_folder(root)
    newest = max((run_id for root in roots for run_id in run_ids(root)), default="")
    run = Run(id_after(newest), command, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), plan, model)
    try:
        for root in reversed(roots):
            path = run_path(root, run.id)
            if exists(path):
                raise JournalError(f"{path}: a run with this id is recorded already. Try again.")
            lines = run_format.plan_lines(run.id, command, run.started, plan, model)
            write_synced(path.with_suffix(".tmp"), readable_again(lines))
            os.replace(path.with_suffix(".tmp"), path)
            sync_folder(path.parent)
    except (OSError, PlanError):
        for root in roots:
            run_path(root, run.id).unlink(missing_ok=True)
            run_path(root, run.id).with_suffix(".tmp").unlink(missing_ok=True)
        raise
    return run


def run_ids(root: Path) -> list[str]:
    """Return the ids of the runs recorded in `root`, oldest first."""
    try:
        names = os.listdir(state_folder(root) / "runs")
    except FileNotFoundError:
        return []
    ids = sorted(name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl") and name[0] != ".")
    for run_id in ids:
        if not RUN_ID.fullmatch(run_id):
            raise JournalError(
                f"{root}: imgsort does not give a run the name {run_id!r}. Remove the file from .imgsort/runs."
            )
    return ids


def load_run(root: Path, run_id: str) -> Run:
    """Read one run and check that every path in it is safe to use.

    Raises JournalError for a file that imgsort did not write.
    """
    path = run_path(root, run_id)
    try:
        with contextlib.closing(complete_lines(path)) as lines:
            header, plan = run_format.parse_plan(root, run_id, lines)
            events = run_format.parse_events(lines, plan)
            plan = run_format.plan_after(plan, events)
    except NONSENSE as error:
        raise JournalError(
            f"{path}: this is not a run that imgsort recorded here ({error}). Remove the file to go on without it."
        ) from error
    return Run(run_id, header["command"], header["started"], plan, header["model"], events)


def command_of(root: Path, run_id: str) -> str:
    """Return the command of a run, without reading its plan. Raises JournalError."""
    try:
        with contextlib.closing(complete_lines(run_path(root, run_id))) as lines:
            return run_format.command_on(next(lines, b"{}"))
    except NONSENSE as error:
        raise JournalError(f"{run_path(root, run_id)}: this is not a run that imgsort recorded ({error}).") from error


def unsettled_ids(root: Path) -> list[str]:
    """Return the ids of runs that were killed, of runs whose undo was killed, and of files that are no runs."""
    return [run_id for run_id in run_ids(root) if last_status(root, run_id) in _UNSETTLED]


def latest_in_force(root: Path) -> Run | None:
    """Return the newest run that is not undone. Raises JournalError."""
    run_id = next(ids_in_force(root), None)
    return None if run_id is None else load_run(root, run_id)


def ids_in_force(root: Path) -> Iterator[str]:
    """Yield the ids of the runs that are not undone, the newest first."""
    for run_id in reversed(run_ids(root)):
        if last_status(root, run_id) not in (Status.UNDONE, Status.UNDONE_IN_PART):
            yield run_id


def ids_undone_in_part(root: Path) -> list[str]:
    """Return the ids of the runs whose undo refused some files."""
    return [run_id for run_id in run_ids(root) if last_status(root, run_id) is Status.UNDONE_IN_PART]


def forget_run(root: Path, run_id: str) -> None:
    """Remove the file of a run that never began."""
    os.unlink(run_path(root, run_id))


def remove_unfinished_plans(root: Path) -> None:
    """Remove plans that a killed run did not finish writing: it had moved nothing yet."""
    folder = state_folder(root) / "runs"
    if folder.is_dir():
        for leftover in folder.glob("*.tmp"):
            refuse_unless(leftover, stat.S_ISREG)
            leftover.unlink()


def last_status(root: Path, run_id: str) -> Status:
    """Return the status that the last line gives.

    Run files are long, and only those of killed runs must be read as a whole. A process that works for weeks makes
    thousands of runs, so it remembers what it read as long as the file stays the same.
    """
    path = run_path(root, run_id)
    try:
        status = os.lstat(path)
        return _status_of(str(path), (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
    except OSError:
        return Status.UNFINISHED  # the caller will then read the file, and the error names it


@functools.lru_cache(maxsize=20_000)
def _status_of(path: str, stamp: tuple[int, ...]) -> Status:
    """Return the status that the last line gives. `stamp`: changes with the file, because lines are only added."""
    return status_after([run_format.event_on(last_line(Path(path)))])
