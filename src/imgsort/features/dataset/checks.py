"""Checks what a part of a dataset says before anything of it is decoded: it may come from a stranger.

A check that fails raises ValueError, which says what is wrong.
"""

from collections import Counter
from typing import Any, BinaryIO

from imgsort.features.dataset.pages import pages
from imgsort.features.dataset.part import CONTENT_BYTES

COLUMNS = ("path", "content", "size", "mtime_ns", "features", "reason")
SMALL_COLUMNS = tuple(name for name in COLUMNS if name != "features")
TEXT_COLUMNS = ("path", "reason")
MOST_FOOTER_BYTES = 16 * 1024**2
MOST_WIDTH = 2**20
_MOST_COLUMNS = 1000
_MOST_PAGE_BYTES = 256 * 1024**2
# A row takes at least this much of a file: its content alone takes twice as much, and cannot be compressed.
_LEAST_ROW_BYTES = 16
# How many times more bytes than its file a column may hold when it is decoded. Equal images make equal rows.
_MOST_TIMES = 1024
# Encodings by their number in parquet.thrift. DELTA_BYTE_ARRAY is left out: it repeats texts of any length for nothing.
_ENCODINGS = {0, 2, 3, 4, 5, 6, 8, 9}


def require_footer(file: BinaryIO) -> int:
    """Return how many bytes the file has, if it ends with the footer of a Parquet file that is not too large."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    end = file.read(8)
    if size < 12 or end[4:] != b"PAR1":
        raise ValueError("it is no Parquet file, or it is cut short")
    footer = int.from_bytes(end[:4], "little")
    if footer > min(MOST_FOOTER_BYTES, size - 12):
        raise ValueError(f"its footer claims {footer} bytes")
    file.seek(0)
    return size


def require_plain_columns(schema: Any) -> None:
    """Check the columns of an Arrow schema: plain types, and no extension type anywhere."""
    from pyarrow import types

    if len(schema) > _MOST_COLUMNS:
        raise ValueError(f"it has {len(schema)} columns")
    for field in schema:
        _refuse_extensions(field)
    counts = Counter(schema.names)
    missing = [name for name in COLUMNS if not counts[name]]
    if missing:
        raise ValueError(f"it has no column {missing[0]!r}")
    # Parquet names the parts of a column with dots.
    if any(counts[name] > 1 for name in COLUMNS) or any(
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


def require_bounded(file: BinaryIO, size: int, footer: Any) -> dict[str, int]:
    """Check that the file, of `size` bytes, holds no more than it can mean. Return how many values each column has.

    `footer`: the metadata of a Parquet file.
    """
    if footer.num_rows > size // _LEAST_ROW_BYTES:
        raise ValueError(f"it claims {footer.num_rows} rows in {size} bytes")
    counts: Counter[str] = Counter()
    byte_counts: Counter[str] = Counter()
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        for place in range(group.num_columns):
            chunk = group.column(place)
            name = chunk.path_in_schema.partition(".")[0]
            if name in COLUMNS:
                counts[name] += _values(file, size, chunk, byte_counts)
    if any(counts[name] != footer.num_rows for name in SMALL_COLUMNS):
        raise ValueError("its columns differ in length")
    if counts["features"] > footer.num_rows * MOST_WIDTH:
        raise ValueError("a row of it holds too many features")
    byte_counts["features"] = max(byte_counts["features"], 4 * counts["features"])
    large = [name for name in COLUMNS if byte_counts[name] > _MOST_TIMES * size]
    if large:
        raise ValueError(f"its column {large[0]!r} holds {byte_counts[large[0]]} bytes in a file of {size}")
    return dict(counts)


def _values(file: BinaryIO, size: int, chunk: Any, byte_counts: "Counter[str]") -> int:
    """Return how many values a chunk of a column has; add its bytes to `byte_counts`."""
    name = chunk.path_in_schema.partition(".")[0]
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
        start = min(start, chunk.dictionary_page_offset)
    if not 4 <= start <= start + chunk.total_compressed_size <= size:
        raise ValueError(f"its column {name!r} lies outside the file")
    values = 0
    for page in pages(file, start, chunk.total_compressed_size):
        if page.byte_count > _MOST_PAGE_BYTES:
            raise ValueError(f"a page of its column {name!r} claims {page.byte_count} bytes")
        if page.encoding not in _ENCODINGS:
            raise ValueError(f"its column {name!r} has an encoding that imgsort does not read")
        byte_counts[name] += page.byte_count
        values += 0 if page.is_dictionary else page.values
    if values != chunk.num_values:
        raise ValueError(f"its column {name!r} holds {values} values and claims {chunk.num_values}")
    return values
