"""How a run's plan and events are written as lines of JSON, and read again as foreign data.

A run file may have come with a folder from a stranger. Every function that reads one raises ValueError,
KeyError, TypeError, AttributeError or RecursionError for what imgsort does not write.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgsort.filing.paths import is_safe_relative
from imgsort.filing.plan import FolderCount, Mode, Move, Plan, Site
from imgsort.filing.state import json_line

_MAX_TEXT = 8192
_MAX_MODE = 0o7777
_EVENTS = frozenset(
    "placeholder across foreign refused remove done stopped interrupted undo undo_stopped undone".split()
)


def plan_lines(run_id: str, command: str, started: str, plan: Plan, model: dict[str, Any] | None) -> Iterator[bytes]:
    """Yield the plan as lines: a header, a line a move, an end that counts them."""
    site = plan.site
    yield json_line(
        {
            "type": "run",
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
        )
    yield json_line({"type": "end", "moves": len(plan.moves)})


def parse_plan(root: Path, run_id: str, lines: list[bytes]) -> tuple[dict[str, Any], Plan]:
    """Return the header and the plan of the run file that lies in `root` under the name `run_id`."""
    header = json.loads(lines[0]) if lines else {}
    if header.get("type") != "run" or header["version"] != 1 or header["id"] != run_id:
        raise ValueError("it does not begin as a run of this name does")
    moves = []
    for line in lines[1:]:
        record = json.loads(line)
        if record["type"] == "end":
            break
        moves.append(_move(record))
    else:
        raise ValueError("the plan has no end")
    if record["moves"] != len(moves):
        raise ValueError(f"{len(moves)} moves where {record['moves']!r} are announced")
    if not isinstance(header["model"], dict | None):
        raise ValueError("the model is no object")
    _text(header["command"]), _text(header["started"])
    plan = Plan(
        site=_site(root, header),
        made=tuple(_relative(path) for path in header["made"]),
        categories=tuple(_relative(path) for path in header["categories"]),
        moves=tuple(moves),
        folders=tuple(FolderCount(_text(name), _count(count)) for name, count in header["folders"]),
    )
    return header, plan


def parse_events(lines: list[bytes], plan: Plan) -> list[dict[str, Any]]:
    """Return the events that follow the plan in the run file's `lines`."""
    return [_event(json.loads(line), len(plan.moves)) for line in lines[len(plan.moves) + 2 :]]


def event_type(line: bytes) -> str:
    """Return the type of the event on `line`; "" where it is none."""
    try:
        return str(json.loads(line)["type"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _site(root: Path, header: dict[str, Any]) -> Site:
    """Return where the run took place. A journal speaks for the folder that it lies in, or for its twin's."""
    mode = Mode(header["mode"])
    prefix = _relative(header["prefix"]) if header["prefix"] else ""
    if header["collection"] is None and header["destination"] is None and mode is Mode.MOVE:
        return Site(root, root, mode, prefix)
    collection, destination = Path(_text(header["collection"])), Path(_text(header["destination"]))
    if mode is not Mode.MOVE:
        destination = root
    if not collection.is_absolute() or ".." in collection.parts or root not in (collection, destination):
        raise ValueError(f"it was recorded for {collection} and {destination}")
    if collection == destination or not destination.is_absolute():
        raise ValueError("its folders are not two")
    return Site(collection, destination, mode, prefix)


def _event(record: Any, moves: int) -> dict[str, Any]:
    kind = record["type"]
    if kind not in _EVENTS:
        raise ValueError(f"a line of type {kind!r}")
    if kind == "placeholder" and (record["at"] not in ("source", "target") or _count(record["move"]) >= moves):
        raise ValueError("a placeholder of no move")
    if kind == "refused" and not all(_count(number) < moves for number in record["moves"]):
        raise ValueError("a refusal of no move")
    if kind in ("remove", "foreign"):
        _relative(record["path"])
    if kind == "remove" and _count(record["mode"]) > _MAX_MODE:
        raise ValueError("a folder's mode out of range")
    if kind == "undone":
        _count(record["refused"])
    return dict(record)


def _move(record: Any) -> Move:
    if record["type"] != "move":
        raise ValueError(f"a line of type {record['type']!r} in the plan")
    distance = record["distance"]
    if not isinstance(distance, float | int | None):
        raise ValueError("a distance that is no number")
    return Move(
        _relative(record["source"]),
        _relative(record["target"]),
        _count(record["size"]),
        _integer(record["mtime_ns"]),
        _text(record["content"]),
        distance,
    )


def _relative(value: Any) -> str:
    if not is_safe_relative(_text(value)):
        raise ValueError(f"the path {value[:200]!r} leads out of the folder")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT or "\0" in value:
        raise ValueError("a text that is none")
    return value


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise ValueError("a number out of range")
    return value


def _count(value: Any) -> int:
    if _integer(value) < 0:
        raise ValueError("a negative number")
    return int(value)
