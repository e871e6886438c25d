"""Checks by its structure whether an image file is whole.

A decoder says only that it failed, or does not even say that. Each walk here follows the lengths that the file itself
names, from mark to mark, and decodes nothing.
"""

import re
import zlib
from collections.abc import Callable

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.header import open_image, pillow_errors
from imgsort.images.decoding.parts import MAX_PARTS, is_needed, png_chunks

# Each scan goes over all the pixels again.
_MAX_JPEG_SCANS = 100
# A GIF is cut into blocks of 255 bytes.
_MAX_GIF_BLOCKS = 1_000_000

# Matches the end mark and every mark before a segment with a length. Stuffed bytes, padding and restart marks do not
# match.
_JPEG_MARK = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_TIFF_STRIPS, _TIFF_TILES = (273, 279), (324, 325)
_TIFF_SAMPLE_FORMAT, _TIFF_FLOAT = 339, 3


def require_whole(data: bytes, kind: str) -> None:
    """Check that the file `data` of `kind` is whole, as far as its structure shows.

    Raises TruncatedImageError if the file is cut short. Raises UnreadableImageError for a bad checksum, a file without
    an image, or a file with far too many parts.
    """
    _WALKS[kind](data)


def _cut_short(data: bytes, what: str) -> TruncatedImageError:
    return TruncatedImageError(f"cut short: {len(data)} bytes, and {what}")


def _require_few(parts: int, most: int) -> None:
    if parts > most:
        raise UnreadableImageError(f"damaged: more than {most} parts")


def _walk_jpeg(data: bytes) -> None:
    """Follow the segments to the end mark (ITU-T T.81, annex B). The bytes after it do not matter."""
    position, parts, scans = 2, 0, 0
    while True:
        mark = _JPEG_MARK.search(data, position)
        if mark is None:
            raise _cut_short(data, "no end mark")
        marker = data[mark.end() - 1]
        if marker == _JPEG_END:
            break
        position = mark.end() + int.from_bytes(data[mark.end() : mark.end() + 2], "big")
        if position > len(data):
            raise _cut_short(data, "a segment that goes on beyond them")
        parts, scans = parts + 1, scans + (marker == _JPEG_SCAN)
        _require_few(parts, MAX_PARTS)
        if scans > _MAX_JPEG_SCANS:
            raise UnreadableImageError(f"damaged: more than {_MAX_JPEG_SCANS} scans")
    if not scans:
        raise UnreadableImageError("damaged: it holds no image, only a header")


def _walk_png(data: bytes) -> None:
    """Follow the chunks to IEND (PNG specification, third edition, 5.3), and check those that pixels need."""
    view = memoryview(data)
    for name, start, end in png_chunks(data):
        if end > len(data):
            raise _cut_short(data, f"{end} are due")
        if is_needed(name) and zlib.crc32(view[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise UnreadableImageError(f"damaged: bad checksum in its {name.decode('ascii', 'replace')} data")
        if name == b"IEND":
            return
    raise _cut_short(data, "no IEND chunk")


def _walk_gif(data: bytes) -> None:
    """Follow the blocks to the trailer (GIF89a specification).

    Only the trailer may be missing, because programs forget it.
    """
    position, parts, images = 13 + _gif_table(data[10:11]), 0, 0
    while position < len(data):
        label, parts = data[position], parts + 1
        if label == 0x3B:
            break
        if label == 0x2C:
            position += 11 + _gif_table(data[position + 9 : position + 10])
            images += 1
        elif label == 0x21:
            position += 2
        else:
            raise UnreadableImageError("damaged: a GIF block of no known kind")
        while (size := data[position] if position < len(data) else -1) > 0:
            position, parts = position + 1 + size, parts + 1
            _require_few(parts, _MAX_GIF_BLOCKS)
        if size < 0:
            raise _cut_short(data, "a block that goes on beyond them")
        _require_few(parts, _MAX_GIF_BLOCKS)
        position += 1
    if not images:
        raise _cut_short(data, "no image among them")


def _gif_table(flags: bytes) -> int:
    """Return the size in bytes of the colour table that `flags` announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _walk_webp(data: bytes) -> None:
    due = 8 + int.from_bytes(data[4:8], "little")
    if due > len(data):
        raise _cut_short(data, f"{due} are due")


def _walk_bmp(data: bytes) -> None:
    """Check that the rows of pixels are there or, if they are compressed, the bytes that the header announces."""
    start, header_bytes = int.from_bytes(data[10:14], "little"), int.from_bytes(data[14:18], "little")
    if header_bytes < 40:
        return  # an OS/2 header: only the decoder can judge it
    width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (18, 22))
    bits = int.from_bytes(data[28:30], "little")
    compression = int.from_bytes(data[30:34], "little")
    stored = int.from_bytes(data[34:38], "little")
    is_packed = compression in (1, 2)
    due = start + (stored if is_packed else (width * bits + 31) // 32 * 4 * abs(height))
    if due > len(data):
        raise _cut_short(data, f"{due} are due")


def _walk_tiff(data: bytes) -> None:
    """Check that the strips or tiles of the first page lie inside the file (TIFF 6.0)."""
    byte_order = "little" if data[:2] == b"II" else "big"
    if int.from_bytes(data[4:8], byte_order) + 2 > len(data):  # type: ignore[arg-type]
        raise _cut_short(data, "its directory lies beyond them")
    try:
        with open_image(data, "tiff") as image:
            tags = image.tag_v2
            places = [(tags.get(starts, ()), tags.get(counts, ())) for starts, counts in (_TIFF_STRIPS, _TIFF_TILES)]
            ends = [start + count for starts, counts in places for start, count in zip(starts, counts, strict=False)]
            is_float = _TIFF_FLOAT in tuple(tags.get(_TIFF_SAMPLE_FORMAT, ()))
    except pillow_errors() as error:
        raise UnreadableImageError("damaged: its TIFF directory makes no sense") from error
    if max(ends, default=0) > len(data):
        raise _cut_short(data, f"{max(ends)} are due")
    if is_float:
        raise UnreadableImageError("a TIFF of measured values (floating point), which have no colours of their own")


def _walk_boxes(data: bytes) -> None:
    """Follow the boxes of an AVIF or HEIF file (ISO/IEC 14496-12, 4.2)."""
    position, parts = 0, 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size == 0:  # the last box reaches to the end of the file
            return
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        if size < 8:
            raise UnreadableImageError("damaged: a box of no size")
        position, parts = position + size, parts + 1
        _require_few(parts, MAX_PARTS)
    if position > len(data):
        raise _cut_short(data, f"{position} are due")


_WALKS: dict[str, Callable[[bytes], None]] = {
    "avif": _walk_boxes,
    "bmp": _walk_bmp,
    "gif": _walk_gif,
    "heif": _walk_boxes,
    "jpeg": _walk_jpeg,
    "png": _walk_png,
    "tiff": _walk_tiff,
    "webp": _walk_webp,
}
