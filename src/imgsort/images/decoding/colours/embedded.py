"""Finds the ICC profile of an image file in its bytes, or makes one from what the file says of its colours."""

from collections.abc import Callable

from imgsort.images.decoding.colours.boxes import profile_of_boxes
from imgsort.images.decoding.colours.exif_colours import is_adobe_rgb
from imgsort.images.decoding.colours.icc import MAX_PROFILE_BYTES
from imgsort.images.decoding.colours.matrix_profile import ADOBE_RGB, rgb_profile
from imgsort.images.decoding.colours.png_colours import png_profile
from imgsort.images.decoding.parts import jpeg_segments
from imgsort.images.decoding.readers import open_image, pillow_errors

_JPEG_APP1, _JPEG_APP2 = 0xE1, 0xE2
_IN_JPEG, _EXIF = b"ICC_PROFILE\0", b"Exif\0\0"
_ADOBE_GAMMA = 563 / 256
_MOST_WEBP_CHUNKS = 1000


def profile_of(data: bytes, kind: str) -> bytes | None:
    """Return the ICC profile that says what the colours of the file `data` of `kind` mean, or None for sRGB.

    The profile may be broken: nobody has looked into it.
    """
    finder = _FINDERS.get(kind)
    return finder(data) if finder else _by_pillow(data, kind)


def _in_jpeg(data: bytes) -> bytes | None:
    """Return the profile from its numbered parts (ICC.1:2010, B.4), or that of Adobe RGB if only EXIF names it."""
    parts: dict[int, bytes] = {}
    count, exif = 0, b""
    for marker, start, end in jpeg_segments(data):
        if marker == _JPEG_APP2 and data.startswith(_IN_JPEG, start + 4):
            count = max(count, int.from_bytes(data[start + 17 : start + 18], "big"))
            parts.setdefault(int.from_bytes(data[start + 16 : start + 17], "big"), data[start + 18 : end])
        elif marker == _JPEG_APP1 and not exif and data.startswith(_EXIF, start + 4):
            exif = data[start + 10 : end]
    if not parts:
        return _by_exif(exif)
    if set(parts) != set(range(1, count + 1)):
        return None
    return b"".join(parts[number] for number in sorted(parts))


def _in_webp(data: bytes) -> bytes | None:
    """Return the content of the chunk ICCP, or the profile that EXIF names (RFC 9649, 2.7)."""
    position, exif = 12, b""
    for _ in range(_MOST_WEBP_CHUNKS):
        name, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        if len(name) < 4:
            break
        content = position + 8
        if name == b"ICCP":
            return data[content : content + min(size, MAX_PROFILE_BYTES)]
        if name == b"EXIF":
            exif = data[content : content + size].removeprefix(_EXIF)
        position = content + size + (size & 1)
    return _by_exif(exif)


def _in_bmp(data: bytes) -> bytes | None:
    """Return the profile of a bitmap with the header BITMAPV5HEADER, whose offset counts from this header."""
    if int.from_bytes(data[14:18], "little") < 124 or data[70:74] != b"DEBM":
        return None
    start, size = (int.from_bytes(data[at : at + 4], "little") for at in (126, 130))
    return data[14 + start : 14 + start + min(size, MAX_PROFILE_BYTES)]


def _by_pillow(data: bytes, kind: str) -> bytes | None:
    try:
        with open_image(data, kind) as image:
            profile = image.info.get("icc_profile")
            return profile if isinstance(profile, bytes) else None
    except pillow_errors():
        return None


def _in_tiff(data: bytes) -> bytes | None:
    return _by_pillow(data, "tiff") or _by_exif(data)


def _by_exif(exif: bytes) -> bytes | None:
    return rgb_profile(ADOBE_RGB, (_ADOBE_GAMMA,)) if is_adobe_rgb(exif) else None


def _none(_: bytes) -> bytes | None:
    return None


_FINDERS: dict[str, Callable[[bytes], bytes | None]] = {
    "avif": profile_of_boxes,
    "bmp": _in_bmp,
    "gif": _none,
    "heif": profile_of_boxes,
    "jpeg": _in_jpeg,
    "png": png_profile,
    "tiff": _in_tiff,
    "webp": _in_webp,
}
