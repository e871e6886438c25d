"""Makes a picture of an image for a screen: decoded and encoded again, without anything else that its file holds."""

import io
import os
import threading
from pathlib import Path

from imgsort.images.decoding.decode import DEFAULTS, ReadSettings, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile

LARGE_SIDE_PX = 1600
PICTURE_KIND = "image/jpeg"
_QUALITY = 88
# A decoded image takes much memory, and more threads than processors do not make it quicker.
_few_at_a_time = threading.Semaphore(max(2, os.cpu_count() or 1))


def picture_of(root: Path, file: ImageFile, side_px: int = LARGE_SIDE_PX, read: ReadSettings = DEFAULTS) -> bytes:
    """Return the image as a JPEG whose longer side has at most `side_px` pixels. Raises UnreadableImageError."""
    from PIL import Image

    square = Square(side_px)
    with _few_at_a_time:
        pixels = square.shrink(read_image(root, file, read, square).pixels)
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "JPEG", quality=_QUALITY)
        return encoded.getvalue()
