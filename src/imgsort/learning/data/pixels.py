"""Turns images into squares of pixels, for the training of whole networks."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import DEFAULTS, ReadSettings, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile
from imgsort.images.stream import stream
from imgsort.learning.data.dataset import LabelledImages
from imgsort.mapped import empty_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AHEAD = 64


def square_of(root: Path, file: ImageFile, size_px: int, read: ReadSettings = DEFAULTS) -> "NDArray[np.uint8]":
    """Return an image as a network sees it: uint8 (size_px, size_px, 3), RGB. Raises UnreadableImageError."""
    square = Square(size_px)
    return square.fill(read_image(root, file, read, square).pixels)


def squares_of(
    images: LabelledImages, size_px: int, read: ReadSettings, progress: Callable[[int, int], None]
) -> "NDArray[np.uint8]":
    """Return the images as squares, uint8 (n, size_px, size_px, 3), RGB. The array may lie in a file.

    Raises UnreadableImageError for an image that could be read a moment ago and cannot be read now.
    """
    import numpy as np

    def square(row: int) -> "NDArray[np.uint8]":
        file = images.files[row]
        try:
            return square_of(images.root, file, size_px, read)
        except UnreadableImageError as error:
            raise UnreadableImageError(f"{images.root / file.path}: {error}. It could be read a moment ago.") from error

    squares = empty_array((len(images.files), size_px, size_px, 3), np.uint8)
    for row, pixels in enumerate(stream(range(len(images.files)), square, _AHEAD)):
        squares[row] = pixels
        progress(row + 1, len(images.files))
    return squares
