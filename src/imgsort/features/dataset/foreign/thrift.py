"""Reads the structs of Thrift's compact protocol, in which the footer and the page headers of Parquet are written.

pyarrow reads them too, but a footer that contradicts itself ends the whole process there. Source: Apache Thrift,
doc/specs/thrift-compact-protocol.md.
"""

from typing import Any

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)
_DEEPEST = 16


class ThriftReader:
    """Reads `data` from its beginning. `position` is how many bytes were read. Every error is a ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Return the values by the numbers of their fields: bool, int, bytes, list, or dict for a struct.

        A number with a fraction is None.
        """
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth + 1)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("a description that is too deep")
        if kind in _INTEGERS:
            return self._zigzag()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind == _STRUCT:
            return self.struct(depth)
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind in (_TRUE, _FALSE, _BYTE):  # as an element of a list, a truth value takes a byte
            return self._byte()
        if kind == _DOUBLE:
            self._bytes(8)
            return None
        raise ValueError("a description of an unknown kind")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        if count > len(self._data) - self.position:
            raise ValueError("a list that is cut short")
        return [self._value(head & 15, depth + 1) for _ in range(count)]

    def _bytes(self, count: int) -> bytes:
        start = self.position
        if count > len(self._data) - start:
            raise ValueError("a description that is cut short")
        self.position += count
        return self._data[start : self.position]

    def _byte(self) -> int:
        return self._bytes(1)[0]

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


def counted(value: Any) -> int:
    """Return a number of a struct that is there and not negative. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError("a description without a number")
    return value


def listed(value: Any) -> list[Any]:
    """Return a list of structs. Raises ValueError."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError("a description without a list")
    return value
