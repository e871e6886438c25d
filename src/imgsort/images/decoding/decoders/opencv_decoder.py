"""Decodes with OpenCV, the first choice for every kind of image. A JPEG can be decoded at a smaller size."""

from functools import cache
from typing import TYPE_CHECKING, Any

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.header import Header
from imgsort.images.decoding.letterbox import Square

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The kinds that OpenCV decodes. It also knows others, but treats them in its own way.
OPENCV_KINDS = frozenset("avif bmp gif jpeg png tiff webp".split())
# libjpeg can leave out the finer frequencies of each block. The result has 1/2, 1/4 or 1/8 of the side and takes a
# fraction of the work.
_JPEG_SCALES = (8, 4, 2)


def decode_by_opencv(data: bytes, header: Header, square: Square | None) -> "NDArray[np.uint8]":
    """Return uint8 (h, w, 3) RGB, or (h, w) for a grey image.

    A large JPEG is scaled down, but not too far for `square`.
    """
    cv2 = _quiet_opencv()
    # A grey image stays grey: a grey scan of 100 megapixels would take 300 MB in colour. This is safe for JPEG and PNG
    # only, because other kinds hide colours behind a grey header.
    is_grey = header.is_grey and header.kind in ("jpeg", "png")
    flags = cv2.IMREAD_IGNORE_ORIENTATION | (0 if is_grey else cv2.IMREAD_COLOR_RGB)
    if header.kind == "jpeg" and square is not None:
        flags |= _reduced_flag(cv2, square.whole_divisor(header.width, header.height))
    pixels = _decoded(data, flags)
    if pixels is None:
        raise UnreadableImageError(f"damaged: its {header.kind} data does not decode")
    decoded: NDArray[np.uint8] = pixels.astype("uint8", copy=False)
    return decoded


def decode_layers_by_opencv(data: bytes) -> "NDArray[np.uint8]":
    """Return uint8 (h, w, 4) of a WebP with transparency: RGB, and how opaque each pixel is.

    Raises UnreadableImageError if it does not decode to this form.
    """
    import numpy as np

    cv2 = _quiet_opencv()
    layers = _decoded(data, cv2.IMREAD_UNCHANGED)
    if layers is None or layers.dtype != np.uint8 or layers.shape[2:] != (4,):
        raise UnreadableImageError("damaged: its webp data does not decode")
    swapped: NDArray[np.uint8] = cv2.cvtColor(layers, cv2.COLOR_BGRA2RGBA, dst=layers)
    return swapped


def _decoded(data: bytes, flags: int) -> Any:
    """Return what OpenCV decodes of `data`, or None."""
    import numpy as np

    cv2 = _quiet_opencv()
    try:
        return cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except (cv2.error, MemoryError, SystemError, ValueError):
        return None


def _reduced_flag(cv2: Any, factor: int) -> int:
    """Return OpenCV's flag for the largest division of the size by at most `factor`, or 0 for full size."""
    flags = {
        8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
        4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
        2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    }
    return next((flags[scale] for scale in _JPEG_SCALES if scale <= factor), 0)


@cache
def _quiet_opencv() -> Any:
    """Return the module `cv2` with its log off, because imgsort itself gives the reason for a bad file."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2
