"""Checks what a part of a dataset says before anything of it is decoded: it may come from a stranger.

A check that fails raises ValueError, which says what is wrong.
"""

from collections import Counter
from typing import Any, BinaryIO

from imgsort.features.dataset.footer import Chunk, Footer
from imgsort.features.dataset.pages import pages
from imgsort.features.dataset.part import CONTENT_BYTES

COLUMNS = ("path", "content", "size", "mtime_ns", "features", "reason")
SMALL_COLUMNS = tuple(name for name in COLUMNS if name != "features")
TEXT_COLUMNS = ("path", "reason")
MOST_WIDTH = 2**20
_MOST_COLUMNS = 1000
_MOST_PAGE_BYTES = 128 * 1024**2
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


def require_bounded(file: BinaryIO, footer: Footer) -> dict[str, int]:
    """Check that a file has the columns, and holds no more than they can mean. Return how many values each has."""
    missing = [name for name in COLUMNS if name not in footer.columns]
    if missing:
        raise ValueError(f"it has no column {missing[0]!r}")
    if footer.rows > footer.file_bytes // _LEAST_ROW_BYTES:
        raise ValueError(f"it claims {footer.rows} rows in {footer.file_bytes} bytes")
    counts: Counter[str] = Counter()
    byte_counts: Counter[str] = Counter()
    for chunk in footer.chunks:
        if chunk.column in COLUMNS:
            counts[chunk.column] += _values(file, chunk, byte_counts)
            if chunk.column in SMALL_COLUMNS and chunk.values != chunk.rows:
                raise ValueError("its columns differ in length")
    if counts["features"] > footer.rows * MOST_WIDTH:
        raise ValueError("a row of it holds too many features")
    byte_counts["features"] = max(byte_counts["features"], 4 * counts["features"])
    large = [name for name in COLUMNS if byte_counts[name] > _MOST_TIMES * footer.file_bytes]
    if large:
        raise ValueError(
            f"its column {large[0]!r} holds {byte_counts[large[0]]} bytes in a file of {footer.file_bytes}"
        )
    return dict(counts)


def _values(file: BinaryIO, chunk: Chunk, byte_counts: "Counter[str]") -> int:
    """Return how many values a chunk of a column has; add its bytes to `byte_counts`."""
    values = 0
    for page in pages(file, chunk.start, chunk.byte_count):
        if page.byte_count > _MOST_PAGE_BYTES:
            raise ValueError(f"a page of its column {chunk.column!r} claims {page.byte_count} bytes")
        if page.encoding not in _ENCODINGS:
            raise ValueError(f"its column {chunk.column!r} has an encoding that imgsort does not read")
        byte_counts[chunk.column] += page.byte_count
        values += 0 if page.is_dictionary else page.values
    if values != chunk.values:
        raise ValueError(f"its column {chunk.column!r} holds {values} values and claims {chunk.values}")
    return values
