"""Makes ICC profiles from the code points for colours of ITU-T H.273, which PNG, AVIF and HEIC hold."""

from imgsort.images.decoding.colours.matrix_profile import (
    DISPLAY_P3,
    REC_2020,
    SRGB,
    SRGB_CURVE,
    Point,
    Primaries,
    rgb_profile,
)

_C: Point = (0.310, 0.316)
# H.273, table 2. What is not listed is unspecified, or has no three primaries.
_PRIMARIES = {
    1: SRGB,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: REC_2020,
    11: Primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.314, 0.351)),
    12: DISPLAY_P3,
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
# H.273, table 3. The curves of television (1, 6, 14, 15) are shown as sRGB is, as browsers do. So is HLG (18), which
# was made to be shown so. PQ (16) counts in candela and has no white: such a picture stays as it is.
_CURVES = {
    **dict.fromkeys((1, 2, 6, 13, 14, 15, 18), SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}


def coded_profile(primaries: int, transfer: int) -> bytes | None:
    """Return the profile of RGB levels with these code points, or None if they say nothing that can be shown."""
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    return rgb_profile(_PRIMARIES[primaries], _CURVES[transfer])
