"""Reads the footer of a Parquet file: which columns it has, and where their pages lie.

Source: parquet-format, parquet.thrift. What is wrong with a footer is a ValueError.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from imgsort.features.dataset.foreign.thrift import ThriftReader, counted, listed

MOST_FOOTER_BYTES = 4 * 1024**2
_MOST_COLUMNS = 10_000


@dataclass(frozen=True)
class Chunk:
    """The pages of a column in one group of rows. `column` is the name of the column at the top."""

    column: str
    rows: int
    values: int
    start: int
    byte_count: int


@dataclass(frozen=True)
class Footer:
    """What the footer says: how many bytes the file has, its rows, its columns, and where their pages are.

    `columns`: for each leaf of the schema the name of its column at the top.
    """

    file_bytes: int
    rows: int
    columns: tuple[str, ...]
    chunks: tuple[Chunk, ...]


def read_footer(file: BinaryIO) -> Footer:
    """Read the footer at the end of a file. Raises ValueError and OSError."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    end = file.read(8)
    if size < 12 or end[4:] != b"PAR1":
        raise ValueError("it is no Parquet file, or it is cut short")
    length = int.from_bytes(end[:4], "little")
    if length > min(MOST_FOOTER_BYTES, size - 12):
        raise ValueError(f"its footer claims {length} bytes")
    file.seek(size - 8 - length)
    fields = ThriftReader(file.read(length)).struct()
    columns = _columns(listed(fields.get(2)))
    groups = listed(fields.get(4))
    rows = [counted(group.get(3)) for group in groups]
    if sum(rows) != counted(fields.get(3)):
        raise ValueError("its groups of rows hold other rows than it says")
    chunks = [chunk for group, count in zip(groups, rows, strict=True) for chunk in _chunks(group, count, columns)]
    if any(not 4 <= chunk.start <= chunk.start + chunk.byte_count <= size for chunk in chunks):
        raise ValueError("a column that lies outside the file")
    return Footer(size, sum(rows), tuple(columns), tuple(chunks))


def _columns(schema: list[dict[int, Any]]) -> list[str]:
    """Return for each leaf of the schema the name of its column at the top. The first element is the root."""
    if not 2 <= len(schema) <= _MOST_COLUMNS:
        raise ValueError(f"it has {len(schema)} columns")
    elements = iter(schema[1:])
    leaves = [name for _ in range(counted(schema[0].get(5))) for name in _leaves(_next(elements), elements, 0)]
    if next(elements, None) is not None:
        raise ValueError("a schema with too many columns")
    return leaves


def _leaves(element: dict[int, Any], elements: Iterator[dict[int, Any]], depth: int) -> list[str]:
    name = element.get(4)
    if not isinstance(name, bytes) or depth > 16:
        raise ValueError("a column without a name, or one that is too deep")
    children = counted(element.get(5, 0))
    below = sum(len(_leaves(_next(elements), elements, depth + 1)) for _ in range(children)) if children else 1
    return [name.decode("utf-8")] * below


def _next(elements: Iterator[dict[int, Any]]) -> dict[int, Any]:
    element = next(elements, None)
    if element is None:
        raise ValueError("a schema that is cut short")
    return element


def _chunks(group: dict[int, Any], rows: int, columns: list[str]) -> Iterator[Chunk]:
    chunks = listed(group.get(1))
    if len(chunks) != len(columns):
        raise ValueError("a group of rows without some columns")
    for chunk, column in zip(chunks, columns, strict=True):
        described = chunk.get(3)
        if 1 in chunk or not isinstance(described, dict):
            raise ValueError(f"its column {column[:100]!r} lies in another file")
        start, dictionary = counted(described.get(9)), described.get(11)
        if dictionary is not None and 0 < counted(dictionary) < start:
            start = counted(dictionary)
        yield Chunk(column, rows, counted(described.get(5)), start, counted(described.get(7)))
