"""Makes a picture of an image for a screen: decoded and encoded again, without anything else that its file holds."""

import io
import os
import threading
from pathlib import Path

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import DEFAULTS, ReadSettings, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile

LARGE_SIDE_PX = 1600
PICTURE_KIND = "image/jpeg"
_QUALITY = 88
# A decoded image takes much memory, and more threads than processors do not make it quicker.
_few_at_a_time = threading.Semaphore(max(2, os.cpu_count() or 1))


def picture_of(root: Path, file: ImageFile, content: str, read: ReadSettings = DEFAULTS) -> bytes:
    """Return the image as a JPEG whose longer side has at most 1600 pixels.

    Raises UnreadableImageError, also if its bytes no longer have the hash `content`.
    """
    from PIL import Image

    square = Square(LARGE_SIDE_PX)
    with _few_at_a_time:
        image = read_image(root, file, read, square)
        if image.content != content:
            raise UnreadableImageError("changed since it was looked at")
        pixels = square.shrink(image.pixels)
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "JPEG", quality=_QUALITY)
        return encoded.getvalue()
