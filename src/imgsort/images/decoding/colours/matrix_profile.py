"""Writes small ICC profiles for colours that a file describes by numbers: primaries, a white and a curve.

The profiles follow ICC.1:2010. Three primaries make a profile of three channels. A grey profile has a curve only.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

Point = tuple[float, float]

# The curve of sRGB in the form of ICC.1:2010, 10.16, function type 3.
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
D65: Point = (0.3127, 0.3290)

_D50_XYZ = (0.9642, 1.0, 0.8249)
# Bradford's cone responses, by which ICC profiles adapt white to D50 (ICC.1:2010, annex E).
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
# A curve outside these bounds shows nothing but black or white.
_GAMMAS = (0.2, 5.0)


@dataclass(frozen=True)
class Primaries:
    """The chromaticities (x, y) of red, green, blue and white."""

    red: Point
    green: Point
    blue: Point
    white: Point = D65


SRGB = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = Primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE_RGB = Primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
REC_2020 = Primaries((0.708, 0.292), (0.17, 0.797), (0.131, 0.046))


@lru_cache(maxsize=64)
def rgb_profile(primaries: Primaries, curve: tuple[float, ...]) -> bytes | None:
    """Return an ICC profile, or None if no colours can have these primaries or this curve.

    `curve` holds the parameters of a `para` curve: one number is a gamma, five numbers are those of sRGB's form.
    """
    import numpy as np

    points = (primaries.red, primaries.green, primaries.blue, primaries.white)
    if not _is_possible(curve) or any(y <= 0 or not math.isfinite(x + y) for x, y in points):
        return None
    red, green, blue, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in points)
    try:
        of_primaries = np.stack([red, green, blue], axis=1)
        scaled = of_primaries * np.linalg.solve(of_primaries, white)
        cones = np.array(_BRADFORD)
        adapted = np.linalg.solve(cones, np.diag(cones @ _D50_XYZ / (cones @ white)) @ cones) @ scaled
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 8:
        return None
    body = _curve(curve)
    tags = [(name, _xyz(column)) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted.T.tolist(), strict=True)]
    return _profile(b"RGB ", [*tags, *((name, body) for name in (b"rTRC", b"gTRC", b"bTRC"))])


def grey_profile(curve: tuple[float, ...]) -> bytes | None:
    """Return an ICC profile of one channel, or None if the curve is not possible. `curve`: as for `rgb_profile`."""
    return _profile(b"GRAY", [(b"kTRC", _curve(curve))]) if _is_possible(curve) else None


def _is_possible(curve: tuple[float, ...]) -> bool:
    return _GAMMAS[0] <= curve[0] <= _GAMMAS[1]


def _curve(parameters: tuple[float, ...]) -> bytes:
    function = 0 if len(parameters) == 1 else 3
    return struct.pack(">4s4xH2x", b"para", function) + _fixed(parameters)


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _fixed(values: Sequence[float]) -> bytes:
    """Return numbers with 16 bits before and 16 bits after the point."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _profile(space: bytes, tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    tags = [*tags, (b"wtpt", _xyz(_D50_XYZ))]
    start, table, bodies = 132 + 12 * len(tags), b"", b""
    for name, body in tags:
        table += struct.pack(">4sII", name, start + len(bodies), len(body))
        bodies += body
    size = start + len(bodies)
    head = struct.pack(">I4xI4s4s4s12x4s", size, 0x04300000, b"mntr", space, b"XYZ ", b"acsp")
    head += bytes(28) + _fixed(_D50_XYZ)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + bodies
