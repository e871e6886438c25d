"""Checks by its structure whether an image file is whole.

A decoder says only that it failed, or does not even say that. Each walk here follows the lengths that the file itself
names, from mark to mark, and decodes nothing.
"""

import math
import re
import zlib
from collections.abc import Callable
from typing import Any

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.extras.jxl import walk_jxl
from imgsort.images.decoding.extras.previews import require_whole_raw
from imgsort.images.decoding.parts import MAX_PARTS, holds_pixels, png_chunks
from imgsort.images.decoding.readers import open_image, pillow_errors
from imgsort.images.decoding.tiff_directories import first_directory
from imgsort.images.decoding.walks.boxes import require_whole_boxes
from imgsort.images.decoding.walks.rare_kinds import (
    walk_ico,
    walk_jp2,
    walk_nothing,
    walk_ppm,
    walk_psd,
    walk_tga,
)

# Each scan goes over all the pixels again.
_MAX_JPEG_SCANS = 100
_TIFF_COMPRESSION, _TIFF_SIDES, _TIFF_DEPTHS, _TIFF_SAMPLES = 259, (256, 257), 258, 277
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
        stored = int.from_bytes(data[end - 4 : end], "big")
        if holds_pixels(name, start, end) and zlib.crc32(view[start + 4 : end - 4]) != stored:
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
        _require_few(parts, _MAX_GIF_BLOCKS)
        if label == 0x3B:
            break
        if label == 0x2C:
            position += 11 + _gif_table(data[position + 9 : position + 10])
            images += 1
        elif label == 0x21:
            position += 2
        elif images:
            break  # what follows the first picture is rubbish
        else:
            position += 1  # bytes between blocks, which decoders skip
            continue
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
    if not data.startswith(b"BM"):
        return  # a bitmap without its file header
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
    if first_directory(data) + 2 > len(data):
        raise _cut_short(data, "its directory lies beyond them")
    try:
        with open_image(data, "tiff") as image:
            tags = image.tag_v2
            places = [(tags.get(starts, ()), tags.get(counts, ())) for starts, counts in (_TIFF_STRIPS, _TIFF_TILES)]
            most = _most_in_a_part(tags)
            ends = [
                start + min(count, most)
                for starts, counts in places
                for start, count in zip(starts, counts, strict=False)
            ]
            is_float = _TIFF_FLOAT in tuple(tags.get(_TIFF_SAMPLE_FORMAT, ()))
    except pillow_errors() as error:
        raise UnreadableImageError("damaged: its TIFF directory makes no sense") from error
    if max(ends, default=0) > len(data):
        raise _cut_short(data, f"{max(ends)} are due")
    if is_float:
        raise UnreadableImageError("a TIFF of measured values (floating point), which have no colours of their own")


def _most_in_a_part(tags: Any) -> float:
    """Return how many bytes a strip or a tile has at most: no more than all pixels, if they are not compressed.

    Some programs write any number as its length.
    """
    if tags.get(_TIFF_COMPRESSION, 1) != 1 or _TIFF_TILES[0] in tags:
        return math.inf
    width, height = (int(tags[side]) for side in _TIFF_SIDES)
    bits = int(max(8, *tags.get(_TIFF_DEPTHS, (1,))))
    samples = int(tags.get(_TIFF_SAMPLES, 1))
    return float(samples * -(-width * bits // 8) * height)


_WALKS: dict[str, Callable[[bytes], None]] = {
    "avif": require_whole_boxes,
    "bmp": _walk_bmp,
    "dds": walk_nothing,
    "gif": _walk_gif,
    "heif": require_whole_boxes,
    "ico": walk_ico,
    "jp2": walk_jp2,
    "jpeg": _walk_jpeg,
    "jxl": walk_jxl,
    "png": _walk_png,
    "ppm": walk_ppm,
    "psd": walk_psd,
    "qoi": walk_nothing,
    "raw": require_whole_raw,
    "tga": walk_tga,
    "tiff": _walk_tiff,
    "webp": _walk_webp,
}
