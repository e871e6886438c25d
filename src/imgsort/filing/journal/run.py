"""Describes one run as its file in `.imgsort` records it: its plan, its events and its status."""

from collections.abc import Iterable, Mapping, Set
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


class Links(StrEnum):
    """What the two names of a hard link show at the place of a run's files."""

    TOLD = "one inode"
    HIDDEN = "two inodes"
    REFUSED = "refused"


_STATUS_AFTER = {
    "done": Status.DONE,
    "stopped": Status.STOPPED,
    "interrupted": Status.INTERRUPTED,
    "undo": Status.UNDO_UNFINISHED,
    "undo_stopped": Status.UNDO_STOPPED,
    "undone": Status.UNDONE,
}


def status_after(events: Iterable[dict[str, Any]]) -> Status:
    """Return the status of a run after these events."""
    status = Status.UNFINISHED
    for event in events:
        status = _STATUS_AFTER.get(event["type"], status)
        if status is Status.UNDONE and event["refused"]:
            status = Status.UNDONE_IN_PART
    return status


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
    # The announcements of each kind by the end and the number of their moves, and how many events they come from.
    _announcements: dict[str, dict[tuple[str, int], dict[str, Any]]] = field(default_factory=dict)
    _events_seen: int = 0

    @property
    def status(self) -> Status:
        """The status of the run, as its events give it."""
        return status_after(self.events)

    @property
    def links(self) -> Links | None:
        """What hard links show at the place of the files, or None if nobody has found it out yet."""
        return next((Links(event["links"]) for event in self.events if event["type"] == "probe"), None)

    @property
    def copies(self) -> Set[tuple[str, int]]:
        """The names that the run itself wrote, or was about to, as ("target" or "source", number of the move)."""
        return self._announced("copy").keys()

    def copied_mode(self, number: int) -> int | None:
        """Return the mode of a file that the run copied, if it is recorded: the new place may not keep it."""
        copy = self._announced("copy").get(("target", number), {})
        return copy.get("mode")

    @property
    def is_across(self) -> bool:
        """Whether any file was, or was about to be, copied: older versions of imgsort recorded it once for a run."""
        return any(event["type"] == "across" for event in self.events)

    @property
    def placeholders(self) -> Set[tuple[str, int]]:
        """The empty files that may have a new name, as ("target" or "source", number of the move)."""
        return self._announced("placeholder").keys()

    def _announced(self, kind: str) -> Mapping[tuple[str, int], dict[str, Any]]:
        """Return the announcements of a kind. Every event is looked at once, however many files are asked about."""
        for event in self.events[self._events_seen :]:
            if event["type"] in ("copy", "placeholder"):
                self._announcements.setdefault(event["type"], {})[event["at"], event["move"]] = event
        self._events_seen = len(self.events)
        return self._announcements.get(kind, {})

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

    @property
    def planned_folders(self) -> dict[str, str]:
        """The path that was planned for each folder whose name the file system did not take, by its real path."""
        events = (event for event in self.events if event["type"] == "renamed")
        return {new: old for event in events for old, new in event["folders"].items()}

    def rename(self, moves: Mapping[int, str], folders: Mapping[str, str]) -> None:
        """Record other targets of moves, by number, and other paths of folders, and plan with them from now on."""
        self.add("renamed", moves={str(number): target for number, target in moves.items()}, folders=dict(folders))
        self.plan = self.plan.renamed(moves, folders)

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
