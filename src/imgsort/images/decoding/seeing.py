"""Shows decoded pixels as a person sees them, at any smaller size."""

from typing import TYPE_CHECKING

from imgsort.images.decoding.colours.conversion import Conversion
from imgsort.images.decoding.colours.ground import ground_of, over_ground
from imgsort.images.decoding.letterbox import Square, upright

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def seen_pixels(
    pixels: "NDArray[np.uint8]", conversion: Conversion | None, orientation: int, square: Square | None
) -> "NDArray[np.uint8]":
    """Return decoded pixels as they are seen: sRGB, uint8 (h, w, 3), opaque, upright, and scaled down for `square`.

    `pixels`: uint8 (h, w), (h, w, 3), or (h, w, 4) for inks or a transparent picture. They stay unchanged.
    """
    is_stored = conversion is not None and conversion.is_of_stored_pixels
    has_layers = pixels.shape[2:] == (4,) and not is_stored
    ground = ground_of(pixels, conversion) if has_layers else None
    if square is not None:
        pixels = square.shrink(pixels)
    if ground is not None:
        return upright(over_ground(pixels, ground, conversion), orientation)
    pixels = _as_rgb(pixels)
    return upright(pixels if conversion is None else conversion.apply(pixels), orientation)


def _as_rgb(pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """Turn uint8 (h, w) into (h, w, 3). Pixels that already have three dimensions stay as they are."""
    import numpy as np

    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
