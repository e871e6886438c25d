"""Says how much the pages of a Parquet file hold when they are decoded, from their headers alone.

The footer of a file can lie about it, and a few bytes can stand for gigabytes. Source: parquet-format, parquet.thrift.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from imgsort.features.dataset.thrift import ThriftReader, counted

_MOST_HEADER_BYTES = 64 * 1024
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
# The field of a page header that describes such a page, and the field with the encoding in that description.
_DESCRIPTIONS = {_DATA: (5, 2), _DICTIONARY: (7, 2), _DATA_V2: (8, 4)}


@dataclass(frozen=True)
class Page:
    """A page: how many bytes it has when it is decompressed, and how many values it holds in which encoding."""

    byte_count: int
    values: int
    encoding: int
    is_dictionary: bool


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
        yield Page(decompressed, counted(description.get(1)), counted(description.get(encoding)), kind == _DICTIONARY)
        position += header.position + compressed
    if position != end:
        raise ValueError("pages that end elsewhere than they say")
