"""Checks by its structure whether a file of a rarer kind is whole, and whether its parts agree with its header."""

import struct
from collections.abc import Iterator

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.checked_heads import is_float_map
from imgsort.images.decoding.parts import MAX_PARTS

_JP2_START, _JP2_END = b"\xff\x4f\xff\x51", b"\xff\xd9"
_MOST_COMPONENTS = 4
_MOST_TILES = 65_535
# An icon has at most 256 pixels a side, but some programs write larger ones. Pillow decodes it already while it reads
# the header.
_MOST_ICON_SIDE = 2048


def walk_jp2(data: bytes) -> None:
    """Check the header of the picture within the boxes, if any (ITU-T T.800, annexes A and I), and its end mark."""
    start = data.find(_JP2_START)
    if start < 0 or start + 42 > len(data):
        raise TruncatedImageError(f"cut short: {len(data)} bytes, and no picture among them")
    right, bottom, left, top, tile_w, tile_h = struct.unpack_from(">IIIIII", data, start + 8)
    (components,) = struct.unpack_from(">H", data, start + 40)
    width, height = right - left, bottom - top
    if min(width, height, tile_w, tile_h) <= 0 or not 0 < components <= _MOST_COMPONENTS:
        raise UnreadableImageError("damaged: its jp2 header makes no sense, or it has more than four channels")
    if -(-width // tile_w) * -(-height // tile_h) > _MOST_TILES:
        raise UnreadableImageError("damaged: its jp2 header makes no sense")
    box = data.find(b"ihdr", 0, start)
    if start > 0 and (box < 0 or struct.unpack_from(">II", data, box + 4) != (height, width)):
        raise UnreadableImageError("damaged: its jp2 headers name different sizes")
    if data.find(_JP2_END, start) < 0:
        raise TruncatedImageError(f"cut short: {len(data)} bytes, and no end mark")


def walk_ico(data: bytes) -> None:
    """Check that the pictures of an icon lie within the file and have the size of icons."""
    for size, place in _icons(data):
        if place + size > len(data):
            raise TruncatedImageError(f"cut short: {len(data)} bytes, and {place + size} are due")
        if size < 40:
            raise UnreadableImageError("damaged: its ico header makes no sense")
        if data[place : place + 8] == b"\x89PNG\r\n\x1a\n":
            width, height = struct.unpack_from(">II", data, place + 16)
        else:
            width, height = struct.unpack_from("<ii", data, place + 4)
        if not 0 < width <= _MOST_ICON_SIDE or not 0 < abs(height) <= 2 * _MOST_ICON_SIDE:
            raise UnreadableImageError(f"damaged: an icon of {width}x{height} pixels")


def _icons(data: bytes) -> Iterator[tuple[int, int]]:
    count = int.from_bytes(data[4:6], "little")
    if 6 + 16 * count > len(data):
        raise TruncatedImageError(f"cut short: {len(data)} bytes, and {6 + 16 * count} are due")
    return (struct.unpack_from("<II", data, 6 + 16 * number + 8) for number in range(count))


def walk_psd(data: bytes) -> None:
    """Check that the sections before the picture lie within the file (Adobe Photoshop File Format Specification)."""
    position = 26
    for number in range(3):
        length = int.from_bytes(data[position : position + 4], "big")
        if number == 1:
            _require_few_resources(data, position + 4, position + 4 + length)
        position += 4 + length
    if position + 2 > len(data):
        raise TruncatedImageError(f"cut short: {len(data)} bytes, and {position + 2} are due")


def _require_few_resources(data: bytes, position: int, end: int) -> None:
    for _ in range(MAX_PARTS):
        if position >= min(end, len(data)):
            return
        position += 6 + (data[position + 6] + 2 & ~1 if position + 6 < len(data) else 0)
        position += 4 + (int.from_bytes(data[position : position + 4], "big") + 1 & ~1)
    raise UnreadableImageError(f"damaged: more than {MAX_PARTS} parts")


def walk_ppm(data: bytes) -> None:
    """Refuse a map of measured values. The decoder says whether the pixels are there."""
    if is_float_map(data[:4096]):
        raise UnreadableImageError("a map of measured values (floating point), which have no colours of their own")


def walk_tga(data: bytes) -> None:
    """Check that the rows of pixels are there, if they are not compressed (Truevision TGA 2.0)."""
    note, _, form, _, colours, colour_bits = struct.unpack_from("<BBBHHB", data)
    width, height, bits = struct.unpack_from("<HHB", data, 12)
    due = 18 + note + colours * (colour_bits + 7 & ~7) // 8 + (height * (width * bits + 7 & ~7) // 8 if form < 8 else 1)
    if due > len(data):
        raise TruncatedImageError(f"cut short: {len(data)} bytes, and {due} are due")


def walk_nothing(data: bytes) -> None:
    """Check nothing: the length of such a file does not follow from its header. Its decoder says what is missing."""
