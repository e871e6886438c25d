"""One file of a dataset: its columns, its bytes and its name."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsort.csv_file import encode_cell
from imgsort.errors import MissingPackageError
from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.place import Place
from imgsort.features.seen import SeenImage
from imgsort.images.finding.find import ImageFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONTENT_BYTES = 32
# A file that changes within one tick of a coarse clock keeps its modification time. FAT's tick is two seconds.
UNSETTLED_NS = 2_000_000_000
_LAST_NS = 2**63 - 1
_MOST_ROWS = 4096
_MOST_BYTES = 32 * 1024**2
_PAGE_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Row:
    """A row of a dataset: an image, and its features or the reason why it has none.

    `path`: relative to the source, as in `ImageFile`. `content`: the hash of the bytes, 64 hex digits, or "" if they
    could not be read. `features`: float32 (width,).
    """

    path: str
    size: int
    mtime_ns: int
    content: str
    features: "NDArray[np.float32] | None" = None
    reason: str = ""

    @classmethod
    def of(cls, file: ImageFile, seen: SeenImage) -> "Row":
        """Return the row of an image that an engine looked at."""
        return cls(file.path, file.size, stamp(file.mtime_ns), seen.content, seen.features, seen.reason)


def stamp(mtime_ns: int) -> int:
    """Return a time as a column of 64 bits can hold it. Some file systems know times after the year 2262."""
    return max(-_LAST_NS - 1, min(mtime_ns, _LAST_NS))


def require_pyarrow() -> Any:
    """Return the module pyarrow. Raises MissingPackageError."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingPackageError(
            "datasets of features need pyarrow: pip install '.[parquet]' in a checkout of imgsort."
        ) from error
    return pyarrow


def rows_in_part(width: int) -> int:
    """Return how many rows of this width a part holds."""
    return max(1, min(_MOST_ROWS, _MOST_BYTES // (4 * width)))


def part_name(head: DatasetHead, rows: Sequence[Row]) -> str:
    """Return the name of the part with these rows. The same images and the same recipe have the same name.

    A file that was changed a moment ago may change again unseen. So a later run has another name for its row.
    """
    stamps = [[encode_cell(row.path), row.size, row.mtime_ns, row.content, bool(row.reason)] for row in rows]
    is_settled = all(row.mtime_ns < head.began_ns - UNSETTLED_NS for row in rows)
    said = json.dumps([head.recipe, stamps] if is_settled else [head.recipe, stamps, head.began_ns])
    return f"part-{hashlib.sha256(said.encode()).hexdigest()[:32]}.parquet"


def write_part(place: Place, head: DatasetHead, rows: Sequence[Row], width: int | None = None) -> str:
    """Write a part with these rows, and return its name. A part that is there already stays as it is.

    `width`: of the features, needed only if no row has any. Raises MissingPackageError and OSError.
    """
    name = part_name(head, rows)
    place.put_new(name, part_bytes(head, rows, width))
    return name


def part_bytes(head: DatasetHead, rows: Sequence[Row], width: int | None = None) -> bytes:
    """Return the bytes of a part. Features are not compressed, because they would hardly become smaller."""
    arrow = require_pyarrow()
    table = arrow.table(
        {
            "path": arrow.array([encode_cell(row.path) for row in rows], arrow.string()),
            "content": arrow.array(
                [bytes.fromhex(row.content) if row.content else None for row in rows], arrow.binary(CONTENT_BYTES)
            ),
            "size": arrow.array([row.size for row in rows], arrow.int64()),
            "mtime_ns": arrow.array([row.mtime_ns for row in rows], arrow.int64()),
            "features": _features(arrow, rows, width),
            "reason": arrow.array([_as_utf8(row.reason) or None for row in rows], arrow.string()),
        }
    ).replace_schema_metadata(head.to_metadata())
    buffer = io.BytesIO()
    arrow.parquet.write_table(
        table,
        buffer,
        row_group_size=len(rows),
        data_page_size=_PAGE_BYTES,
        compression={"path": "snappy", "reason": "snappy"},
        use_dictionary=False,
        write_statistics=["path", "size", "mtime_ns"],
        write_page_checksum=True,
    )
    return buffer.getvalue()


def _as_utf8(text: str) -> str:
    """Return a text for people. A name in it may have bytes that are not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _features(arrow: Any, rows: Sequence[Row], width: int | None) -> Any:
    """Return the column of features, a fixed-size list of float32. A row without features is null."""
    import numpy as np

    widths = [len(row.features) for row in rows if row.features is not None]
    matrix = np.zeros((len(rows), widths[0] if widths else width or 1), np.float32)
    for target, row in zip(matrix, rows, strict=True):
        if row.features is not None:
            target[:] = row.features
    missing = arrow.array([row.features is None for row in rows])
    return arrow.FixedSizeListArray.from_arrays(arrow.array(matrix.ravel()), matrix.shape[1], mask=missing)
