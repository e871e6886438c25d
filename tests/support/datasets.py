"""Datasets of features to read: small ones, and ones that a stranger could have made."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.part import Row, write_part
from imgsort.features.dataset.place import FolderPlace
from tests.support.requirements import skip_or_fail

WIDTH = 6
HEAD = DatasetHead("recipe", {"name": "efficientnet-lite0"}, "/photos", began_ns=10**18)
LONG_AGO_NS = 10**17


def arrow() -> Any:
    """Return pyarrow, or skip the test where it is missing."""
    try:
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError:
        skip_or_fail("parquet", "pyarrow is not installed")
    return pyarrow


def digest(number: int) -> str:
    """Return the made-up hash of an image's bytes."""
    return f"{number + 1:08x}" * 8


def vector(number: int, width: int = WIDTH) -> np.ndarray:
    """Return the made-up features of an image."""
    return np.arange(width, dtype=np.float32) + 100 * number


def row(number: int, path: str = "", **fields: Any) -> Row:
    """Return the row of an image."""
    usual = {"size": 1000 + number, "mtime_ns": LONG_AGO_NS, "content": digest(number), "features": vector(number)}
    return Row(path or f"photo {number}.jpg", **{**usual, **fields})


def bad_row(number: int, reason: str = "empty file (0 bytes)", **fields: Any) -> Row:
    """Return the row of an image that cannot be read."""
    return row(number, features=None, reason=reason, **fields)


def written(folder: Path, *parts: Sequence[Row], head: DatasetHead = HEAD) -> FolderPlace:
    """Write a dataset with these parts."""
    arrow()
    for rows in parts:
        write_part(FolderPlace(folder), head, rows)
    return FolderPlace(folder)


def forged(folder: Path, change: Callable[[Any], Any], rows: Sequence[Row] = (), **options: Any) -> FolderPlace:
    """Write a dataset of one part whose Arrow table a stranger has changed."""
    pyarrow = arrow()
    place = written(folder, rows or [row(number) for number in range(20)])
    (file,) = folder.iterdir()
    table = pyarrow.parquet.read_table(file)
    file.unlink()
    pyarrow.parquet.write_table(change(table), folder / "part-0.parquet", **options)
    return place


def with_column(name: str, values: Any, kind: Any = None) -> Callable[[Any], Any]:
    """Return a change of a table: one column is another one."""

    def change(table: Any) -> Any:
        pyarrow = arrow()
        column = values if isinstance(values, pyarrow.Array) else pyarrow.array(values, kind)
        return table.set_column(table.schema.get_field_index(name), name, column)

    return change
