"""One image file to upright RGB pixels and the hash of its bytes, or a reason why not.

The bytes are read once: kind, header, structure, hash and pixels all come from the same buffer. OpenCV
decodes; Pillow takes what OpenCV gets wrong (transparency) or gives up on (HEIC, files cut short).
"""

import contextlib
import errno
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from imgsort.content import content_hash, read_regular
from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.header import Header, read_header
from imgsort.images.decoding.letterbox import shrink_to_fit
from imgsort.images.decoding.opencv_decoder import decode_by_opencv
from imgsort.images.decoding.parts import without_metadata
from imgsort.images.decoding.pillow_decoder import decode_by_pillow
from imgsort.images.decoding.structure import require_whole
from imgsort.images.finding.find import ImageFile
from imgsort.images.kinds import HEAD_BYTES, image_kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Truncated = Literal["skip", "use"]

# To be raised when the same bytes become other pixels: features that are kept were made of the old ones.
READER_VERSION = 1

MAX_FILE_BYTES = 2 * 1024**3

# Images of more pixels than this are decoded one at a time: a hundred megapixels are 300 MB.
_LARGE_PIXELS = 50_000_000
# So are files of more bytes, which are held while they are decoded.
_LARGE_BYTES = 128 * 1024**2
_one_large_at_a_time = threading.RLock()


@dataclass(frozen=True)
class ReadSettings:
    """What is read and what is refused.

    `max_pixels`: images that claim more are refused undecoded; `truncated`: `skip` refuses a file that is
    cut short, `use` takes what can be saved of it.
    """

    max_pixels: int = 300_000_000
    truncated: Truncated = "skip"


@dataclass(frozen=True)
class DecodedImage:
    """`pixels`: uint8 (height, width, 3), RGB, upright. `content`: the hash of the file's bytes.

    `header`: the image as it is stored; the pixels may have been scaled down.
    """

    pixels: "NDArray[np.uint8]"
    content: str
    header: Header


DEFAULTS = ReadSettings()


def read_image(
    root: Path, file: ImageFile, settings: ReadSettings = DEFAULTS, fit_px: int | None = None
) -> DecodedImage:
    """Read and decode the image `file` of the collection at `root`.

    With `fit_px` the image comes scaled down to fit a square of that side, if it is larger. Raises
    UnreadableImageError, with a reason for a person, whatever is wrong with the file.
    """
    with bytes_of(root, file) as (data, content):
        header, pixels = decode_bytes(data, settings, fit_px)
        return DecodedImage(pixels, content, header)


@contextlib.contextmanager
def bytes_of(root: Path, file: ImageFile) -> Iterator[tuple[bytes, str]]:
    """Give the bytes of `file` and their hash, to be held until its pixels are there: of large files one at a time.

    Raises UnreadableImageError for a file that is gone, locked, or never comes.
    """
    with _one_large_at_a_time if file.size > _LARGE_BYTES else contextlib.nullcontext():
        data = _read_bytes(root, file)
        yield data, content_hash(data)


def _read_bytes(root: Path, file: ImageFile) -> bytes:
    try:
        return read_regular(root / file.path, MAX_FILE_BYTES)
    except TimeoutError as error:
        raise UnreadableImageError(f"stalled: {error.strerror}") from error
    except OSError as error:
        verb = "is too large" if error.errno == errno.EFBIG else "cannot be opened"
        raise UnreadableImageError(f"{verb}: {error.strerror or error}") from error
    except MemoryError as error:
        raise UnreadableImageError(f"is too large for the memory: {file.size} bytes") from error


def decode(data: bytes, settings: ReadSettings = DEFAULTS, fit_px: int | None = None) -> "NDArray[np.uint8]":
    """Decode the bytes of an image file to uint8 (height, width, 3), RGB, upright by its EXIF orientation.

    Transparent pixels lie over black, 16 bits are scaled to 8, of several pictures the first is taken.
    With `fit_px` the image comes scaled down to fit a square of that side, if it is larger. Raises
    UnreadableImageError.
    """
    return decode_bytes(data, settings, fit_px)[1]


def decode_bytes(data: bytes, settings: ReadSettings, fit_px: int | None) -> "tuple[Header, NDArray[np.uint8]]":
    """Return the header of an image file's bytes, and its pixels as `decode` does. Raises UnreadableImageError."""
    kind = _kind_of(data)
    shortage = _shortage(data, kind)
    header = _acceptable_header(data, kind, settings, shortage)
    if shortage is not None and settings.truncated == "skip":
        raise shortage
    data = without_metadata(data, kind)
    with _one_large_at_a_time if header.pixels > _LARGE_PIXELS else contextlib.nullcontext():
        if shortage is not None or kind == "heif" or header.has_alpha:
            pixels = decode_by_pillow(data, header, is_whole=shortage is None)
        else:
            pixels = _decode_whole(data, header, fit_px)
        if fit_px is not None:
            pixels = shrink_to_fit(pixels, fit_px)
        return header, _upright(_as_rgb(pixels), header.orientation)


def _kind_of(data: bytes) -> str:
    kind = image_kind(data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableImageError(_what_it_is(data))
    return kind


def _shortage(data: bytes, kind: str) -> TruncatedImageError | None:
    """Return what a file that is cut short lacks. Before its header is read: Pillow walks any number of parts."""
    try:
        require_whole(data, kind)
    except TruncatedImageError as error:
        return error
    return None


def _acceptable_header(data: bytes, kind: str, settings: ReadSettings, shortage: TruncatedImageError | None) -> Header:
    try:
        header = read_header(data, kind)
    except UnreadableImageError as error:
        if shortage is not None:  # a header that is cut short makes no sense either
            raise shortage from error
        raise
    size = f"{header.width}x{header.height} pixels"
    if header.promises_too_much(len(data)):
        raise UnreadableImageError(f"damaged: its header promises {size}, which {len(data)} bytes cannot hold")
    if header.pixels > settings.max_pixels:
        raise UnreadableImageError(f"{size}: more than --max-pixels, {settings.max_pixels}")
    return header


def _what_it_is(data: bytes) -> str:
    """Say what a file that is no image is instead: a broken download is mostly one of these."""
    if not data:
        return "empty file (0 bytes)"
    if data.count(0) == len(data):
        return f"no image: its {len(data)} bytes are all zero"
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "no image but a web page"
    if b"<svg" in start:
        return "a drawing (SVG), not a photograph: imgsort does not read it"
    return "not an image that imgsort can read, whatever its name says"


def _decode_whole(data: bytes, header: Header, fit_px: int | None) -> "NDArray[np.uint8]":
    try:
        return decode_by_opencv(data, header, fit_px)
    except UnreadableImageError:
        if header.kind != "tiff":
            raise
        return decode_by_pillow(data, header, is_whole=True)  # it knows compressions that OpenCV does not


def _as_rgb(pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """Turn uint8 (h, w) into (h, w, 3); leave what is that already."""
    import numpy as np

    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def _upright(pixels: "NDArray[np.uint8]", orientation: int) -> "NDArray[np.uint8]":
    """Undo the EXIF orientation (Exif 2.32, tag 0x0112) of uint8 (height, width, 3)."""
    import numpy as np

    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
