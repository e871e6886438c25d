"""Makes an image square without distorting it: scales it to fit, centres it and pads it with black."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# Below this ratio, every pixel of the source is one of the two that bilinear interpolation reads for some pixel of the
# result. It takes a quarter of the time of averaging, and models see no difference: benchmarks/README.md.
_LEAST_AVERAGED_RATIO = 1.5


def fitted_size_hw(height: int, width: int, size_px: int) -> tuple[int, int]:
    """Return the height and width of an image of `height` x `width`, scaled to fit a square of `size_px`.

    Each side has at least one pixel. Plain rounding would give an image of 5000x1 a side of zero.
    """
    scale = size_px / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrink_to_fit(pixels: "NDArray[np.uint8]", size_px: int) -> "NDArray[np.uint8]":
    """Scale `pixels`, uint8 (height, width) or (height, width, 3), down to fit a square of `size_px`.

    The function averages areas, which does not cause aliasing, or interpolates where an image is only a little larger.
    An image that already fits is returned as it is.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    longest = max(height, width)
    if longest <= size_px:
        return pixels
    fitted_h, fitted_w = fitted_size_hw(height, width, size_px)
    way = cv2.INTER_AREA if longest >= _LEAST_AVERAGED_RATIO * size_px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (fitted_w, fitted_h), interpolation=way), dtype=np.uint8)


def letterbox(pixels: "NDArray[np.uint8]", size_px: int) -> "NDArray[np.uint8]":
    """Scale `pixels` to fit a square and centre them on black.

    Parameters: `pixels`, uint8 (height, width, 3), which stay unchanged; `size_px`, the side of the square. Returns
    uint8 (size_px, size_px, 3). The function shrinks as `shrink_to_fit` and enlarges by cubic interpolation.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    fitted_h, fitted_w = fitted_size_hw(height, width, size_px)
    if max(height, width) < size_px:
        fitted = cv2.resize(pixels, (fitted_w, fitted_h), interpolation=cv2.INTER_CUBIC)
    else:
        fitted = shrink_to_fit(pixels, size_px)
    square = np.zeros((size_px, size_px, 3), dtype=np.uint8)
    top, left = (size_px - fitted_h) // 2, (size_px - fitted_w) // 2
    square[top : top + fitted_h, left : left + fitted_w] = fitted
    return square
