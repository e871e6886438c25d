"""Tables for a spreadsheet, in which no name can pass for a formula, and every name can be read back.

Bytes that are not UTF-8, control characters and a leading `= + - @` are written `%XX`, and `%` itself `%25`.
"""

import csv
import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from imgsort.errors import UsageError

Cell = str | int | float | None

# OWASP, "CSV injection": what a spreadsheet takes for the beginning of a formula.
_FORMULA_STARTS = "=+-@"


def require_new(path: Path) -> Path:
    """Return `path`, where a new file can be. Raises UsageError for a name that is taken: nothing is overwritten."""
    if os.path.lexists(path):
        raise UsageError(f"{path}: this file exists already, and imgsort overwrites none. Give another name.")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}. Make it first.")
    return path


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a new table, UTF-8. Raises OSError, FileExistsError too."""
    with open(path, "x", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(header)
        writer.writerows([encode_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)


def encode_cell(text: str) -> str:
    """Return `text` so that it is harmless in a spreadsheet; `decode_cell` reverses it."""
    escaped = "".join(_escaped(character) if _needs_escape(character) else character for character in text)
    return _escaped(escaped[0]) + escaped[1:] if escaped.startswith(tuple(_FORMULA_STARTS)) else escaped


def decode_cell(text: str) -> str:
    """Return the text that `encode_cell` was given."""
    return os.fsdecode(unquote_to_bytes(text))


def _needs_escape(character: str) -> bool:
    return character == "%" or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(character))
