"""Decodes with Pillow what OpenCV gets wrong (transparency, inks, Lab) or cannot decode (HEIC, files cut short)."""

import contextlib
import threading
from collections.abc import Callable, Iterator
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
BAND_ROWS = 256
# The marker of a JPEG 2000 that says how often its size can be halved (ITU-T T.800, A.6.1).
_JP2_CODING = b"\xff\x52\x00"
# OpenJPEG keeps four bytes for each channel of a pixel, beside those of the result.
_MOST_LAYERED_JP2_PIXELS = 40_000_000
# Kinds whose levels of 16 bits Pillow gives as integers of 32 bits.
_DEEP_KINDS = ("ppm",)
# libjpeg decodes at these fractions of the side.
_JPEG_SCALES = (8, 4, 2)


def decode_by_pillow(
    data: bytes, header: Header, square: Square | None = None, *, is_whole: bool
) -> "NDArray[np.uint8]":
    """Return uint8 (h, w, 3) RGB, or (h, w) for a grey image of 16 bits.

    An image with transparency has four channels: RGB over black, and how opaque each pixel is. A large JPEG 2000 is
    scaled down, but not too far for `square`. If the file is not whole, the pixels show what can be saved of it.
    """
    import numpy as np

    with _loaded(data, header, square, is_whole=is_whole) as image:
        if header.has_alpha and header.kind == "png" and image.mode in ("L", "RGB"):
            image.info["transparency"] = png_colour_key(data)
        if image.mode.startswith("I;16") or (image.mode == "I" and header.kind in _DEEP_KINDS):
            return _sixteen_bits(np.asarray(image), image.info.get("transparency") if header.has_alpha else None)
        return _in_bands(image, 4, layers_over_black) if header.has_alpha else _in_bands(image, 3, _rgb)


def decode_as_stored(data: bytes, header: Header, square: Square | None, *, is_whole: bool) -> "NDArray[np.uint8]":
    """Return the pixels in the colours that the file stores: uint8 (h, w, 4) CMYK, or (h, w, 3) Lab with a, b + 128.

    A large JPEG is scaled down, but not too far for `square`.
    """
    with _loaded(data, header, square, is_whole=is_whole) as image:
        return _in_bands(image, len(image.getbands()), _stored)


@contextlib.contextmanager
def _loaded(data: bytes, header: Header, square: Square | None = None, *, is_whole: bool) -> Iterator[Any]:
    """Give Pillow's image, decoded. Raises UnreadableImageError, also for what fails while the image is used."""
    try:
        with open_image(data, header.kind) as image, _whole_or_part(is_whole):
            divisor = 1 if square is None else square.whole_divisor(header.width, header.height)
            _require_modest_layers(header, _reduce(image, data, header, divisor))
            image.load()
            if image.mode == "F":
                raise UnreadableImageError("measured values (floating point), which have no colours of their own")
            yield image
    except pillow_errors() as error:
        state = "damaged" if is_whole else "cut short, and nothing can be saved of it"
        raise UnreadableImageError(f"{state}: its {header.kind} data does not decode") from error


def _require_modest_layers(header: Header, halvings: int) -> None:
    if header.kind == "jp2" and header.has_alpha and header.pixels >> 2 * halvings > _MOST_LAYERED_JP2_PIXELS:
        size = f"{header.width}x{header.height} pixels with transparency"
        raise UnreadableImageError(f"{size}: more than imgsort decodes of a jp2 that holds no smaller sizes")


def _reduce(image: Any, data: bytes, header: Header, divisor: int) -> int:
    """Let the decoder of Pillow's `image` leave out what a size divided by at most `divisor` does not show.

    Return how often the sides of a JPEG 2000 will be halved.
    """
    scale = next((scale for scale in _JPEG_SCALES if scale <= divisor), 1)
    if header.kind == "jpeg" and scale > 1:
        image.draft(None, (header.width // scale, header.height // scale))
    if header.kind != "jp2" or divisor < 2:
        return 0
    place = data.find(_JP2_CODING)
    halvings = data[place + 9] if 0 <= place < len(data) - 9 else 0
    halvings = min(divisor.bit_length() - 1, halvings)
    image.reduce = halvings
    return halvings


def _sixteen_bits(levels: "NDArray[np.uint16]", key: int | None) -> "NDArray[np.uint8]":
    """Return uint8 (h, w), or (h, w, 4) if the level `key` is transparent."""
    import numpy as np

    grey: NDArray[np.uint8] = (levels >> 8).astype(np.uint8)
    if key is None:
        return grey
    is_seen = levels != key
    grey[~is_seen] = 0
    return np.dstack([grey, grey, grey, is_seen.astype(np.uint8) * np.uint8(255)])


def _in_bands(image: Any, channels: int, layer: Callable[[Any], "NDArray[np.uint8]"]) -> "NDArray[np.uint8]":
    """Return uint8 (h, w, channels): `layer` of each part of the image.

    The loop works in bands, because several layers of 100 megapixels at once would take gigabytes.
    """
    import numpy as np

    pixels = np.empty((image.height, image.width, channels), dtype=np.uint8)
    for top in range(0, image.height, BAND_ROWS):
        band = image.crop((0, top, image.width, min(top + BAND_ROWS, image.height)))
        pixels[top : top + BAND_ROWS] = layer(band)
    return pixels


def _rgb(band: Any) -> "NDArray[np.uint8]":
    import numpy as np

    return np.asarray(band.convert("RGB"))


def layers_over_black(band: Any) -> "NDArray[np.uint8]":
    """Return uint8 (h, w, 4): the colours of Pillow's `band` over black, and how opaque each pixel is."""
    import numpy as np
    from PIL import Image

    layer = band.convert("RGBA")
    opacity = layer.getchannel("A")
    black = Image.new("RGB", layer.size)
    black.paste(layer, mask=opacity)
    black.putalpha(opacity)
    return np.asarray(black)


def _stored(band: Any) -> "NDArray[np.uint8]":
    import numpy as np

    samples: NDArray[np.uint8] = np.array(band)
    if band.mode == "LAB":
        samples[..., 1:] ^= 0x80  # Pillow gives a and b as signed numbers, of which no average can be taken
    return samples


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
