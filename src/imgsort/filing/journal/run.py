"""Describes one run as its file in `.imgsort` records it: its plan, its events and its status."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from imgsort.filing.journal.run_file import complete_length, write_at
from imgsort.filing.journal.state import (
    json_line,
    state_folder,
)
from imgsort.filing.planning.plan import Plan


class Status(StrEnum):
    """The status of a run, as its last events give it."""

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


def status_after(event: dict[str, Any], before: Status) -> Status:
    """Return the status of a run after one more event."""
    status = _STATUS_AFTER.get(event["type"], before)
    return Status.UNDONE_IN_PART if status is Status.UNDONE and event["refused"] else status


@dataclass
class _Written:
    """One copy of a run's file: how many bytes are surely on disk, and how many events they hold."""

    length: int
    events: int


@dataclass
class Run:
    """A run as its file records it. `events` are the lines after the plan, in the order of writing."""

    id: str
    command: str
    started: str
    plan: Plan
    model: dict[str, Any] | None
    events: list[dict[str, Any]] = field(default_factory=list)
    _written: dict[Path, _Written] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """The status of the run, as its events give it."""
        status = Status.UNFINISHED
        for event in self.events:
            status = status_after(event, status)
        return status

    @property
    def is_across(self) -> bool:
        """Whether files were, or were about to be, copied to another file system."""
        return any(event["type"] == "across" for event in self.events)

    @property
    def placeholders(self) -> set[tuple[str, int]]:
        """The empty files that may have a new name, as ("target" or "source", number of the move)."""
        return {(event["at"], event["move"]) for event in self.events if event["type"] == "placeholder"}

    @property
    def refused_moves(self) -> set[int]:
        """The numbers of the moves that were not made: the files that have their new names belong to somebody else."""
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
        """The `made_as` of each removed folder by its path; older run files lack it, and then the path is used."""
        removed = (event for event in self.events if event["type"] == "remove")
        return {event["path"]: event.get("made_as", event["path"]) for event in removed}

    def temporary_path(self, place: Path, number: int) -> Path:
        """Return the path where the copy for move `number` is written before it gets its name `place`."""
        return place.with_name(f".imgsort-{self.id}-{number}.tmp")

    def add(self, kind: str, **values: Any) -> None:
        """Add one event to every copy of the run's file; it is on disk when this returns. Raises OSError.

        A failed write may leave anything after the last event that was surely written. The next call writes from
        there on, first the missing events and then the new one, so that the copies stay alike.
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
