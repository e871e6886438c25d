"""Makes a tiny image of a few kilobytes, by which `same_picture` says whether two images show the same.

It holds the luma at 64 x 64 pixels, and the two channels of colour at 16 x 16. The image is stretched to a square, as
it is for the perceptual hash.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LUMA_SIDE_PX = 64
COLOUR_SIDE_PX = 16
LUMA_BYTES = LUMA_SIDE_PX**2
TINY_BYTES = LUMA_BYTES + 2 * COLOUR_SIDE_PX**2
# Raise this number when the same pixels give another tiny image, because tiny images are kept between runs.
TINY_VERSION = 1


def tiny_image(pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """Return the tiny image of `pixels`, uint8 (h, w, 3) RGB: uint8 (TINY_BYTES,), the luma, then Cb, then Cr.

    The luma is blurred a little before it is shrunk to its size, so it holds no detail that is finer than its pixels: a
    copy that is cropped by a part of a pixel can be brought over its original.
    """
    import cv2
    import numpy as np

    small = cv2.resize(pixels, (2 * LUMA_SIDE_PX, 2 * LUMA_SIDE_PX), interpolation=cv2.INTER_AREA)
    luma, red, blue = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb))
    size = COLOUR_SIDE_PX, COLOUR_SIDE_PX
    colours = (cv2.resize(colour, size, interpolation=cv2.INTER_AREA) for colour in (blue, red))
    return np.concatenate([np.asarray(layer, np.uint8).reshape(-1) for layer in (cv2.pyrDown(luma), *colours)])
