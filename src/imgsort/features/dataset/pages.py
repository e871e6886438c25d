"""Says how much the pages of a Parquet file hold when they are decoded, from their headers alone.

The footer of a file can lie about it, and a few bytes can stand for gigabytes. Page headers are Thrift structs in the
compact protocol (parquet-format, src/main/thrift/parquet.thrift).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

_MOST_HEADER_BYTES = 64 * 1024
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
# The field of a page header that describes such a page, and the field with the encoding in that description.
_DESCRIPTIONS = {_DATA: (5, 2), _DICTIONARY: (7, 2), _DATA_V2: (8, 4)}
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS = (4, 5, 6)
_DEEPEST = 8


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
        header = _Header(file.read(min(_MOST_HEADER_BYTES, end - position)))
        fields = header.struct()
        kind, decompressed, compressed = (_number(fields.get(field)) for field in (1, 2, 3))
        if kind not in _DESCRIPTIONS:
            raise ValueError("a page of an unknown kind")
        place, encoding = _DESCRIPTIONS[kind]
        description = fields.get(place)
        if not isinstance(description, dict):
            raise ValueError("a page without a description")
        yield Page(decompressed, _number(description.get(1)), _number(description.get(encoding)), kind == _DICTIONARY)
        position += header.position + compressed
    if position != end:
        raise ValueError("pages that end elsewhere than they say")


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a page header without a number")
    return value


class _Header:
    """Reads one struct. `position` is how many bytes it took. Raises ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Return the values by the numbers of their fields. A list is read over, and is None."""
        if depth > _DEEPEST:
            raise ValueError("a page header that is too deep")
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            fields[number] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind in _INTEGERS:
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            for _ in range(min(count, _MOST_HEADER_BYTES + 1)):
                # As an element, a truth value takes a byte.
                self._value(_BYTE if head & 15 in (_TRUE, _FALSE) else head & 15, depth + 1)
            return None
        self._skip({_BYTE: 1, _DOUBLE: 8}.get(kind) or (self._varint() if kind == _BINARY else -1))
        return None

    def _skip(self, count: int) -> None:
        if not 0 <= count <= len(self._data) - self.position:
            raise ValueError("a page header that is cut short")
        self.position += count

    def _byte(self) -> int:
        self._skip(1)
        return self._data[self.position - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number that does not end")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
