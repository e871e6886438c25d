"""Writes and reads tables for spreadsheets: no name acts as a formula, and every name can be read back.

These are written as `%XX`: bytes that are not UTF-8, control characters, `;`, spaces around a name, and a leading
`=`, `+`, `-` or `@`. The character `%` itself is written as `%25`.
"""

import csv
import os
import sys
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from imgsort.content import open_regular
from imgsort.errors import UsageError
from imgsort.portable_text import portable

Cell = str | int | float | None

# A spreadsheet takes a cell that starts with one of these characters for a formula. Source: OWASP, "CSV injection".
_FORMULA_STARTS = "=+-@"

MAX_BYTES = 512_000_000
_MAX_HEADER = 65_536


def require_new(path: Path) -> Path:
    """Return `path` if a new file can be made there.

    Raises UsageError if the name is taken, because imgsort overwrites no file, or if the folder does not exist.
    """
    if os.path.lexists(path):
        raise UsageError(f"{path}: this file exists, and imgsort overwrites no file. Give another name.")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}. Make it first.")
    return path


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a new table in UTF-8, with the mark by which Excel recognizes UTF-8.

    Raises OSError. It is a FileExistsError if the file exists already.
    """
    with open(path, "x", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow([encode_cell(name) for name in header])
        writer.writerows([encode_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)


def read_csv(path: Path, header: Sequence[str], optional: Collection[str] = ()) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a table that `write_csv` wrote with this `header`. A person may have edited the table.

    Each row comes with its line number. The columns may stand in another order, and there may be additional columns.
    A column that is named in `optional` may be missing: its cells are then empty. Rows without any text are left out.
    A spreadsheet may have put `;` or tabs between the cells. Raises UsageError.
    """
    try:
        descriptor = open_regular(path)
        with open(descriptor, encoding="utf-8-sig", newline="") as handle:
            if os.fstat(descriptor).st_size > MAX_BYTES:
                raise UsageError(f"{path}: a table of more than {MAX_BYTES // 10**6} MB is not one that imgsort wrote.")
            first = handle.readline(_MAX_HEADER)
            handle.seek(0)
            delimiter = max(",;\t", key=first.count)
            reader = csv.DictReader(handle, delimiter=delimiter, restval="", restkey="")
            missing = [name for name in header if name not in {*(reader.fieldnames or ()), *optional}]
            if missing:
                raise UsageError(
                    f"{path}: the first line has no column {missing[0]!r}. imgsort wrote {', '.join(header)}."
                )
            rows = [
                (reader.line_num, {name: decode_cell(row.get(name, "").strip()) for name in header}) for row in reader
            ]
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: this table cannot be read ({error}). Save it as CSV in UTF-8.") from error
    return [(line, row) for line, row in rows if any(row.values())]


def encode_cell(text: str) -> str:
    """Return `text` in a form that is harmless in a spreadsheet. `decode_cell` reverses it."""
    # Any program may add spaces around a cell, so `read_csv` removes them. Spaces that belong to `text` are escaped.
    text = portable(text)
    inner = text.strip()
    start = text.index(inner) if inner else len(text)
    parts = [_escaped(text[:start]), *map(_escaped_if_need_be, inner), _escaped(text[start + len(inner) :])]
    escaped = "".join(parts)
    return _escaped(escaped[0]) + escaped[1:] if escaped.startswith(tuple(_FORMULA_STARTS)) else escaped


def decode_cell(text: str) -> str:
    """Return the original text of a cell that `encode_cell` made."""
    return os.fsdecode(unquote_to_bytes(text))


def _escaped_if_need_be(character: str) -> str:
    # In some countries, a spreadsheet separates cells at `;`. The text after it would then start a new cell.
    if character in "%;" or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return _escaped(character)
    return character


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", sys.getfilesystemencodeerrors()))
