"""Writes a dataset of features, a part at a time."""

from types import TracebackType
from typing import Self

from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.part import Row, require_pyarrow, rows_in_part, write_part
from imgsort.features.dataset.place import Place
from imgsort.features.seen import SeenImage
from imgsort.images.finding.find import ImageFile


class DatasetWriter:
    """Takes rows and writes them as parts of a dataset. What is written stays if the process is killed.

    `width`: of the features, if it is known. Rows without features wait until it is. Its methods raise OSError.
    """

    def __init__(self, place: Place, head: DatasetHead, width: int | None = None) -> None:
        require_pyarrow()
        self.place, self.head, self.width = place, head, width
        self._rows: list[Row] = []

    def put(self, file: ImageFile, seen: SeenImage) -> None:
        """Take the result for an image. It is on the disk when its part is full."""
        self._rows.append(Row.of(file, seen))
        if self.width is None and seen.features is not None:
            self.width = len(seen.features)
        if self.width is not None and len(self._rows) >= rows_in_part(self.width):
            self._write()

    def close(self) -> None:
        """Write the rows that are not written yet."""
        if self._rows:
            self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        write_part(self.place, self.head, rows, self.width)
