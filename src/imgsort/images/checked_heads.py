"""Checks the headers of kinds whose first bytes alone could also be a text, a video or a program."""

import re
import struct

_SPACE = rb"(?:\s|#[^\r\n]*[\r\n])+"
_SIDES = _SPACE + rb"[1-9]\d{0,9}" + _SPACE + rb"[1-9]\d{0,9}"
_PLAIN_BITS = re.compile(rb"P1" + _SIDES + rb"\s[01\s]*(?:#|\Z)")
_PLAIN_LEVELS = re.compile(rb"P[23]" + _SIDES + _SPACE + rb"[1-9]\d{0,4}\s[\d\s]*(?:#|\Z)")
_RAW_BITS = re.compile(rb"P4" + _SIDES + rb"\s")
_RAW_LEVELS = re.compile(rb"P(?:5|6|0CMYK|yP|yRGBA|yCMYK)" + _SIDES + _SPACE + rb"[1-9]\d{0,4}\s")
_FLOATS = re.compile(rb"Pf" + _SIDES + _SPACE + rb"-?[\d.]+\s")

_TGA_DEPTHS = {1: (8,), 2: (16, 24, 32), 3: (1, 8, 16), 9: (8,), 10: (16, 24, 32), 11: (8, 16)}
_COLOUR_MAPPED = (1, 9)
_DIB_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_MOST_ICONS = 1024


def is_ppm(head: bytes) -> bool:
    """Say whether a PPM, PGM or PBM begins like this: its sides and levels in digits, then its pixels."""
    return any(form.match(head) for form in (_PLAIN_BITS, _PLAIN_LEVELS, _RAW_BITS, _RAW_LEVELS, _FLOATS))


def is_float_map(head: bytes) -> bool:
    """Say whether a PPM that begins like this holds floating-point values."""
    return _FLOATS.match(head) is not None


def is_ico(head: bytes) -> bool:
    """Say whether an icon begins like this: a list of pictures that lie behind the list."""
    if len(head) < 22 or head[:4] != b"\x00\x00\x01\x00":
        return False
    count = int.from_bytes(head[4:6], "little")
    reserved, planes, _, size, place = struct.unpack_from("<xxxBHHII", head, 6)
    return 0 < count <= _MOST_ICONS and reserved in (0, 255) and planes <= 1 and size > 0 and place >= 6 + 16 * count


def is_qoi(head: bytes) -> bool:
    """Say whether a QOI begins like this: a size, three or four channels, one of two colour spaces."""
    return head[:4] == b"qoif" and len(head) > 13 and head[12] in (3, 4) and head[13] in (0, 1)


def is_bmp(head: bytes) -> bool:
    """Say whether a bitmap with its file header begins like this.

    Four reserved bytes are zero, as in nearly every bitmap, or hold the hot spot of a pointer of OS/2. Then the next
    header must make sense.
    """
    reserved = head[6:10]
    return head[:2] == b"BM" and len(reserved) == 4 and (not any(reserved) or is_dib(head[14:]))


def is_dib(head: bytes) -> bool:
    """Say whether a bitmap without its file header begins like this."""
    size = int.from_bytes(head[:4], "little")
    if size not in _DIB_HEADERS or len(head) < 16:
        return False
    planes, bits = struct.unpack_from("<HH", head, 8 if size == 12 else 12)
    return planes == 1 and bits in (1, 2, 4, 8, 16, 24, 32)


def is_tga(head: bytes) -> bool:
    """Say whether a TGA begins like this. It has no signature, so a file of another name never counts as one."""
    if len(head) < 18:
        return False
    _, map_type, form, _, map_length, map_depth = struct.unpack_from("<BBBHHB", head)
    width, height, depth, flags = struct.unpack_from("<HHBB", head, 12)
    if map_type > 1 or depth not in _TGA_DEPTHS.get(form, ()) or not width or not height or flags & 0xC0:
        return False
    return form not in _COLOUR_MAPPED or not map_type or (map_length > 0 and map_depth in (15, 16, 24, 32))
