"""Decodes with Pillow the files that OpenCV gets wrong (transparency) or cannot decode (HEIC, files cut short)."""

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.header import Header
from imgsort.images.decoding.letterbox import Square
from imgsort.images.decoding.parts import png_colour_key
from imgsort.images.decoding.readers import open_image, pillow_errors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Pillow has one switch for the whole process, which lets it decode a file that is cut short.
_MOST_BY_PILLOW = 64
_decoding_by_pillow = threading.Semaphore(_MOST_BY_PILLOW)
_one_part_at_a_time = threading.Lock()
_BAND_ROWS = 256
# The marker of a JPEG 2000 that says how often its size can be halved (ITU-T T.800, A.6.1).
_JP2_CODING = b"\xff\x52\x00"
# Kinds whose levels of 16 bits Pillow gives as integers of 32 bits.
_DEEP_KINDS = ("ppm",)


def decode_by_pillow(
    data: bytes, header: Header, square: Square | None = None, *, is_whole: bool
) -> "NDArray[np.uint8]":
    """Return uint8 (h, w, 3) RGB, or (h, w) for a grey image of 16 bits, with transparent pixels over black.

    A large JPEG 2000 is scaled down, but not too far for `square`.
    If the file is not whole, the pixels show what can be saved of it.
    """
    import numpy as np

    try:
        with open_image(data, header.kind) as image, _whole_or_part(is_whole):
            if square is not None:
                _reduce(image, data, square.whole_divisor(*image.size))
            image.load()
            if header.has_alpha and header.kind == "png" and image.mode in ("L", "RGB"):
                image.info["transparency"] = png_colour_key(data)
            if image.mode == "F":
                raise UnreadableImageError("measured values (floating point), which have no colours of their own")
            if image.mode.startswith("I;16") or (image.mode == "I" and header.kind in _DEEP_KINDS):
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


def _reduce(image: Any, data: bytes, divisor: int) -> None:
    """Let the decoder of Pillow's `image` leave out what a size divided by at most `divisor` does not show."""
    if image.format == "JPEG2000":
        place = data.find(_JP2_CODING)
        halvings = data[place + 9] if 0 <= place < len(data) - 9 else 0
        image.reduce = min(max(divisor, 1).bit_length() - 1, halvings)


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
