"""Finds the JPEG previews in a RAW file, which way up they are, and whether the file is whole.

RAW formats differ, but all of them keep their previews as plain JPEGs. So these are looked for in all the bytes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from imgsort.errors import TruncatedImageError
from imgsort.images.decoding.parts import MAX_PARTS
from imgsort.images.decoding.tiff_directories import entries_at
from imgsort.images.decoding.walks.boxes import read_boxes

_JPEG_START = b"\xff\xd8\xff"
_MOST_CANDIDATES, _MOST_SEGMENTS, _MOST_DIRECTORIES = 2000, 200, 50
# Start of frame of a JPEG that every decoder knows. The others are the camera's own lossless data.
_FRAMES, _OTHER_FRAMES = (0xC0, 0xC1, 0xC2), frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">", b"IIRO": "<", b"IIRS": "<", b"MMOR": ">", b"IIU\x00": "<"}
_WHOLE_IS_KNOWN = (b"II*\x00", b"MM\x00*")
_PHOTOMETRIC, _ORIENTATION, _SUB_DIRECTORIES = 262, 274, 330
_PLACES = ((273, 279), (324, 325))
_SENSOR = (32803, 34892)
_SHORT, _LONG = 3, 4


@dataclass(frozen=True)
class Preview:
    """A JPEG in a RAW file: where it starts, and its size in pixels."""

    start: int
    width: int
    height: int


def find_previews(data: bytes) -> list[Preview]:
    """Return the previews of the RAW file `data`, the largest first. The pixels of the sensor are none."""
    sensor = {
        start
        for directory in _directories(data)
        if _first(directory.get(_PHOTOMETRIC, ())) in _SENSOR
        for starts, _ in _PLACES
        for start in directory.get(starts, ())
    }
    found, position = [], -1
    for _ in range(_MOST_CANDIDATES):
        position = data.find(_JPEG_START, position + 1)
        if position < 0:
            break
        size = _size(data, position)
        if size is not None and position not in sensor:
            found.append(Preview(position, *size))
    return sorted(found, key=lambda preview: (-preview.width * preview.height, preview.start))


def raw_orientation(data: bytes) -> int:
    """Return the EXIF orientation, 1 to 8, that the RAW file names for its picture and its previews."""
    place = data.find(b"CMT1", 0, 4096) + 4 if data[4:8] == b"ftyp" else 0  # Canon's CR3 holds a TIFF in a box
    directory = next(_directories(data[place : place + 2**20] if place else data), {})
    number = _first(directory.get(_ORIENTATION, ()))
    return number if 1 <= number <= 8 else 1


def require_whole_raw(data: bytes) -> None:
    """Check that the picture of the sensor lies within the file, as far as its directory says so.

    Raises TruncatedImageError, and UnreadableImageError for boxes that make no sense.
    """
    due = 0
    if data[4:8] == b"ftyp":
        due = read_boxes(data).due or 0
    elif data.startswith(b"FUJIFILM") and len(data) >= 108:
        due = max(sum(struct.unpack_from(">II", data, place)) for place in (84, 100))
    elif data[:4] in _WHOLE_IS_KNOWN:
        ends = (
            start + count
            for directory in _directories(data)
            for starts, counts in _PLACES
            for start, count in zip(directory.get(starts, ()), directory.get(counts, ()), strict=False)
        )
        due = max(ends, default=0)
    if due > len(data):
        raise TruncatedImageError(f"cut short: {len(data)} bytes, and {due} are due")


def _size(data: bytes, start: int) -> tuple[int, int] | None:
    """Return width and height of the JPEG at `start`, or None if it is none of eight bits."""
    position = start + 2
    for _ in range(_MOST_SEGMENTS):
        if data[position : position + 1] != b"\xff" or position + 10 > len(data):
            return None
        marker = data[position + 1]
        if marker in _FRAMES:
            bits, height, width = struct.unpack_from(">BHH", data, position + 4)
            return (width, height) if bits == 8 and width and height else None
        if marker in _OTHER_FRAMES or marker in (0xD8, 0xD9, 0xDA):
            return None
        position += 1 if marker == 0xFF else 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None


def _directories(data: bytes) -> Iterator[dict[int, tuple[int, ...]]]:
    """Yield the numbers of each tag, for each directory of a TIFF and its subdirectories."""
    order = _ORDERS.get(data[:4])
    if order is None or len(data) < 8:
        return
    pending = [struct.unpack_from(order + "I", data, 4)[0]]
    seen: set[int] = set()
    while pending and len(seen) < _MOST_DIRECTORIES:
        place = pending.pop(0)
        if place in seen or not 8 <= place <= len(data) - 2:
            continue
        seen.add(place)
        entries = list(entries_at(data, place, order))
        directory = {tag: _numbers(data, order, form, times, value) for tag, form, times, value in entries}
        pending += directory.get(_SUB_DIRECTORIES, ())[:_MOST_DIRECTORIES]
        after = place + 2 + 12 * len(entries)
        if after + 4 <= len(data):
            pending.append(struct.unpack_from(order + "I", data, after)[0])
        yield directory


def _numbers(data: bytes, order: str, form: int, count: int, value: bytes) -> tuple[int, ...]:
    """Return the whole numbers of an entry, or none if it holds anything else."""
    if form not in (_SHORT, _LONG, 13) or not 0 < count <= MAX_PARTS:
        return ()
    letter, size = ("H", 2) if form == _SHORT else ("I", 4)
    if count * size <= 4:
        return struct.unpack_from(f"{order}{count}{letter}", value)
    place = struct.unpack(order + "I", value)[0]
    return struct.unpack_from(f"{order}{count}{letter}", data, place) if place + count * size <= len(data) else ()


def _first(numbers: tuple[int, ...]) -> int:
    return numbers[0] if numbers else 0
