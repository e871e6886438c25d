"""Reads the directories of tags in TIFF and EXIF data (TIFF 6.0, section 2) without trusting them."""

import struct
from collections.abc import Iterator

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.parts import MAX_PARTS

_TIFF_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_BIG_ORDERS = {b"II+\x00": "<", b"MM\x00+": ">"}
_TIFF_BYTES = (1, 2, 6, 7)
TIFF_SIZES = (1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
# The forms of a directory's count and of its entries, without the order of bytes.
_FORMS = ("H", "HHI4s")
_BIG_TIFFS = (b"II+\x00\x08\x00\x00\x00", b"MM\x00+\x00\x08\x00\x00")
_MOST_DIRECTORIES = 100


def require_modest_directories(data: bytes, kind: str) -> None:
    """Refuse a TIFF directory whose values together are larger than the file.

    Pillow copies every value of the directory of a TIFF, and of the EXIF data in an AVIF, before it returns any of
    them. So 65535 tags that all point to the same megabyte would take 64 GiB.
    """
    if kind == "tiff":
        starts = [0]
    elif kind == "avif":
        if any(magic in data for magic in _BIG_TIFFS):
            raise UnreadableImageError("damaged: its EXIF data makes no sense")
        starts = [start for magic in _TIFF_ORDERS for start in _find_all(data, magic)]
    else:
        return
    if sum(_bytes_of_values(data, start) for start in starts) > len(data):
        raise UnreadableImageError("damaged: its tags are larger than the file")


def _find_all(data: bytes, magic: bytes) -> Iterator[int]:
    position = data.find(magic)
    for _ in range(_MOST_DIRECTORIES):
        if position < 0:
            return
        yield position
        position = data.find(magic, position + 1)
    raise UnreadableImageError("damaged: its EXIF data makes no sense")


def _bytes_of_values(data: bytes, start: int) -> int:
    """Return the total size in bytes of the values that the first directory of the TIFF at `start` points to."""
    total = 0
    for _, form, count, _ in entries_of(data, start):
        size = TIFF_SIZES[form] * count if form < len(TIFF_SIZES) else 0
        # Pillow makes an object of each number, and several objects of a fraction.
        if form not in _TIFF_BYTES and count > MAX_PARTS:
            raise UnreadableImageError(f"damaged: a tag of {count} values")
        # A value is read at most up to the end of the data. A value of up to four bytes lies in the directory itself.
        total += min(size, len(data)) if size > 4 else 0
    return total


def first_directory(data: bytes) -> int:
    """Return where the first directory of a TIFF or BigTIFF lies."""
    order = "little" if data[:2] == b"II" else "big"
    place = slice(8, 16) if data[:4] in _BIG_ORDERS else slice(4, 8)
    return int.from_bytes(data[place], order)  # type: ignore[arg-type]


def entries_of(data: bytes, start: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield tag, type, count and four bytes for each entry of the first directory of a TIFF, or eight of a BigTIFF.

    These bytes hold the value or its offset.
    """
    magic = data[start : start + 4]
    if magic in _TIFF_ORDERS:
        yield from _entries(data, start, start + 4, _TIFF_ORDERS[magic], ("I", *_FORMS))
    elif magic in _BIG_ORDERS:
        yield from _entries(data, start, start + 8, _BIG_ORDERS[magic], ("Q", "Q", "HHQ8s"))


def _entries(
    data: bytes, start: int, place: int, order: str, forms: tuple[str, str, str]
) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield the entries of the directory whose offset is at `place`. `forms`: of offset, count and entry."""
    offset_form = order + forms[0]
    if place + struct.calcsize(offset_form) > len(data):
        return
    (offset,) = struct.unpack_from(offset_form, data, place)
    yield from entries_at(data, start + offset, order, forms[1:])


def entries_at(
    data: bytes, place: int, order: str, forms: tuple[str, str] = _FORMS
) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield the entries of the directory at `place`, as far as the data goes. `forms`: of count and entry."""
    count_form, entry_form = (order + form for form in forms)
    first = place + struct.calcsize(count_form)
    if first > len(data):
        return
    (entries,) = struct.unpack_from(count_form, data, place)
    size = struct.calcsize(entry_form)
    end = first + min(entries, (len(data) - first) // size) * size
    yield from struct.iter_unpack(entry_form, data[first:end])
