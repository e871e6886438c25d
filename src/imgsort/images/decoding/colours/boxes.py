"""Finds the colours of the main picture of an AVIF or HEIF file (ISO/IEC 14496-12 and 23008-12)."""

import struct
from collections.abc import Iterator

from imgsort.images.decoding.colours.coded_colours import coded_profile
from imgsort.images.decoding.colours.icc import MAX_PROFILE_BYTES
from imgsort.images.decoding.parts import box_at

_MOST_BOXES = 10_000


def profile_of_boxes(data: bytes) -> bytes | None:
    """Return the ICC profile of the main picture, or one made of its code points, or None."""
    meta = _first(data, 0, len(data), b"meta")
    if meta is None:
        return None
    inner = meta[0] + 4, meta[1]
    properties = _first(data, *inner, b"iprp")
    shared = _first(data, *properties, b"ipco") if properties else None
    if properties is None or shared is None:
        return None
    bodies = {number: (start, end) for number, (name, start, end) in enumerate(_boxes(data, *shared), 1)
              if name == b"colr"}  # fmt: skip
    if not bodies:
        return None
    own = _numbers_of(data, _first(data, *properties, b"ipma"), _main_item(data, _first(data, *inner, b"pitm")))
    # A picture of tiles may have its colours at its tiles only.
    chosen = [bodies[number] for number in own if number in bodies] or list(bodies.values())
    return _profile_of(data, chosen)


def _profile_of(data: bytes, places: list[tuple[int, int]]) -> bytes | None:
    """Return the first ICC profile, or else the profile of the first code points."""
    for start, end in places:
        if data[start : start + 4] in (b"prof", b"rICC"):
            return data[start + 4 : min(end, start + 4 + MAX_PROFILE_BYTES)]
    for start, end in places:
        if data[start : start + 4] == b"nclx" and end >= start + 8:
            return coded_profile(*struct.unpack_from(">2H", data, start + 4))
    return None


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each box, and where its content starts and ends. A box that makes no sense is the last."""
    end = min(end, len(data))
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        name, content, stop = box_at(data, start, end)
        if not content <= stop <= end:
            return
        yield name, content, stop
        start = stop


def _first(data: bytes, start: int, end: int, wanted: bytes) -> tuple[int, int] | None:
    return next(((inner, stop) for name, inner, stop in _boxes(data, start, end) if name == wanted), None)


def _main_item(data: bytes, place: tuple[int, int] | None) -> int | None:
    if place is None:
        return None
    start, end = place
    return int.from_bytes(data[start + 4 : min(end, start + (8 if data[start] else 6))], "big")


def _numbers_of(data: bytes, place: tuple[int, int] | None, item: int | None) -> list[int]:
    """Return the numbers of the properties of `item`, from 1 on (23008-12, 9.3.1)."""
    if place is None or item is None:
        return []
    content = data[place[0] : place[1]]
    id_bytes, number_bytes = (4 if content[:1] != b"\0" else 2), (2 if content[3:4] and content[3] & 1 else 1)
    position = 8
    for _ in range(min(int.from_bytes(content[4:8], "big"), _MOST_BOXES)):
        count_at = position + id_bytes
        if count_at >= len(content):
            break
        after = count_at + 1 + content[count_at] * number_bytes
        if int.from_bytes(content[position:count_at], "big") == item:
            spots = range(count_at + 1, min(after, len(content)), number_bytes)
            most = (1 << 8 * number_bytes - 1) - 1  # the highest bit says whether the property is essential
            return [int.from_bytes(content[spot : spot + number_bytes], "big") & most for spot in spots]
        position = after
    return []
