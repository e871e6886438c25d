"""The runs of a collection: `.imgsort/runs/<id>.jsonl`, the whole plan and then a line for each event.

The plan is written under another name, synced, and only then given its own: a run file that is there
is complete. No record per move is needed, for the plan and the disk together say what was done. A run
that moves files to another root has the same file in both; one may be some events behind.
"""

import calendar
import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from imgsort.errors import JournalError, PlanError
from imgsort.filing.journal import run_format
from imgsort.filing.journal.foreign import NONSENSE
from imgsort.filing.journal.run_file import complete_length, complete_lines, last_line, readable_again, write_at
from imgsort.filing.journal.state import (
    json_line,
    make_state_folder,
    refuse_unless,
    state_folder,
    sync_folder,
    write_synced,
)
from imgsort.filing.paths import exists
from imgsort.filing.planning.plan import Plan

_ID = re.compile(r"\d{8}-\d{6}-\d{3}")


class Status(StrEnum):
    """What became of a run, as the last of its events says."""

    UNFINISHED = "unfinished"
    DONE = "done"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    UNDO_UNFINISHED = "undo unfinished"
    UNDO_STOPPED = "undo stopped"
    UNDONE = "undone"
    UNDONE_IN_PART = "undone in part"


_STATUS_AFTER = {
    "done": Status.DONE,
    "stopped": Status.STOPPED,
    "interrupted": Status.INTERRUPTED,
    "undo": Status.UNDO_UNFINISHED,
    "undo_stopped": Status.UNDO_STOPPED,
    "undone": Status.UNDONE,
}
_UNSETTLED = (Status.UNFINISHED, Status.UNDO_UNFINISHED)


def _status_after(event: dict[str, Any], before: Status) -> Status:
    status = _STATUS_AFTER.get(event["type"], before)
    return Status.UNDONE_IN_PART if status is Status.UNDONE and event["refused"] else status


@dataclass
class _Written:
    """One copy of a run's file: bytes that are surely on disk, and how many events they hold."""

    length: int
    events: int


@dataclass
class Run:
    """A run as its file tells it. `events` are the lines after the plan, in the order of writing."""

    id: str
    command: str
    started: str
    plan: Plan
    model: dict[str, Any] | None
    events: list[dict[str, Any]] = field(default_factory=list)
    _written: dict[Path, _Written] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """What became of the run."""
        status = Status.UNFINISHED
        for event in self.events:
            status = _status_after(event, status)
        return status

    @property
    def is_across(self) -> bool:
        """Whether files were, or were about to be, copied to another file system."""
        return any(event["type"] == "across" for event in self.events)

    @property
    def placeholders(self) -> set[tuple[str, int]]:
        """The empty files that may stand under a new name: ("target" or "source", number of the move)."""
        return {(event["at"], event["move"]) for event in self.events if event["type"] == "placeholder"}

    @property
    def refused_moves(self) -> set[int]:
        """The moves that were not made, by number: what has their new names now is somebody else's."""
        return {number for event in self.events if event["type"] == "refused" for number in event["moves"]}

    @property
    def foreign_folders(self) -> set[str]:
        """Folders of the plan that someone else made first."""
        return {event["path"] for event in self.events if event["type"] == "foreign"}

    @property
    def removed_folders(self) -> list[tuple[str, int]]:
        """Emptied folders that the run removed from the collection, with their modes."""
        return [(event["path"], event["mode"]) for event in self.events if event["type"] == "remove"]

    @property
    def removed_origins(self) -> dict[str, str]:
        """What each of these folders was made as, by path. Runs recorded before that was told made them as they are."""
        removed = (event for event in self.events if event["type"] == "remove")
        return {event["path"]: event.get("made_as", event["path"]) for event in removed}

    def temporary_path(self, place: Path, number: int) -> Path:
        """Return where a copy for move `number` is written before it gets its name `place`."""
        return place.with_name(f".imgsort-{self.id}-{number}.tmp")

    def add(self, kind: str, **values: Any) -> None:
        """Write one more event to every copy of the run's file, on disk when this returns. Raises OSError.

        A write that failed may have left anything behind what was written before: the next event is
        written from there, after those that are missing, so that the copies stay alike.
        """
        paths = {root: run_path(root, self.id) for root in self.plan.site.roots}
        for root in paths.keys() - self._written.keys():
            self._written[root] = _Written(complete_length(paths[root]), len(self.events))
        self.events.append({"type": kind, **values})
        for root, path in paths.items():
            written = self._written[root]
            lines = b"".join(json_line(event) for event in self.events[written.events :])
            write_at(path, written.length, lines)
            self._written[root] = _Written(written.length + len(lines), len(self.events))


def run_path(root: Path, run_id: str) -> Path:
    """Return where the run's file lies, or would lie."""
    return state_folder(root) / "runs" / f"{run_id}.jsonl"


def begin(plan: Plan, command: str, model: dict[str, Any] | None) -> Run:
    """Write the plan to every root's `.imgsort`, on disk before this returns; the destination's first.

    Raises OSError, and PlanError for more than a run can record, with nothing left behind.
    """
    roots = plan.site.roots
    for root in roots:
        make_state_folder(root)
    run = Run(_new_id(roots), command, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), plan, model)
    try:
        for root in reversed(roots):
            path = run_path(root, run.id)
            if exists(path):
                raise JournalError(f"{path}: a run of this id is recorded already. Try again.")
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
        if not _ID.fullmatch(run_id):
            raise JournalError(f"{root}: imgsort gives no run the name {run_id!r}. Remove the file from .imgsort/runs.")
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
    """Return the ids of runs that were killed, or whose undo was, and of files that are no runs."""
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
    """Return the ids of runs of which an undo refused some files."""
    return [run_id for run_id in run_ids(root) if last_status(root, run_id) is Status.UNDONE_IN_PART]


def forget_run(root: Path, run_id: str) -> None:
    """Remove the file of a run that never began."""
    os.unlink(run_path(root, run_id))


def remove_unfinished_plans(root: Path) -> None:
    """Remove plans that were being written when a run was killed: nothing had moved yet."""
    folder = state_folder(root) / "runs"
    if folder.is_dir():
        for leftover in folder.glob("*.tmp"):
            refuse_unless(leftover, stat.S_ISREG)
            leftover.unlink()


def _new_id(roots: Sequence[Path]) -> str:
    """Return an id that sorts after every id in every root, also where the clock went back."""
    newest = max((run_id for root in roots for run_id in run_ids(root)), default="")
    now = _id_at(time.time_ns() // 1_000_000)
    run_id = now if now > newest else _id_at(_milliseconds_of(newest) + 1)
    if not _ID.fullmatch(run_id):
        raise JournalError(f"runs/{newest}.jsonl: no run can come after this one. Remove the file.")
    return run_id


def _id_at(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds)) + f"-{rest:03d}"


def _milliseconds_of(run_id: str) -> int:
    try:
        return calendar.timegm(time.strptime(run_id[:15], "%Y%m%d-%H%M%S")) * 1000 + int(run_id[16:19])
    except ValueError as error:
        raise JournalError(f"runs/{run_id}.jsonl: imgsort gives no such names. Remove the file.") from error


def last_status(root: Path, run_id: str) -> Status:
    """Return the status by the last line alone: run files are long, and only killed runs need reading."""
    try:
        line = last_line(run_path(root, run_id))
    except OSError:
        return Status.UNFINISHED  # it will be read, and refused by name
    return _status_after(run_format.event_on(line), Status.UNFINISHED)
