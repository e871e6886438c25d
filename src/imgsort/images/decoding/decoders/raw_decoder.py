"""Reads a RAW file: by its largest preview, or developed by the package rawpy if it has none of use."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decoded import Decoded
from imgsort.images.decoding.extras.previews import Preview, find_previews, raw_orientation
from imgsort.images.decoding.header import Header
from imgsort.images.decoding.letterbox import Square, upright

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A preview whose longer side is shorter is the thumbnail of a camera's menu. The file is developed instead, if it can.
_THUMBNAIL_PX = 320
_MOST_TRIES = 3


def decode_raw(data: bytes, decode_preview: Callable[[bytes], Decoded], max_pixels: int) -> Decoded:
    """Return the picture of the RAW file `data`.

    `decode_preview` decodes a JPEG, which is then seen upright by its own orientation. Raises UnreadableImageError.
    """
    previews = find_previews(data)
    large = [preview for preview in previews if max(preview.width, preview.height) >= _THUMBNAIL_PX]
    shown = _first_whole(data, large, decode_preview)
    if shown is not None:
        return shown
    try:
        return _developed(data, max_pixels)
    except UnreadableImageError:
        shown = _first_whole(data, previews[len(large) :], decode_preview)
        if shown is None:
            raise
        return shown


def _first_whole(data: bytes, previews: list[Preview], decode_preview: Callable[[bytes], Decoded]) -> Decoded | None:
    for preview in previews[:_MOST_TRIES]:
        try:
            found = decode_preview(data[preview.start :])
        except UnreadableImageError:
            continue  # bytes that only look like a preview
        own = found.header.orientation  # the preview is upright already, if it says itself how it lies
        orientation = own if own > 1 else raw_orientation(data)
        header = replace(found.header, kind="raw", orientation=orientation)
        return Decoded(header, partial(_turned, found, 1 if own > 1 else orientation))
    return None


def _developed(data: bytes, max_pixels: int) -> Decoded:
    """Return the RAW file, developed at half its size. rawpy turns it upright."""
    import numpy as np

    rawpy = _rawpy()
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            header = Header("raw", raw.sizes.width, raw.sizes.height, 1, "RGB", has_alpha=False)
            if max(header.pixels, raw.sizes.raw_width * raw.sizes.raw_height) > max_pixels:
                size = f"{header.width}x{header.height}"
                raise UnreadableImageError(f"{size} pixels: more than --max-pixels, {max_pixels}")
            pixels = raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8)
    except (rawpy.LibRawError, MemoryError, RuntimeError, ValueError, OSError) as error:
        raise UnreadableImageError("a RAW file without a preview, which cannot be developed") from error
    return Decoded(header, partial(_shrunk, np.asarray(pixels, dtype=np.uint8)))


def _turned(found: Decoded, orientation: int, square: Square | None) -> "NDArray[np.uint8]":
    return upright(found.seen(square), orientation)


def _shrunk(pixels: "NDArray[np.uint8]", square: Square | None) -> "NDArray[np.uint8]":
    return pixels if square is None else square.shrink(pixels)


@cache
def _rawpy() -> Any:
    try:
        import rawpy
    except ImportError:
        raise UnreadableImageError(
            "a RAW file without a preview needs an extra package: run `pip install '.[raw]'` in a checkout of imgsort"
        ) from None
    return rawpy
