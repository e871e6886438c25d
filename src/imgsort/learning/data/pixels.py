"""Images as squares of pixels, for networks that are trained through and through."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings, read_image
from imgsort.images.decoding.letterbox import letterbox
from imgsort.images.stream import stream
from imgsort.learning.data.dataset import LabelledImages
from imgsort.mapped import empty_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AHEAD = 64


def squares_of(
    images: LabelledImages, size_px: int, read: ReadSettings, progress: Callable[[int, int], None]
) -> "NDArray[np.uint8]":
    """Return uint8 (n, size_px, size_px, 3), RGB, which may lie in a file.

    Raises UnreadableImageError for an image that could be read a moment ago and cannot any more.
    """
    import numpy as np

    def square(row: int) -> "NDArray[np.uint8]":
        file = images.files[row]
        try:
            return letterbox(read_image(images.root, file, read, size_px).pixels, size_px)
        except UnreadableImageError as error:
            raise UnreadableImageError(f"{images.root / file.path}: {error}. It could be read a moment ago.") from error

    squares = empty_array((len(images.files), size_px, size_px, 3), np.uint8)
    for row, pixels in enumerate(stream(range(len(images.files)), square, _AHEAD)):
        squares[row] = pixels
        progress(row + 1, len(images.files))
    return squares
