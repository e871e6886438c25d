"""Recognises an ICC profile that says nothing but sRGB, by its numbers.

The name inside a profile proves nothing: programs change the numbers and keep the name.
"""

import struct

from imgsort.images.decoding.colours.matrix_profile import SRGB_CURVE

# The primaries of sRGB, adapted to D50 (ICC's sRGB.icc). Rounding differs between the programs that wrote profiles.
_COLUMNS = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_COLUMN_TOLERANCE = 0.002
# About one level of 255 at the places where a curve is compared.
_CURVE_TOLERANCE = 0.003
_PLACES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0)
# Functions of 10.16, by their number: how many parameters each has. Only gammas and sRGB's form are compared.
_PARAMETERS = {0: 1, 3: 5}
_MOST_TAGS = 100


def is_srgb(profile: bytes) -> bool:
    """Say whether the ICC profile `profile` gives RGB levels, or grey levels, the meaning that sRGB gives them."""
    tags = _tags(profile)
    if any(name[:3] in (b"A2B", b"D2B") for name in tags):
        return False  # a table, which counts more than the primaries
    if profile[16:20] == b"GRAY":
        return _is_srgb_curve(tags.get(b"kTRC", b""))
    return all(_is_near(tags.get(name, b""), column) for name, column in _COLUMNS.items()) and all(
        _is_srgb_curve(tags.get(name, b"")) for name in (b"rTRC", b"gTRC", b"bTRC")
    )


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """Return the bodies of the tags by name (ICC.1:2010, 7.3)."""
    count = min(int.from_bytes(profile[128:132], "big"), _MOST_TAGS, max(0, len(profile) - 132) // 12)
    entries = struct.iter_unpack(">4sII", profile[132 : 132 + 12 * count])
    return {name: profile[start : start + size] for name, start, size in entries}


def _is_near(body: bytes, column: tuple[float, ...]) -> bool:
    if len(body) < 20 or body[:4] != b"XYZ ":
        return False
    values = struct.unpack_from(">3i", body, 8)
    return all(abs(value / 65536 - wanted) <= _COLUMN_TOLERANCE for value, wanted in zip(values, column, strict=True))


def _is_srgb_curve(body: bytes) -> bool:
    linear = [_at(body, place) for place in _PLACES]
    return all(
        value is not None and abs(value - _parametric(SRGB_CURVE, place)) <= _CURVE_TOLERANCE
        for value, place in zip(linear, _PLACES, strict=True)
    )


def _at(body: bytes, place: float) -> float | None:
    """Return the value of the curve `body` at `place`, both 0 to 1, or None for a curve of another kind."""
    if body[:4] == b"para":
        count = _PARAMETERS.get(int.from_bytes(body[8:10], "big"), 0)
        if not count or len(body) < 12 + 4 * count:
            return None
        parameters = [value / 65536 for value in struct.unpack_from(f">{count}i", body, 12)]
        return _parametric((parameters[0], 1.0, 0.0, 0.0, 0.0) if count == 1 else tuple(parameters), place)
    count = int.from_bytes(body[8:12], "big")
    if body[:4] != b"curv" or count < 2 or len(body) < 12 + 2 * count:
        return None
    spot = place * (count - 1)
    lower = min(int(spot), count - 2)
    below, above = struct.unpack_from(">2H", body, 12 + 2 * lower)
    return float((below + (above - below) * (spot - lower)) / 65535)


def _parametric(parameters: tuple[float, ...], place: float) -> float:
    gamma, scale, shift, slope, limit = parameters
    base = scale * place + shift
    if place < limit:
        return slope * place
    return base**gamma if base > 0 and 0 < gamma < 10 else 0.0
