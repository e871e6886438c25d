"""Follows the boxes of AVIF and HEIF files (ISO/IEC 14496-12, 4.2), and finds where the last one that counts ends.

Phones write more after the last box: Samsung's trailer, padding, or a video. These bytes say nothing about the picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.parts import MAX_PARTS, box_at

# The boxes that a picture may need. Bytes that name no such box are a trailer.
_BOXES = frozenset(b"ftyp meta mdat moov moof mfra idat free skip wide uuid pdin styp sidx grpl".split())
_FILE_OFFSETS = 0
_MOST_NUMBERS = 10_000


@dataclass(frozen=True)
class Boxes:
    """The boxes at the top of a file: `(name, start of the content, end)` of each, and the `end` of the last whole one.

    `due`: how many bytes there should be, if the last box goes on beyond the file.
    """

    parts: tuple[tuple[bytes, int, int], ...]
    end: int
    due: int | None


def read_boxes(data: bytes) -> Boxes:
    """Return the boxes at the top of the file `data`.

    Raises UnreadableImageError for a box of no size, and for more than `MAX_PARTS` boxes.
    """
    parts: list[tuple[bytes, int, int]] = []
    position = end = 0
    while position + 8 <= len(data):
        name, content, after = box_at(data, position, len(data))
        if name not in _BOXES and any(part[0] in (b"meta", b"moov") for part in parts):
            size = _number(data, position, 4)
            if size < 8 or position + size > len(data):
                break
            position += size  # a box that is new, or a trailer that looks like one: what follows tells
            continue
        if after < content:
            raise UnreadableImageError("damaged: a box of no size")
        parts.append((name, content, min(after, len(data))))
        if len(parts) > MAX_PARTS:
            raise UnreadableImageError(f"damaged: more than {MAX_PARTS} parts")
        position = after
        if position > len(data):
            return Boxes(tuple(parts), end, position)
        end = position
    return Boxes(tuple(parts), end, None)


def require_whole_boxes(data: bytes) -> None:
    """Check that the boxes are whole, and that the bytes of the picture lie within them.

    Raises TruncatedImageError, and UnreadableImageError as `read_boxes` does.
    """
    boxes = read_boxes(data)
    last = max([boxes.due or 0, *_ends_of_items(data, boxes)])
    if last > len(data):
        raise TruncatedImageError(f"cut short: {len(data)} bytes, and {last} are due")


def without_trailer(data: bytes) -> bytes:
    """Return the file up to the end of its last box. Decoders stumble over what follows."""
    boxes = read_boxes(data)
    return data if boxes.due is not None or not boxes.parts else data[: boxes.end]


def _ends_of_items(data: bytes, boxes: Boxes) -> list[int]:
    """Return where each part of the picture ends, as the item location box says (ISO/IEC 14496-12, 8.11.3)."""
    meta = next((part for part in boxes.parts if part[0] == b"meta"), None)
    place = -1 if meta is None else data.find(b"iloc", meta[1], meta[2])
    if place < 4 or meta is None:
        return []
    numbers = _Numbers(data[place + 4 : min(place - 4 + _number(data, place - 4, 4), meta[2])])
    try:
        return list(_extents(numbers))
    except EOFError:
        return []  # the decoder says what is wrong with it


class _Numbers:
    """Gives one number after another. Raises EOFError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._position = data, 0

    def next(self, size: int) -> int:
        start, self._position = self._position, self._position + size
        if self._position > len(self._data):
            raise EOFError
        return _number(self._data, start, size)


def _extents(numbers: _Numbers) -> Iterator[int]:
    version = numbers.next(4) >> 24
    sizes = numbers.next(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    left = _MOST_NUMBERS
    for _ in range(numbers.next(4 if version == 2 else 2)):
        numbers.next(4 if version == 2 else 2)
        method = numbers.next(2) & 15 if version in (1, 2) else _FILE_OFFSETS
        numbers.next(2)
        base = numbers.next(base_size)
        for _ in range(numbers.next(2)):
            if version in (1, 2):
                numbers.next(index_size)
            start, length = numbers.next(offset_size), numbers.next(length_size)
            left -= 1
            if left < 0:
                return
            if method == _FILE_OFFSETS:
                yield base + start + length


def _number(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(data[start : start + size], "big")
