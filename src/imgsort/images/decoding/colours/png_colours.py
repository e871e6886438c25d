"""Finds what a PNG says of its colours: the chunks cICP, iCCP, sRGB, gAMA and cHRM, the first that counts."""

import struct
import zlib
from itertools import takewhile

from imgsort.images.decoding.colours.coded_colours import coded_profile
from imgsort.images.decoding.colours.icc import MAX_PROFILE_BYTES
from imgsort.images.decoding.colours.matrix_profile import SRGB, SRGB_CURVE, Primaries, grey_profile, rgb_profile
from imgsort.images.decoding.parts import png_chunks

_NAMES = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_MOST_NAME_BYTES = 80
# sRGB is close to 1 / 2.2, and a PNG of sRGB says 0.45455 beside its sRGB chunk or in its place.
_SRGB_GAMMA = 45455
_CHROMATICITY_TOLERANCE = 0.002


def png_profile(data: bytes) -> bytes | None:
    """Return the ICC profile of a PNG, or one made of its numbers, or None (PNG, third edition, 4.3)."""
    before = takewhile(lambda chunk: chunk[0] != b"IDAT", png_chunks(data))
    bodies = {name: data[start + 8 : end - 4] for name, start, end in before if name in _NAMES}
    if len(bodies.get(b"cICP", b"")) == 4:
        return coded_profile(bodies[b"cICP"][0], bodies[b"cICP"][1])
    if b"iCCP" in bodies:
        return _unpacked(bodies[b"iCCP"])
    if b"sRGB" in bodies:
        return None
    is_grey = data[25:26] in (b"\0", b"\4")
    return _of_numbers(bodies.get(b"gAMA", b""), bodies.get(b"cHRM", b""), is_grey=is_grey)


def _unpacked(body: bytes) -> bytes | None:
    name_end = body.find(b"\0", 0, _MOST_NAME_BYTES)
    if name_end < 0:
        return None
    try:
        return zlib.decompressobj().decompress(body[name_end + 2 :], MAX_PROFILE_BYTES)
    except zlib.error:
        return None


def _of_numbers(gamma: bytes, chromaticities: bytes, *, is_grey: bool) -> bytes | None:
    (stored,) = struct.unpack(">I", gamma) if len(gamma) == 4 else (_SRGB_GAMMA,)
    primaries = SRGB
    if len(chromaticities) == 32 and not is_grey:
        white, *others = ((x / 100_000, y / 100_000) for x, y in struct.iter_unpack(">2I", chromaticities))
        primaries = Primaries(others[0], others[1], others[2], white)
    if stored == 0:
        return None
    is_default = abs(stored - _SRGB_GAMMA) <= 100
    if is_default and _are_near(primaries, SRGB):
        return None
    curve = SRGB_CURVE if is_default and len(gamma) != 4 else (100_000 / stored,)
    return grey_profile(curve) if is_grey else rgb_profile(primaries, curve)


def _are_near(one: Primaries, other: Primaries) -> bool:
    pairs = zip(_numbers(one), _numbers(other), strict=True)
    return all(abs(first - second) <= _CHROMATICITY_TOLERANCE for first, second in pairs)


def _numbers(primaries: Primaries) -> tuple[float, ...]:
    return (*primaries.red, *primaries.green, *primaries.blue, *primaries.white)
