"""Reads JPEG XL: its size from the first bits (ISO/IEC 18181-1), its pixels by the package imagecodecs."""

from functools import cache
from typing import TYPE_CHECKING, Any

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.parts import MAX_PARTS, box_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CODESTREAM = b"\xff\x0a"
# How many bits a side has, and width over height for the numbers 1 to 7 (ISO/IEC 18181-1, size header).
_SIDE_BITS = (9, 13, 18, 30)
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_MOST_HEADER_BYTES = 16
# Strangers' files: some kinds of JPEG XL take 40 bytes of memory for a pixel.
MOST_PIXELS = 100_000_000


def jxl_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG XL, as stored. Raises UnreadableImageError if its header makes no sense."""
    bits = _Bits(_first_codestream_bytes(data)[2:])
    is_small = bits.take(1)
    height = _side(bits, is_small=is_small)
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return _side(bits, is_small=is_small), height


def walk_jxl(data: bytes) -> None:
    """Check that the boxes lie within the file. Raises TruncatedImageError and UnreadableImageError."""
    if not data.startswith(_CODESTREAM):
        for _, end in _codestreams(data):
            if end > len(data):
                raise TruncatedImageError(f"cut short: {len(data)} bytes, and {end} are due")


def decode_jxl(data: bytes) -> "NDArray[np.uint8]":
    """Return the first picture, upright: uint8 (h, w, 3) or (h, w).

    A picture with transparency has four channels: RGB over black, and how opaque each pixel is. Raises
    UnreadableImageError.
    """
    import numpy as np

    codec = jxl_codec()
    try:
        pixels = np.asarray(codec.jpegxl_decode(data, index=0, numthreads=1))
    except (codec.JpegxlError, MemoryError, RuntimeError, ValueError, IndexError) as error:
        raise UnreadableImageError("damaged, or cut short: its jxl data does not decode") from error
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and not 1 <= pixels.shape[2] <= 4):
        raise UnreadableImageError("its jxl data has more than four channels")
    if pixels.dtype == np.uint16:
        pixels = pixels >> 8
    elif pixels.dtype.kind == "f":
        pixels = np.clip(np.nan_to_num(pixels), 0, 1) * 255
    pixels = pixels.astype(np.uint8, copy=False)
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        return _over_black(pixels)
    return pixels[..., 0] if pixels.shape[2:] == (1,) else pixels


def _over_black(layers: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """Lay the colours of uint8 (h, w, 2 or 4), which end with the opacity, over black: uint8 (h, w, 4)."""
    import numpy as np

    laid = np.empty((*layers.shape[:2], 4), np.uint8)
    for row, straight in zip(laid, layers, strict=True):  # all rows at once would take several times the memory
        row[:, :3] = straight[:, :-1].astype(np.uint16) * straight[:, -1:] // 255
        row[:, 3] = straight[:, -1]
    return laid


@cache
def jxl_codec() -> Any:
    """Return the module that decodes JPEG XL. Raises UnreadableImageError that names the extra, if it is missing."""
    try:
        import imagecodecs

        if not imagecodecs.JPEGXL.available:
            raise ImportError
    except ImportError:
        raise UnreadableImageError(
            "JPEG XL needs an extra package: run `pip install '.[jxl]'` in a checkout of imgsort"
        ) from None
    return imagecodecs


def _first_codestream_bytes(data: bytes) -> bytes:
    if data.startswith(_CODESTREAM):
        return data[:_MOST_HEADER_BYTES]
    start = next((start for start, _ in _codestreams(data)), len(data))
    return data[start : start + _MOST_HEADER_BYTES]


def _codestreams(data: bytes) -> list[tuple[int, int]]:
    """Return start and end of each box that holds a part of the picture (ISO/IEC 18181-2)."""
    found: list[tuple[int, int]] = []
    position = 0
    for _ in range(MAX_PARTS):
        if position + 8 > len(data):
            return found
        name, content, end = box_at(data, position, len(data))
        if end < content:
            if found:
                return found  # what follows the picture is rubbish
            raise UnreadableImageError("damaged: a box of no size")
        if name in (b"jxlc", b"jxlp"):
            found.append((content + (4 if name == b"jxlp" else 0), end))
        position = end
    raise UnreadableImageError(f"damaged: more than {MAX_PARTS} parts")


def _side(bits: "_Bits", *, is_small: int) -> int:
    if is_small:
        return 8 * (bits.take(5) + 1)
    return bits.take(_SIDE_BITS[bits.take(2)]) + 1


class _Bits:
    """Gives bits, the lowest of each byte first. Raises UnreadableImageError at the end."""

    def __init__(self, data: bytes) -> None:
        self._bits, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise UnreadableImageError("damaged: its jxl header makes no sense")
        taken = self._bits & (1 << count) - 1
        self._bits >>= count
        return taken
