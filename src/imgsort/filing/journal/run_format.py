"""Writes a run's plan and events as lines of JSON, and reads them again as foreign data.

A run file may come with a folder from a stranger. Every function that reads a run file raises an error of
`foreign.NONSENSE` if it finds something that imgsort does not write.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from imgsort.errors import ElsewhereError
from imgsort.filing.journal.foreign import NONSENSE, checked_count, checked_integer, checked_relative, checked_text
from imgsort.filing.journal.run import Links
from imgsort.filing.journal.state import json_line, parsed_json
from imgsort.filing.planning.plan import FolderCount, Move, Plan
from imgsort.filing.planning.site import Mode, Site

FOLDER_RUN = "run"  # the type of the first line
_MAX_MODE = 0o7777
_EVENTS = frozenset(
    "probe renamed placeholder copy across foreign refused remove "
    "done stopped interrupted undo undo_stopped undone".split()
)


def plan_lines(run_id: str, command: str, started: str, plan: Plan, model: dict[str, Any] | None) -> Iterator[bytes]:
    """Yield the plan as lines: a header, one line for each move, and an end line with the number of moves."""
    site = plan.site
    yield json_line(
        {
            "type": FOLDER_RUN,
            "version": 1,
            "id": run_id,
            "command": command,
            "started": started,
            "mode": site.mode,
            "collection": None if site.is_within else str(site.collection),
            "destination": None if site.is_within else str(site.destination),
            "prefix": site.prefix,
            "model": model,
            "made": plan.made,
            "categories": plan.categories,
            "folders": [[folder.name, folder.count] for folder in plan.folders],
        }
    )
    for move in plan.moves:
        yield json_line(
            {
                "type": "move",
                "source": move.source,
                "target": move.target,
                "size": move.size,
                "mtime_ns": move.mtime_ns,
                "content": move.content,
                "distance": move.distance,
            }
            | ({} if move.follows is None else {"follows": move.follows})
            | ({} if move.link is None else {"link": move.link})
        )
    yield json_line({"type": "end", "moves": len(plan.moves)})


def parse_plan(root: Path, run_id: str, lines: Iterator[bytes]) -> tuple[dict[str, Any], Plan]:
    """Return the header and the plan of the run file that lies in `root` under the name `run_id`.

    Takes the lines of the plan from `lines` and leaves those of the events. Raises ElsewhereError if the run
    was recorded for other folders.
    """
    header = parsed_json(next(lines, b"{}"))
    if header.get("type") != FOLDER_RUN or header["version"] != 1 or header["id"] != run_id:
        raise ValueError("it does not begin as a run of this name does")
    moves = []
    for line in lines:
        record = parsed_json(line)
        if record["type"] == "end":
            break
        moves.append(_move(record))
    else:
        raise ValueError("the end of the plan is missing")
    if record["moves"] != len(moves):
        raise ValueError(f"{len(moves)} moves, but its last line says {record['moves']!r}")
    if not isinstance(header["model"], dict | None):
        raise ValueError("the model is not an object")
    checked_text(header["command"]), checked_text(header["started"])
    plan = Plan(
        site=_site(root, header),
        made=tuple(checked_relative(path) for path in header["made"]),
        categories=tuple(checked_relative(path) for path in header["categories"]),
        moves=tuple(moves),
        folders=tuple(FolderCount(checked_text(name), checked_count(count)) for name, count in header["folders"]),
    )
    _require_distinct(plan)
    _require_images_to_follow(plan)
    return header, plan


def parse_events(lines: Iterable[bytes], plan: Plan) -> list[dict[str, Any]]:
    """Return the events on `lines`, the lines that follow the plan."""
    return [_event(parsed_json(line), len(plan.moves)) for line in lines]


def plan_after(plan: Plan, events: Iterable[dict[str, Any]]) -> Plan:
    """Return the plan with the names that the run chose for those that a file system did not take."""
    for event in events:
        if event["type"] == "renamed":
            plan = plan.renamed({int(number): target for number, target in event["moves"].items()}, event["folders"])
            _require_distinct(plan)
    return plan


def command_on(line: bytes) -> str:
    """Return the command that the first `line` of a run file names, or "" if it names none."""
    return checked_text(parsed_json(line).get("command", ""))


def event_on(line: bytes) -> dict[str, Any]:
    """Return the event on the last `line` of a run file, or an event of type "" if there is none."""
    try:
        return _event(parsed_json(line), 0)
    except NONSENSE:
        return {"type": ""}


def _site(root: Path, header: dict[str, Any]) -> Site:
    """Return where the run took place. A journal is valid only for its own folder and the folder of its twin."""
    mode = Mode(header["mode"])
    prefix = checked_relative(header["prefix"]) if header["prefix"] else ""
    if header["collection"] is None and header["destination"] is None and mode is Mode.MOVE:
        return Site(root, root, mode, prefix)
    collection, destination = Path(checked_text(header["collection"])), Path(checked_text(header["destination"]))
    if not collection.is_absolute() or not destination.is_absolute() or ".." in collection.parts + destination.parts:
        raise ValueError("its folders are not absolute paths")
    if mode is not Mode.MOVE:
        destination = root
    if root not in (collection, destination):
        raise ElsewhereError(
            f"{root}: run {header['id']} was recorded for {collection} and {destination}. To undo it, move the "
            "folders back to these places."
        )
    if collection == destination:
        raise ValueError("its two folders are the same")
    return Site(collection, destination, mode, prefix)


def _require_distinct(plan: Plan) -> None:
    """Raise ValueError if two moves share a source or a target, or if a target under the same root is a source."""
    sources, targets = {move.source for move in plan.moves}, {move.target for move in plan.moves}
    if len(sources) < len(plan.moves) or len(targets) < len(plan.moves):
        raise ValueError("two moves from or to the same name")
    if plan.site.is_within and sources & targets:
        raise ValueError("a move to the old name of another file")


def _require_images_to_follow(plan: Plan) -> None:
    """Raise ValueError if a sidecar's move does not follow the last image before it."""
    image = None
    for move in plan.moves:
        if move.follows is None:
            image = move.source
        elif move.follows != image:
            raise ValueError("a sidecar without its image")


def _event(record: Any, moves: int) -> dict[str, Any]:
    kind = record["type"]
    if kind not in _EVENTS:
        raise ValueError(f"a line of type {kind!r}")
    if kind in _CHECKS:
        _CHECKS[kind](record, moves)
    return dict(record)


def _check_probe(record: Any, _: int) -> None:
    Links(record["links"])  # a ValueError for any other word


def _check_renamed(record: Any, moves: int) -> None:
    _check_numbers(map(int, record["moves"]), moves)
    for path in (*record["moves"].values(), *record["folders"], *record["folders"].values()):
        checked_relative(path)


def _check_announced(record: Any, moves: int) -> None:
    _check_numbers([record["move"]], moves)
    if record["at"] not in ("source", "target"):
        raise ValueError(f"a name at {record['at']!r}")
    if checked_count(record.get("mode", 0)) > _MAX_MODE:
        raise ValueError("a file's mode out of range")


def _check_remove(record: Any, _: int) -> None:
    checked_relative(record["path"]), checked_relative(record.get("made_as", record["path"]))
    if checked_count(record["mode"]) > _MAX_MODE:
        raise ValueError("a folder's mode out of range")


_CHECKS: dict[str, Callable[[Any, int], object]] = {
    "probe": _check_probe,
    "renamed": _check_renamed,
    "placeholder": _check_announced,
    "copy": _check_announced,
    "foreign": lambda record, _: checked_relative(record["path"]),
    "refused": lambda record, moves: _check_numbers(record["moves"], moves),
    "remove": _check_remove,
    "undone": lambda record, _: checked_count(record["refused"]),
}


def _check_numbers(numbers: Iterable[Any], moves: int) -> None:
    if not all(checked_count(number) < moves for number in numbers):
        raise ValueError("a line that belongs to no move")


def _move(record: Any) -> Move:
    if record["type"] != "move":
        raise ValueError(f"a line of type {record['type']!r} in the plan")
    distance = record["distance"]
    if not isinstance(distance, float | int | None):
        raise ValueError("a distance that is not a number")
    return Move(
        checked_relative(record["source"]),
        checked_relative(record["target"]),
        checked_count(record["size"]),
        checked_integer(record["mtime_ns"]),
        checked_text(record["content"]),
        distance,
        # Runs that were recorded before imgsort moved sidecars have no such key.
        None if record.get("follows") is None else checked_relative(record["follows"]),
        None if record.get("link") is None else checked_text(record["link"]),
    )
