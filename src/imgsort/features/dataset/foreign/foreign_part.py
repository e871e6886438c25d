"""Reads one part of a dataset, which may come from a stranger. What is wrong with it is a ValueError."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from imgsort.csv_file import decode_cell
from imgsort.features.dataset.foreign.checks import (
    SMALL_COLUMNS,
    TEXT_COLUMNS,
    is_list,
    require_bounded,
    require_plain_columns,
)
from imgsort.features.dataset.foreign.footer import MOST_FOOTER_BYTES, read_footer
from imgsort.features.dataset.foreign.pages import MeteredFile
from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.part import CONTENT_BYTES, UNSETTLED_NS
from imgsort.filing.paths import is_safe_relative

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROWS_AT_A_TIME = 4096
_BYTES_AT_A_TIME = 8 * 1024**2
_BUFFER_BYTES = 128 * 1024
_MOST_TEXT_BYTES = 24_576
# Texts of a column take at most this many times the bytes of the file. Long paths in one folder are much alike.
_MOST_TIMES = 32
# The paths of all parts together may take more than the 2 GB that an Arrow string can count.
_TYPES: dict[str, Callable[[Any], Any]] = {
    "path": lambda arrow: arrow.large_string(),
    "content": lambda arrow: arrow.binary(CONTENT_BYTES),
    "size": lambda arrow: arrow.int64(),
    "mtime_ns": lambda arrow: arrow.int64(),
    "reason": lambda arrow: arrow.string(),
}
# Paths of which each part begins with a letter, a digit or the like need no closer look.
_PLAIN_PATH = r"^[A-Za-z0-9_(][A-Za-z0-9_ (),.+=@!~'-]*(/[A-Za-z0-9_(][A-Za-z0-9_ (),.+=@!~'-]*)*$"


@dataclass(frozen=True)
class ReadPart:
    """The rows of a part without their features.

    `width`: of the features, or 0 if no row has any. `paths`: an Arrow array of the cells that `encode_cell` made.
    `contents`: uint8 (n, 32). `sizes` and `mtimes_ns`: int64 (n,). `reasons`: why a row has no features, by its place.
    """

    name: str
    head: DatasetHead
    width: int
    paths: Any
    contents: "NDArray[np.uint8]"
    sizes: "NDArray[np.int64]"
    mtimes_ns: "NDArray[np.int64]"
    reasons: dict[int, str]

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def is_settled(self) -> "NDArray[np.bool_]":
        """Whether a change of the file after it was read gave it another time."""
        settled: NDArray[np.bool_] = self.mtimes_ns < self.head.began_ns - UNSETTLED_NS
        return settled


def read_part(name: str, file: BinaryIO) -> ReadPart:
    """Read all but the features of a part. Raises ValueError, OSError and the errors of pyarrow."""
    footer = read_footer(file)
    bounded = require_bounded(file, footer)
    metered = bounded.metered(file, SMALL_COLUMNS)
    opened = _opened(metered)
    head = DatasetHead.from_metadata(opened.metadata.metadata or {})
    require_plain_columns(opened.schema_arrow)
    columns: dict[str, list[Any]] = {column: [] for column in SMALL_COLUMNS}
    text_bytes = 0
    most_bytes = bounded.most_bytes(_ROWS_AT_A_TIME * _MOST_TEXT_BYTES)
    metered.allow(most_bytes)
    for batch in opened.iter_batches(_ROWS_AT_A_TIME, columns=list(SMALL_COLUMNS)):
        metered.allow(most_bytes)
        for column in SMALL_COLUMNS:
            values = batch.column(column)
            if column in TEXT_COLUMNS:
                text_bytes += _require_short(values, column)
            if text_bytes > _MOST_TIMES * footer.file_bytes:
                raise ValueError(f"its paths and reasons hold {text_bytes} bytes in a file of {footer.file_bytes}")
            columns[column].append(_plain(values, column))
    return _joined(name, head, columns, bounded.values["features"], opened.schema_arrow.field("features").type)


def vectors_of(part: ReadPart, file: BinaryIO, width: int) -> "Iterator[tuple[int, NDArray[np.float32]]]":
    """Yield the place of a row and the features from there on, float32 (m, width). Rows without features are zeros."""
    import numpy as np

    rows_at_a_time = max(1, min(_ROWS_AT_A_TIME, _BYTES_AT_A_TIME // (4 * max(1, width))))
    bounded = require_bounded(file, read_footer(file))
    metered = bounded.metered(file, ("features",))
    opened = _opened(metered)
    require_plain_columns(opened.schema_arrow)
    most_bytes = bounded.most_bytes(4 * rows_at_a_time * max(1, width))
    metered.allow(most_bytes)
    start = 0
    for batch in opened.iter_batches(rows_at_a_time, columns=["features"]):
        metered.allow(most_bytes)
        column = batch.column(0)
        there = column.is_valid().to_numpy(zero_copy_only=False)
        numbers = column.flatten()
        if numbers.null_count or len(numbers) != there.sum() * width or not _are_of_one_width(column, width):
            raise ValueError(f"not every row holds {width} features")
        vectors = numbers.to_numpy(zero_copy_only=False).reshape(int(there.sum()), width)
        if not np.isfinite(vectors).all():
            raise ValueError("infinite features, or features that are no numbers")
        if any((start + place in part.reasons) == is_there for place, is_there in enumerate(there)):
            raise ValueError("a row must have features or a reason why it has none")
        if not there.all():
            whole = np.zeros((len(there), width), np.float32)
            whole[there] = vectors
            vectors = whole
        yield start, vectors
        start += len(there)
    if start != len(part):
        raise ValueError("another number of rows than a moment ago")


def _opened(file: MeteredFile) -> Any:
    """Open a Parquet file. Texts are read as dictionaries, so that a text that is repeated is in memory once."""
    import pyarrow.parquet

    file.seek(0)
    return pyarrow.parquet.ParquetFile(
        file,
        read_dictionary=list(TEXT_COLUMNS),
        buffer_size=_BUFFER_BYTES,
        thrift_string_size_limit=MOST_FOOTER_BYTES,
        thrift_container_size_limit=1_000_000,
        page_checksum_verification=True,
    )


def _require_short(texts: Any, column: str) -> int:
    """Return how many bytes these texts take. `texts` is an Arrow array of a dictionary type."""
    from pyarrow import compute

    lengths = compute.binary_length(texts.dictionary)
    if (compute.max(lengths).as_py() or 0) > _MOST_TEXT_BYTES:
        raise ValueError(f"its column {column!r} has a text of more than {_MOST_TEXT_BYTES} bytes")
    return int(compute.sum(lengths.take(texts.indices)).as_py() or 0)


def _plain(values: Any, column: str) -> Any:
    """Return an Arrow array of the type that imgsort writes. Raises ValueError for values that imgsort never writes."""
    import pyarrow

    if column == "content":
        lengths = pyarrow.compute.binary_length(values.cast(pyarrow.binary()) if not _is_fixed(values) else values)
        if any(length not in (None, CONTENT_BYTES) for length in lengths.unique().to_pylist()):
            raise ValueError("a content that is no SHA-256")
        return values.cast(_TYPES[column](pyarrow))
    values = values.cast(_TYPES[column](pyarrow))
    if column != "reason" and values.null_count:
        raise ValueError(f"its column {column!r} has empty cells")
    if column == "size" and len(values) and pyarrow.compute.min(values).as_py() < 0:
        raise ValueError("a negative size")
    if column == "path":
        _require_safe(values)
    return values


def _is_fixed(values: Any) -> bool:
    import pyarrow

    return bool(pyarrow.types.is_fixed_size_binary(values.type))


def _require_safe(cells: Any) -> None:
    """Check that no path leads out of the folder of the images."""
    from pyarrow import compute

    for cell in cells.filter(compute.invert(compute.match_substring_regex(cells, _PLAIN_PATH))).to_pylist():
        try:
            is_safe = is_safe_relative(decode_cell(cell))
        except ValueError:
            is_safe = False
        if not is_safe:
            raise ValueError(f"the path {cell[:200]!r} leads out of the folder")


def _joined(name: str, head: DatasetHead, columns: dict[str, list[Any]], features: int, kind: Any) -> ReadPart:
    """Join the batches of each column. `features` is the number of values in all features of the part."""
    import numpy as np
    import pyarrow

    path, content, sizes, times, reason = (
        pyarrow.chunked_array(columns[column], _TYPES[column](pyarrow)).combine_chunks() for column in SMALL_COLUMNS
    )
    there = np.flatnonzero(reason.is_valid().to_numpy(zero_copy_only=False))
    contents = content.fill_null(bytes(CONTENT_BYTES))
    return ReadPart(
        name,
        head,
        _width(len(path), len(there), features, kind),
        path,
        np.frombuffer(b"".join(contents.to_pylist()), np.uint8).reshape(-1, CONTENT_BYTES),
        sizes.to_numpy(zero_copy_only=False),
        times.to_numpy(zero_copy_only=False),
        dict(zip(there.tolist(), reason.take(pyarrow.array(there)).to_pylist(), strict=True)),
    )


def _width(rows: int, without: int, values: int, kind: Any) -> int:
    """Return how wide the features are. A row without features counts as one value."""
    import pyarrow

    if rows == without == values:
        return 0
    if rows == without:
        raise ValueError("rows that hold features and a reason why they have none")
    width, rest = divmod(values - without, rows - without)
    if rest or width < 1 or (pyarrow.types.is_fixed_size_list(kind) and kind.list_size != width):
        raise ValueError("rows that hold different numbers of features")
    return width


def _are_of_one_width(column: Any, width: int) -> bool:
    from pyarrow import compute

    return is_list(column.type) and compute.list_value_length(column).drop_null().unique().to_pylist() in ([], [width])
