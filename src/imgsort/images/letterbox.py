"""Makes an image square without changing its shape: scaled to fit, centred, padded with black."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fitted_size_hw(height: int, width: int, size_px: int) -> tuple[int, int]:
    """Return the height and width of an image of `height` x `width` scaled to fit a square of `size_px`.

    No side is ever below one pixel: plain rounding would give 5000x1 a side of zero.
    """
    scale = size_px / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def letterbox(pixels: "NDArray[np.uint8]", size_px: int) -> "NDArray[np.uint8]":
    """Scale `pixels` to fit a square and centre them on black.

    Parameters: `pixels`, uint8 (height, width, 3), left untouched; `size_px`, the square's side.
    Returns uint8 (size_px, size_px, 3). Shrinks by area averaging, which does not alias, and
    enlarges by cubic interpolation.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    fitted_h, fitted_w = fitted_size_hw(height, width, size_px)
    shrinks = max(height, width) > size_px
    resized = cv2.resize(pixels, (fitted_w, fitted_h), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    square = np.zeros((size_px, size_px, 3), dtype=np.uint8)
    top, left = (size_px - fitted_h) // 2, (size_px - fitted_w) // 2
    square[top : top + fitted_h, left : left + fitted_w] = resized
    return square
