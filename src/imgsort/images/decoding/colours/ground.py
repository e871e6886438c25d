"""Lays a transparent picture over a ground that it stands out from: black, or white or grey if it is itself dark.

The ground is chosen from the whole picture before it is shrunk, so every command sees the picture over the same one.
"""

from typing import TYPE_CHECKING

from imgsort.images.decoding.colours.conversion import Conversion
from imgsort.images.decoding.letterbox import Square

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLACK = 0
# This white is a backdrop to `check`, but none of its pixels is clipped, so it is no overexposure.
WHITE = 250
GREY = 128

# A colour is dark if its lightest channel is below 96, and light if its darkest channel is above 200.
_DARK, _LIGHT = 96, 200
# The share of dark among the opaque from which black hides the picture, and of light from which white hides a part.
_DARK_SHARE, _LIGHT_SHARE = 0.5, 0.1
_LOOKED_AT_PX = 256


def ground_of(layers: "NDArray[np.uint8]", conversion: Conversion | None) -> int:
    """Return the level of the ground for `layers`, uint8 (h, w, 4).

    The first three channels are colours over black, and the last one says how opaque each pixel is.
    """
    import numpy as np

    small = Square(_LOOKED_AT_PX).shrink(layers)
    weights = small[..., 3].astype(np.float64)
    if not 0 < weights.sum() < 255 * weights.size:
        return BLACK  # nothing is to be seen, or no ground
    colours = _colours(small)
    if conversion is not None:
        colours = conversion.apply(colours)
    dark = weights[colours.max(axis=2) < _DARK].sum() / weights.sum()
    light = weights[colours.min(axis=2) > _LIGHT].sum() / weights.sum()
    if dark <= _DARK_SHARE:
        return BLACK
    return GREY if light >= _LIGHT_SHARE else WHITE


def over_ground(layers: "NDArray[np.uint8]", ground: int, conversion: Conversion | None) -> "NDArray[np.uint8]":
    """Return uint8 (h, w, 3), sRGB, of `layers`, uint8 (h, w, 4), over the level `ground`."""
    import numpy as np

    colours, opacity = layers[..., :3], layers[..., 3]
    if conversion is not None:
        straight = conversion.apply(_colours(layers))
        colours = (straight * (opacity[..., None] / np.float32(255)) + 0.5).astype(np.uint8)
    if ground == BLACK:
        return colours
    share_of_ground = ((255 - np.arange(256)) * ground / 255 + 0.5).astype(np.uint8)
    added = share_of_ground[opacity][..., None]
    return np.minimum(colours, 255 - added) + added


def _colours(layers: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """Return the colours themselves, uint8 (h, w, 3), of `layers` whose colours lie over black."""
    import numpy as np

    opacity = np.maximum(layers[..., 3:], 1).astype(np.float32)
    return np.minimum(layers[..., :3] * (255 / opacity) + 0.5, 255).astype(np.uint8)
