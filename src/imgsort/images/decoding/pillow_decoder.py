"""Decodes with Pillow the files that OpenCV gets wrong (transparency) or cannot decode (HEIC, files cut short)."""

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.header import Header, open_image, pillow_errors
from imgsort.images.decoding.parts import png_colour_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Pillow has one switch for the whole process, which lets it decode a file that is cut short.
_MOST_BY_PILLOW = 64
_decoding_by_pillow = threading.Semaphore(_MOST_BY_PILLOW)
_one_part_at_a_time = threading.Lock()
_BAND_ROWS = 256


def decode_by_pillow(data: bytes, header: Header, *, is_whole: bool) -> "NDArray[np.uint8]":
    """Return uint8 (h, w, 3) RGB, or (h, w) for a grey image of 16 bits, with transparent pixels over black.

    If the file is not whole, the pixels show what can be saved of it.
    """
    import numpy as np

    try:
        with open_image(data, header.kind) as image, _whole_or_part(is_whole):
            image.load()
            if header.has_alpha and header.kind == "png" and image.mode in ("L", "RGB"):
                image.info["transparency"] = png_colour_key(data)
            if image.mode.startswith("I;16"):
                levels = np.asarray(image)
                key = image.info.get("transparency") if header.has_alpha else None
                return np.where(levels == key, 0, levels >> 8).astype(np.uint8)
            pixels = np.empty((image.height, image.width, 3), dtype=np.uint8)
            # The loop works in bands, because several layers of 100 megapixels at once would take gigabytes.
            for top in range(0, image.height, _BAND_ROWS):
                band = image.crop((0, top, image.width, min(top + _BAND_ROWS, image.height)))
                pixels[top : top + _BAND_ROWS] = np.asarray(
                    _over_black(band) if header.has_alpha else band.convert("RGB")
                )
            return pixels
    except pillow_errors() as error:
        state = "damaged" if is_whole else "cut short, and nothing can be saved of it"
        raise UnreadableImageError(f"{state}: its {header.kind} data does not decode") from error


def _over_black(image: Any) -> Any:
    """Return Pillow's `image` as RGB, with transparent pixels over black."""
    from PIL import Image

    layer = image.convert("RGBA")
    black = Image.new("RGB", layer.size)
    black.paste(layer, mask=layer.getchannel("A"))
    return black


@contextlib.contextmanager
def _whole_or_part(is_whole: bool) -> Iterator[None]:
    """Set Pillow's switch for one image. Either many whole images are decoded at a time, or one that is cut short."""
    from PIL import ImageFile

    if is_whole:
        with _decoding_by_pillow:
            yield
        return
    with _one_part_at_a_time, contextlib.ExitStack() as others:
        for _ in range(_MOST_BY_PILLOW):
            others.enter_context(_decoding_by_pillow)
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before
