"""Writes and reads the rows of a plan: as CSV, or as Parquet if the file's name ends so."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from imgsort.csv_file import Cell, decode_cell, encode_cell, read_csv, write_csv
from imgsort.errors import MissingPackageError, UsageError

Rows = list[tuple[int, dict[str, str]]]
PARQUET = ".parquet"
_NUMBERS = ("score", "distance")
_MAX_BYTES = 2 * 1024**3
_MAX_ROWS = 50_000_000


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Write a new table. Raises OSError: FileExistsError if the file exists. Raises MissingPackageError.

    Parquet holds the cells in the same form as CSV: whatever opens it shows no formula.
    """
    if path.suffix.lower() != PARQUET:
        write_csv(path, header, rows)
        return
    pyarrow, parquet = _pyarrow(path)
    columns = {
        name: pyarrow.array(
            [encode_cell(cell) if isinstance(cell, str) else cell for cell in cells],
            pyarrow.float64() if name in _NUMBERS else pyarrow.string(),
        )
        for name, cells in zip(header, zip(*rows, strict=True) if rows else [()] * len(header), strict=True)
    }
    with open(path, "xb") as handle:
        parquet.write_table(pyarrow.table(columns), handle)


def read_rows(path: Path, header: Sequence[str], optional: Collection[str] = ()) -> Rows:
    """Return the rows of a table, each with its line number; the header is line 1. Raises UsageError.

    A Parquet file may come from a stranger: only columns of text and numbers are read.
    """
    if path.suffix.lower() != PARQUET:
        return read_csv(path, header, optional)
    pyarrow, parquet = _pyarrow(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UsageError(f"{path}: a table of more than {_MAX_BYTES // 1024**3} GiB is not one that imgsort wrote.")
        with parquet.ParquetFile(path, thrift_string_size_limit=2**24, thrift_container_size_limit=2**20) as file:
            names = [name for name in header if name in file.schema_arrow.names]
            missing = [name for name in header if name not in {*names, *optional}]
            if missing:
                raise UsageError(f"{path}: there is no column {missing[0]!r}. imgsort wrote {', '.join(header)}.")
            if file.metadata.num_rows > _MAX_ROWS or not all(
                _is_plain(pyarrow, file.schema_arrow.field(name).type) for name in names
            ):
                raise UsageError(f"{path}: the columns of a plan are text and numbers, and it has not so many rows.")
            columns = file.read(columns=names).to_pydict()
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file.") from error
    except (OSError, pyarrow.ArrowException) as error:
        raise UsageError(f"{path}: this table cannot be read ({str(error)[:200]}).") from error
    count = len(columns[names[0]])
    rows = [{name: _text(columns[name][row]) if name in columns else "" for name in header} for row in range(count)]
    return [(line, row) for line, row in enumerate(rows, start=2) if any(row.values())]


def _is_plain(pyarrow: Any, kind: Any) -> bool:
    types = pyarrow.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_floating(kind) or types.is_null(kind))


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return decode_cell(cell.strip()) if isinstance(cell, str) else str(cell)


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingPackageError(
            f"{path}: Parquet needs the package pyarrow, which is not installed. The extra parquet brings it: "
            "`pip install '.[parquet]'` in the folder of imgsort's source. A plan may also be CSV."
        ) from None
    return pyarrow, parquet
