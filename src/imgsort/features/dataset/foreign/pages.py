"""Says how much the pages of a Parquet file hold when they are decoded, from their headers alone.

The footer of a file can lie about it, and a few bytes can stand for gigabytes. Source: parquet-format, parquet.thrift.
"""

import io
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from imgsort.features.dataset.foreign.thrift import ThriftReader, counted

_MOST_HEADER_BYTES = 64 * 1024
_VALUE_BYTES = 4
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
# The field of a page header that describes such a page, and the field with the encoding in that description.
_DESCRIPTIONS = {_DATA: (5, 2), _DICTIONARY: (7, 2), _DATA_V2: (8, 4)}


@dataclass(frozen=True)
class Page:
    """A page: where it begins, how many bytes it has when it is decompressed, and how many values in which encoding."""

    start: int
    byte_count: int
    values: int
    encoding: int
    is_dictionary: bool

    @property
    def decoded_bytes(self) -> int:
        """How many bytes its values take at least when they are decoded. A dictionary makes a page of a few bytes."""
        return max(self.byte_count, 0 if self.is_dictionary else _VALUE_BYTES * self.values)


def pages(file: BinaryIO, start: int, byte_count: int) -> Iterator[Page]:
    """Yield the pages in these bytes of a file. Raises ValueError for bytes that are no pages, and OSError."""
    position, end = start, start + byte_count
    while position < end:
        file.seek(position)
        header = ThriftReader(file.read(min(_MOST_HEADER_BYTES, end - position)))
        fields = header.struct()
        kind, decompressed, compressed = (counted(fields.get(field)) for field in (1, 2, 3))
        if kind not in _DESCRIPTIONS:
            raise ValueError("a page of an unknown kind")
        place, encoding = _DESCRIPTIONS[kind]
        description = fields.get(place)
        if not isinstance(description, dict):
            raise ValueError("a page without a description")
        values, encoded = counted(description.get(1)), counted(description.get(encoding))
        yield Page(position, decompressed, values, encoded, kind == _DICTIONARY)
        position += header.position + compressed
    if position != end:
        raise ValueError("pages that end elsewhere than they say")


class MeteredFile(io.RawIOBase):
    """A Parquet file whose reader is stopped where some rows need many more pages than such rows can fill.

    One row of a stranger may hold as much as all the others should. The reader would decode it as a whole before anyone
    could see how long it is. So pages are counted when the reader fetches them, which it does a few at a time.
    """

    def __init__(self, file: BinaryIO, pages: Sequence[Page]) -> None:
        self._file = file
        self._pages = sorted(pages, key=lambda page: page.start)
        self._starts = [page.start for page in self._pages]
        self._left: int | None = None

    def allow(self, byte_count: int) -> None:
        """Let pages be read that hold this many bytes when they are decoded, and not more. At first, any may be."""
        self._left = byte_count

    def read(self, size: int = -1, /) -> bytes:
        """Read bytes. Raises ValueError if pages begin in them that hold more than is allowed, and OSError."""
        start = self._file.tell()
        data = self._file.read(size)
        if self._left is not None:
            first, end = bisect_left(self._starts, start), bisect_left(self._starts, start + len(data))
            self._left -= sum(page.decoded_bytes for page in self._pages[first:end])
            if self._left < 0:
                raise ValueError("a row that holds far more than the others")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to another place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True
