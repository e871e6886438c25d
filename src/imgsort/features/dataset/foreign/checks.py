"""Checks what a part of a dataset says before anything of it is decoded: it may come from a stranger.

A check that fails raises ValueError, which says what is wrong.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, BinaryIO

from imgsort.features.dataset.foreign.footer import Chunk, Footer
from imgsort.features.dataset.foreign.pages import MeteredFile, Page, pages
from imgsort.features.dataset.part import CONTENT_BYTES

COLUMNS = ("path", "content", "size", "mtime_ns", "features", "reason")
SMALL_COLUMNS = tuple(name for name in COLUMNS if name != "features")
TEXT_COLUMNS = ("path", "reason")
MOST_WIDTH = 2**20
_MOST_COLUMNS = 1000
_MOST_PAGE_BYTES = 128 * 1024**2
# A reader fetches a little more than it needs, and what it fetches may be compressed well.
_SPARE_BYTES = 64 * 1024**2
# A row takes at least this much of a file: its content alone takes twice as much, and cannot be compressed.
_LEAST_ROW_BYTES = 16
# How many times more bytes than its file a column may hold when it is decoded. Equal images make equal rows.
_MOST_TIMES = 1024
# Encodings by their number in parquet.thrift. DELTA_BYTE_ARRAY is left out: it repeats texts of any length for nothing.
_ENCODINGS = {0, 2, 3, 4, 5, 6, 8, 9}


def require_plain_columns(schema: Any) -> None:
    """Check the columns of an Arrow schema: plain types, and no extension type anywhere."""
    from pyarrow import types

    if len(schema) > _MOST_COLUMNS:
        raise ValueError(f"it has {len(schema)} columns")
    for field in schema:
        _refuse_extensions(field)
    counts = Counter(schema.names)
    # Parquet names the parts of a column with dots.
    if any(counts[name] != 1 for name in COLUMNS) or any(
        name not in COLUMNS and name.partition(".")[0] in COLUMNS for name in counts
    ):
        raise ValueError("two of its columns have one name")
    kinds: dict[str, Any] = {name: schema.field(name).type for name in COLUMNS}
    good = {
        **{name: _is_text(kinds[name]) for name in TEXT_COLUMNS},
        **{name: types.is_int64(kinds[name]) for name in ("size", "mtime_ns")},
        "content": _is_content(kinds["content"]),
        "features": is_list(kinds["features"]) and types.is_float32(kinds["features"].value_type),
    }
    wrong = [name for name in COLUMNS if not good[name]]
    if wrong:
        raise ValueError(f"its column {wrong[0]!r} is of the type {str(kinds[wrong[0]])[:100]}")


def _refuse_extensions(field: Any) -> None:
    """Refuse a type that other code brings back to life, in a column or in one of its parts."""
    import pyarrow

    metadata = field.metadata or {}
    if isinstance(field.type, pyarrow.BaseExtensionType) or any(key.startswith(b"ARROW:extension") for key in metadata):
        raise ValueError(f"its column {field.name[:100]!r} is of an extension type")
    for place in range(field.type.num_fields):
        _refuse_extensions(field.type.field(place))


def is_list(kind: Any) -> bool:
    """Say whether an Arrow type is a list."""
    from pyarrow import types

    return bool(types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind))


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_content(kind: Any) -> bool:
    from pyarrow import types

    if types.is_fixed_size_binary(kind):
        return bool(kind.byte_width == CONTENT_BYTES)
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


@dataclass(frozen=True)
class Bounded:
    """A file that was checked: how many values each column has, and its pages."""

    values: dict[str, int]
    pages: dict[str, list[Page]]

    def metered(self, file: BinaryIO, columns: tuple[str, ...]) -> MeteredFile:
        """Return the file to read these columns from, which bounds what a few rows may hold."""
        return MeteredFile(file, [page for column in columns for page in self.pages[column]])

    def most_bytes(self, rows_bytes: int) -> int:
        """Return how much may be read at a time for rows of this many bytes: pages hold other rows too."""
        largest = max((page.decoded_bytes for each in self.pages.values() for page in each), default=0)
        return rows_bytes + largest + _SPARE_BYTES


def require_bounded(file: BinaryIO, footer: Footer) -> Bounded:
    """Check that a file has the columns, and holds no more than they can mean."""
    missing = [name for name in COLUMNS if name not in footer.columns]
    if missing:
        raise ValueError(f"it has no column {missing[0]!r}")
    if footer.rows > footer.file_bytes // _LEAST_ROW_BYTES:
        raise ValueError(f"it claims {footer.rows} rows in {footer.file_bytes} bytes")
    bounded = Bounded(dict.fromkeys(COLUMNS, 0), {name: [] for name in COLUMNS})
    for chunk in footer.chunks:
        if chunk.column in COLUMNS:
            if chunk.column in SMALL_COLUMNS and chunk.values != chunk.rows:
                raise ValueError("its columns differ in length")
            bounded.values[chunk.column] += chunk.values
            bounded.pages[chunk.column] += _pages(file, chunk)
    if bounded.values["features"] > footer.rows * MOST_WIDTH:
        raise ValueError("a row of it holds too many features")
    for name in COLUMNS:
        byte_count = sum(page.decoded_bytes for page in bounded.pages[name])
        if byte_count > _MOST_TIMES * footer.file_bytes:
            raise ValueError(f"its column {name!r} holds {byte_count} bytes in a file of {footer.file_bytes}")
    return bounded


def _pages(file: BinaryIO, chunk: Chunk) -> list[Page]:
    """Return the pages of a chunk of a column."""
    found = list(pages(file, chunk.start, chunk.byte_count))
    for page in found:
        if page.decoded_bytes > _MOST_PAGE_BYTES:
            raise ValueError(f"a page of its column {chunk.column!r} claims {page.decoded_bytes} bytes")
        if page.encoding not in _ENCODINGS:
            raise ValueError(f"its column {chunk.column!r} has an encoding that imgsort does not read")
    values = sum(page.values for page in found if not page.is_dictionary)
    if values != chunk.values:
        raise ValueError(f"its column {chunk.column!r} holds {values} values and claims {chunk.values}")
    return found
