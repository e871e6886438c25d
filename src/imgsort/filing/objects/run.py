"""Describes one run in an object store as its file records it, and reads and writes the lines of that file.

The plan comes first. Before each batch of copies an event says which ones may exist from now on, and after it another
event says what the store made of them. So a run that was killed is known but for the copies of one batch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgsort.filing.journal.foreign import checked_count, checked_integer, checked_relative, checked_text
from imgsort.filing.journal.run import Status, status_after
from imgsort.filing.journal.run_file import complete_length, write_at
from imgsort.filing.journal.state import json_line, parsed_json
from imgsort.filing.objects.plan import ObjectCopy, ObjectPlan, ObjectSite
from imgsort.portable_text import portable
from imgsort.storage.addresses import Address, address_of
from imgsort.storage.keys import why_unsafe

_TYPE = "object run"


@dataclass(frozen=True)
class Made:
    """A copy that a run made: what the store said of it then."""

    mark: str
    version: str


@dataclass
class ObjectRun:
    """A run as its file records it. `events` are the lines after the plan, in the order of writing."""

    id: str
    command: str
    started: str
    plan: ObjectPlan
    path: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    _length: int | None = None

    @property
    def status(self) -> Status:
        """The status of the run, as its events give it."""
        return status_after(self.events)

    @property
    def made(self) -> dict[int, Made]:
        """The copies that the run made, by their numbers."""
        found = (copy for event in self.events if event["type"] == "copied" for copy in event["copies"])
        return {number: Made(mark, version) for number, mark, version in found}

    @property
    def removed(self) -> set[int]:
        """The numbers of the copies that an undo has removed."""
        return {number for event in self.events if event["type"] == "removed" for number in event["copies"]}

    @property
    def unsure(self) -> range:
        """The numbers of the copies of which nobody recorded what became of them."""
        begun = [event for event in self.events if event["type"] in ("batch", "copied")]
        if not begun or begun[-1]["type"] != "batch":
            return range(0)
        return range(begun[-1]["first"], begun[-1]["stop"])

    def add(self, kind: str, **values: Any) -> None:
        """Add one event to the run's file; it is on disk when this returns. Raises OSError."""
        if self._length is None:
            self._length = complete_length(self.path)
        line = json_line({"type": kind, **values})
        write_at(self.path, self._length, line)
        self._length += len(line)
        self.events.append({"type": kind, **values})


def plan_lines(run: ObjectRun) -> Iterator[bytes]:
    """Yield the plan as lines: a header, one line for each copy, and an end line with the number of copies."""
    site = run.plan.site
    yield json_line(
        {
            "type": _TYPE,
            "version": 1,
            "id": run.id,
            "command": run.command,
            "started": run.started,
            "collection": str(site.collection),
            "destination": str(site.destination),
            "host": site.host,
        }
    )
    for copy in run.plan.copies:
        yield json_line(
            {
                "type": "copy",
                "source": copy.source,
                "target": copy.target,
                "size": copy.size,
                "mtime_ns": copy.mtime_ns,
                "mark": copy.mark,
                "content": copy.content,
                "distance": copy.distance,
            }
            | ({} if copy.follows is None else {"follows": copy.follows})
        )
    yield json_line({"type": "end", "copies": len(run.plan.copies)})


def parse_header(lines: Iterator[bytes], run_id: str) -> tuple[dict[str, Any], ObjectSite]:
    """Return the first line of a run's file and where the run took place. Raises the errors of NONSENSE."""
    header = parsed_json(next(lines, b"{}"))
    if header.get("type") != _TYPE or header["version"] != 1 or header["id"] != run_id:
        raise ValueError("it does not begin as a run in an object store does")
    checked_text(header["command"]), checked_text(header["started"])
    places = _checked_address(header["collection"]), _checked_address(header["destination"])
    return header, ObjectSite(*places, checked_text(header["host"]))


def parse_run(path: Path, run_id: str, lines: Iterator[bytes]) -> ObjectRun:
    """Return the run whose file has these lines. Raises the errors of NONSENSE."""
    header, site = parse_header(lines, run_id)
    copies = []
    for line in lines:
        record = parsed_json(line)
        if record["type"] == "end":
            break
        copies.append(_copy(record))
    else:
        raise ValueError("the end of the plan is missing")
    if record["copies"] != len(copies) or len({copy.target for copy in copies}) != len(copies):
        raise ValueError("copies are missing, or two have the same key")
    if not site.sources_as_targets(copy.source for copy in copies).isdisjoint(copy.target for copy in copies):
        raise ValueError("an original is called a copy")  # an undo would remove it
    events = [_event(parsed_json(line), len(copies)) for line in lines]
    return ObjectRun(run_id, header["command"], header["started"], ObjectPlan(site, tuple(copies), ()), path, events)


def _checked_address(value: Any) -> Address:
    address = address_of(checked_text(value))
    if str(address) != value:
        raise ValueError("an address that imgsort does not write")
    return address


def _copy(record: Any) -> ObjectCopy:
    if record["type"] != "copy" or not isinstance(record["distance"], float | int | None):
        raise ValueError("a line that is no copy")
    return ObjectCopy(
        _checked_key(record["source"]),
        _checked_key(record["target"]),
        checked_count(record["size"]),
        checked_integer(record["mtime_ns"]),
        checked_text(record["content"]),
        record["distance"],
        None if record.get("follows") is None else _checked_key(record["follows"]),
        mark=checked_text(record["mark"]),
    )


def _checked_key(value: Any) -> str:
    key = portable(checked_relative(value))
    reason = why_unsafe(key)
    if reason is not None:
        raise ValueError(reason)
    return key


def _event(record: Any, copies: int) -> dict[str, Any]:
    check = _CHECKS.get(record["type"])
    if check is None:
        raise ValueError(f"a line of type {record['type']!r}")
    check(record, copies)
    return dict(record)


def _check_copied(record: Any, copies: int) -> None:
    for number, mark, version in record["copies"]:
        _check_numbers([number], copies)
        checked_text(mark), checked_text(version)


def _check_numbers(numbers: Iterable[Any], copies: int) -> None:
    if not all(checked_count(number) < copies for number in numbers):
        raise ValueError("a line that belongs to no copy")


def _nothing(record: Any, _: int) -> None:
    """Accept an event that holds nothing that is used."""


_CHECKS: dict[str, Callable[[Any, int], None]] = {
    "batch": lambda record, copies: _check_numbers([record["first"], record["stop"] - 1], copies),
    "copied": _check_copied,
    "removed": lambda record, copies: _check_numbers(record["copies"], copies),
    "undone": lambda record, _: _check_numbers([record["refused"]], 2**63),
    **dict.fromkeys(("done", "stopped", "interrupted", "undo", "undo_stopped"), _nothing),
}
