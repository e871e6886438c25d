"""One run: its plan, and what became of it, as its file in `.imgsort` tells."""

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


def status_after(event: dict[str, Any], before: Status) -> Status:
    """Return the status of a run after one more event."""
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
            status = status_after(event, status)
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
