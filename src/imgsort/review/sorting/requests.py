"""Reads a correction from the JSON of a request. Anything that is not one leads to a CorrectionError."""

from typing import Any

from imgsort.errors import CorrectionError
from imgsort.review.sorting.corrections import Correction, Create, Merge, Move, Regroup, Rename

_MOST_NUMBERS = 1_000_000


def correction_of(record: Any) -> Correction:
    """Return the correction that `record` describes. Raises CorrectionError."""
    try:
        match record["do"]:
            case "move":
                return Move(_numbers(record["images"]), _number(record["to"]))
            case "rename":
                return Rename(_number(record["group"]), _text(record["name"]))
            case "merge":
                return Merge(_numbers(record["groups"]), _number(record["into"]))
            case "create":
                return Create(_text(record["name"]), _numbers(record["images"]))
            case "regroup":
                return Regroup(_number(record["clusters"]))
    except (KeyError, TypeError) as error:
        raise CorrectionError(f"this is not a correction: {error}.") from error
    raise CorrectionError(f"there is no correction {str(record['do'])[:40]!r}.")


def number_in(record: Any, key: str) -> int:
    """Return the number that `record`, an object, has under the key. Raises CorrectionError."""
    if not isinstance(record, dict) or key not in record:
        raise CorrectionError(f"the request has no {key!r}.")
    return _number(record[key])


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise CorrectionError("this is not a correction: a number is needed.")
    return value


def _numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > _MOST_NUMBERS:
        raise CorrectionError("this is not a correction: a list of numbers is needed.")
    return tuple(dict.fromkeys(map(_number, value)))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise CorrectionError("this is not a correction: a name is needed.")
    return value
