"""Brings an image into a square: letterboxed on black, which keeps its shape, or stretched to fill the square."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Fit = Literal["letterbox", "stretch"]


@dataclass(frozen=True)
class Square:
    """The square that a model sees, and how an image comes into it.

    `letterbox` scales the image to fit, centres it and pads it with black. `stretch` scales each side to the square's.
    An image that is at least `averaged_from` times as large is shrunk by averaging areas, which does not cause
    aliasing, and a smaller one bilinearly, in a third of the time. Below 2, bilinear interpolation still reads every
    pixel. Images are enlarged by cubic interpolation.
    """

    size_px: int
    fit: Fit = "letterbox"
    averaged_from: float = 1.0

    def whole_divisor(self, width: int, height: int) -> int:
        """Return by what number both sides may be divided without making the image too small for the square."""
        side = max(width, height) if self.fit == "letterbox" else min(width, height)
        return side // self.size_px

    def shrink(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
        """Scale down what is too large for the square: uint8 (height, width) or (height, width, 3).

        An image that is not too large is returned as it is.
        """
        height, width = pixels.shape[:2]
        if self.fit == "stretch":
            return self._resized(pixels, min(height, self.size_px), min(width, self.size_px))
        if max(height, width) <= self.size_px:
            return pixels
        return self._resized(pixels, *fitted_size_hw(height, width, self.size_px))

    def fill(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
        """Return the square, uint8 (size_px, size_px, 3), of the image `pixels`, uint8 (height, width, 3).

        `pixels` stays unchanged.
        """
        import numpy as np

        side = self.size_px
        fitted = self.shrink(pixels)
        if self.fit == "stretch":
            return _enlarged(fitted, side, side)
        height, width = fitted_size_hw(fitted.shape[0], fitted.shape[1], side)
        fitted = _enlarged(fitted, height, width)
        square = np.zeros((side, side, 3), dtype=np.uint8)
        top, left = (side - height) // 2, (side - width) // 2
        square[top : top + height, left : left + width] = fitted
        return square

    def _resized(self, pixels: "NDArray[np.uint8]", height: int, width: int) -> "NDArray[np.uint8]":
        """Scale `pixels` down to this height and width, none of which is larger than before."""
        import cv2
        import numpy as np

        if pixels.shape[:2] == (height, width):
            return pixels
        ratio = max(pixels.shape[0] / height, pixels.shape[1] / width)
        way = cv2.INTER_AREA if ratio >= self.averaged_from else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(pixels, (width, height), interpolation=way), dtype=np.uint8)


def _enlarged(pixels: "NDArray[np.uint8]", height: int, width: int) -> "NDArray[np.uint8]":
    import cv2
    import numpy as np

    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def fitted_size_hw(height: int, width: int, size_px: int) -> tuple[int, int]:
    """Return the height and width of an image of `height` x `width`, scaled to fit a square of `size_px`.

    Each side has at least one pixel. Plain rounding would give an image of 5000x1 a side of zero.
    """
    scale = size_px / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def upright(pixels: "NDArray[np.uint8]", orientation: int) -> "NDArray[np.uint8]":
    """Undo the EXIF orientation (Exif 2.32, tag 0x0112) of uint8 (height, width, 3)."""
    import numpy as np

    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
