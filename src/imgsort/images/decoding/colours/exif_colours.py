"""Finds out from EXIF data whether a camera stored Adobe RGB, which cameras do without an ICC profile."""

from imgsort.images.decoding.tiff_directories import entries_at, entries_of

_EXIF_DIRECTORY, _INTEROPERABILITY_DIRECTORY = 0x8769, 0xA005
_COLOUR_SPACE, _INTEROPERABILITY_INDEX = 0xA001, 0x0001
_SRGB, _ADOBE_RGB, _UNCALIBRATED = 1, 2, 0xFFFF
# One of these is in the data of every picture in Adobe RGB. Most pictures are not, and the search takes no time.
_HINTS = (b"R03", b"\x01\xa0\x03\x00\x01\x00\x00\x00\x02\x00", b"\xa0\x01\x00\x03\x00\x00\x00\x01\x00\x02")


def is_adobe_rgb(exif: bytes) -> bool:
    """Say whether EXIF data, from its TIFF header on, declares Adobe RGB.

    DCF 2.0 says: the index `R03`, and a colour space that is not sRGB. Some cameras write a colour space of 2 instead.
    """
    if not any(hint in exif for hint in _HINTS):
        return False
    order = "big" if exif[:2] == b"MM" else "little"
    about_picture = _entries(exif, _value(_entries(exif, None), _EXIF_DIRECTORY, order))
    space = int.from_bytes(about_picture.get(_COLOUR_SPACE, b"")[:2], order)  # type: ignore[arg-type]
    if space == _ADOBE_RGB:
        return True
    if space not in (0, _UNCALIBRATED):
        return False
    about_use = _entries(exif, _value(about_picture, _INTEROPERABILITY_DIRECTORY, order))
    return about_use.get(_INTEROPERABILITY_INDEX, b"")[:3] == b"R03"


def _entries(exif: bytes, start: int | None) -> dict[int, bytes]:
    """Return four bytes for each tag of the directory at `start`, or of the first directory for None."""
    if start is None:
        return {tag: value for tag, _, _, value in entries_of(exif, 0)}
    if not 8 <= start <= len(exif) - 2:
        return {}
    order = ">" if exif[:2] == b"MM" else "<"
    return {tag: value for tag, _, _, value in entries_at(exif, start, order)}


def _value(entries: dict[int, bytes], tag: int, order: str) -> int:
    return int.from_bytes(entries.get(tag, b""), order)  # type: ignore[arg-type]
