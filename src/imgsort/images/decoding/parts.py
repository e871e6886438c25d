"""Finds the parts of a PNG, a JPEG or a file of boxes, and says which parts of the first two the pixels need."""

import struct
from collections.abc import Iterator

from imgsort.errors import UnreadableImageError

# A file with more parts is an attack on the program that walks or decodes them. A PNG of 100 megapixels has about
# 40000 parts.
MAX_PARTS = 250_000

# The bytes of a PNG's chunk with no content: length, name and checksum.
_EMPTY_CHUNK = 12
_PNG_END = bytes(4) + b"IEND\xaeB`\x82"

JPEG_SCAN = 0xDA
_JPEG_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
# Exif, XMP, colour profiles, previews and comments. APP0 and APP14 are not in the set: they say how colours are coded.
_JPEG_METADATA = frozenset((*range(0xE1, 0xEE), 0xEF, 0xFE))


def without_metadata(data: bytes, kind: str) -> bytes:
    """Return a JPEG or PNG with only the parts that its pixels need, and a GIF with its trailer.

    Other kinds stay as they are. Metadata about the camera, the colours or the history can be damaged. It can also be
    made to exhaust the program that unpacks it. No pixel depends on it. Raises UnreadableImageError for a file with
    more than `MAX_PARTS` parts.
    """
    view = memoryview(data)
    if kind == "png":
        # Decoders refuse a wrong checksum even where there is nothing to check, so empty chunks go, and the end is new.
        chunks = list(png_chunks(data))
        spans = [(start, end) for name, start, end in chunks if holds_pixels(name, start, end)]
        has_end = bool(chunks) and chunks[-1][0] == b"IEND" and chunks[-1][2] <= len(data)
        return b"".join([view[:8], *(view[start:end] for start, end in spans), _PNG_END if has_end else b""])
    if kind == "jpeg":
        spans = [(start, end) for marker, start, end in jpeg_segments(data) if marker not in _JPEG_METADATA]
        return b"".join([view[:2], *(view[start:end] for start, end in spans)])
    if kind == "gif" and not data.endswith(b";"):
        return data + b";"  # programs forget the trailer, but OpenCV requires it
    return data


def png_colour_key(data: bytes) -> int | tuple[int, ...]:
    """Return the level or colour that a tRNS chunk makes transparent (PNG specification, 11.3.1.1), in eight bits.

    Pillow scales the pixels to eight bits, but it leaves the key as it is stored.
    """
    depth = data[24]
    body = next(data[start + 8 : end - 4] for name, start, end in png_chunks(data) if name == b"tRNS")
    stored = struct.unpack(f">{len(body) // 2}H", body)
    levels = tuple(level >> 8 if depth == 16 else level * 255 // (2**depth - 1) for level in stored)
    return levels[0] if len(levels) == 1 else levels


def holds_pixels(chunk: bytes, start: int, end: int) -> bool:
    """Say whether the PNG chunk of this name, from `start` to `end`, holds anything that the pixels need."""
    return is_needed(chunk) and chunk != b"IEND" and end - start > _EMPTY_CHUNK


def is_needed(chunk: bytes) -> bool:
    """Say whether the pixels need the PNG chunk of this name: they need critical chunks and transparency."""
    return not chunk[0] & 0x20 or chunk == b"tRNS"


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of each chunk up to IEND. The last chunk may end beyond the data.

    Raises UnreadableImageError for more than `MAX_PARTS` chunks.
    """
    position = 8
    for _ in range(MAX_PARTS):
        name = data[position + 4 : position + 8]
        if len(name) < 4:
            return
        end = position + 12 + int.from_bytes(data[position : position + 4], "big")
        yield name, position, end
        if name == b"IEND":
            return
        position = end
    raise UnreadableImageError(f"damaged: more than {MAX_PARTS} parts")


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment before the first scan, and then the whole rest as one segment.

    Raises UnreadableImageError for more than `MAX_PARTS` segments.
    """
    position = 2
    for _ in range(MAX_PARTS):
        # Some programs leave rubbish between two segments, and decoders skip it.
        position = max(position, data.find(b"\xff", position))
        marker = data[position + 1] if data[position : position + 1] == b"\xff" and position + 4 <= len(data) else 0
        if marker in (0, JPEG_SCAN):
            yield JPEG_SCAN, position, len(data)
            return
        if marker == 0xFF:
            end = position + 1  # padding
        elif marker in _JPEG_WITHOUT_LENGTH:
            end = position + 2
        else:
            end = position + 2 + max(2, int.from_bytes(data[position + 2 : position + 4], "big"))
        yield marker, position, end
        position = end
    raise UnreadableImageError(f"damaged: more than {MAX_PARTS} parts")


def box_at(data: bytes, position: int, limit: int) -> tuple[bytes, int, int]:
    """Return the name of the box at `position`, and where its content starts and ends (ISO/IEC 14496-12, 4.2).

    A box of size 0 ends at `limit`. The end may lie beyond the data, and before the start if the size makes no sense.
    """
    size, name = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
    if size == 1:
        return name, position + 16, position + int.from_bytes(data[position + 8 : position + 16], "big")
    return name, position + 8, position + size if size else limit
