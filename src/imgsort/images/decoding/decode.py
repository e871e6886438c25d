"""Turns an image file into upright RGB pixels and the hash of its bytes, or gives the reason why it cannot.

The bytes are read once: kind, header, structure, hash and pixels all come from the same buffer. OpenCV decodes most
files. Pillow decodes the files that OpenCV gets wrong (transparency, inks) or cannot decode (HEIC, files cut short).
"""

import contextlib
import errno
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from imgsort.content import content_hash, read_regular
from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.colours.conversion import conversion_for
from imgsort.images.decoding.decoded import Decoded
from imgsort.images.decoding.decoders.large_pictures import decode_large
from imgsort.images.decoding.decoders.opencv_decoder import OPENCV_KINDS, decode_by_opencv
from imgsort.images.decoding.decoders.pillow_decoder import decode_as_stored, decode_by_pillow
from imgsort.images.decoding.decoders.raw_decoder import decode_raw
from imgsort.images.decoding.extras.jxl import decode_jxl
from imgsort.images.decoding.header import Header, read_header
from imgsort.images.decoding.letterbox import Square
from imgsort.images.decoding.parts import without_metadata
from imgsort.images.decoding.seeing import seen_pixels
from imgsort.images.decoding.structure import require_whole
from imgsort.images.decoding.walks.boxes import without_trailer
from imgsort.images.finding.find import ImageFile
from imgsort.images.kinds import HEAD_BYTES, image_kind, what_it_is

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Truncated = Literal["skip", "use"]

# Raise this number when the same bytes give other pixels, because the cached features come from the old pixels.
READER_VERSION = 2

MAX_FILE_BYTES = 2 * 1024**3

# Images with more pixels than this are decoded one at a time: 100 megapixels take 300 MB.
_LARGE_PIXELS = 50_000_000
# Files with more bytes than this are also decoded one at a time, because their bytes stay in memory meanwhile.
_LARGE_BYTES = 128 * 1024**2
_one_large_at_a_time = threading.RLock()


@dataclass(frozen=True)
class ReadSettings:
    """Which images are read and which are refused.

    `max_pixels`: an image that claims more pixels is refused before it is decoded; `truncated`: `skip` refuses a file
    that is cut short, `use` takes what can be saved of it.
    """

    max_pixels: int = 300_000_000
    truncated: Truncated = "skip"


@dataclass(frozen=True)
class DecodedImage:
    """A decoded image.

    `pixels`: uint8 (height, width, 3), RGB, upright; they may have been scaled down. `content`: the hash of the file's
    bytes. `header`: describes the image as it is stored.
    """

    pixels: "NDArray[np.uint8]"
    content: str
    header: Header


DEFAULTS = ReadSettings()


def read_image(
    root: Path, file: ImageFile, settings: ReadSettings = DEFAULTS, square: Square | None = None
) -> DecodedImage:
    """Read and decode the image `file` of the collection at `root`.

    With `square`, a larger image is scaled down for it. Raises UnreadableImageError for anything
    that is wrong with the file. Its message gives a person the reason.
    """
    with bytes_of(root, file) as (data, content):
        header, pixels = decode_bytes(data, settings, square, file.name)
        return DecodedImage(pixels, content, header)


@contextlib.contextmanager
def bytes_of(root: Path, file: ImageFile) -> Iterator[tuple[bytes, str]]:
    """Read `file`, and give its bytes and their hash.

    The caller keeps the context open until the pixels are decoded. Only one large file is held at a time. Raises
    UnreadableImageError if the file is gone or locked, or if its bytes never arrive.
    """
    with _one_large_at_a_time if file.size > _LARGE_BYTES else contextlib.nullcontext():
        data = _read_bytes(root, file)
        yield data, content_hash(data)


def _read_bytes(root: Path, file: ImageFile) -> bytes:
    try:
        return read_regular(file.place_in(root), MAX_FILE_BYTES)
    except TimeoutError as error:
        raise UnreadableImageError(f"stalled: {error.strerror}") from error
    except OSError as error:
        verb = "is too large" if error.errno == errno.EFBIG else "cannot be opened"
        raise UnreadableImageError(f"{verb}: {error.strerror or error}") from error
    except MemoryError as error:
        raise UnreadableImageError(f"is too large for the memory: {file.size} bytes") from error


def decode(
    data: bytes, settings: ReadSettings = DEFAULTS, square: Square | None = None, name: str = ""
) -> "NDArray[np.uint8]":
    """Decode the bytes of an image file to uint8 (height, width, 3), RGB, upright by its EXIF orientation.

    Colours are sRGB. Transparent pixels are laid over black, or over white or grey if the rest of the picture is dark.
    Levels of 16 bits are scaled to 8 bits. If a file holds several pictures, the first one is taken. With `square`, a
    larger image is scaled down for it. `name`: that of the file, without which some kinds are not known. Raises
    UnreadableImageError.
    """
    return decode_bytes(data, settings, square, name)[1]


def decode_bytes(
    data: bytes, settings: ReadSettings, square: Square | None, name: str = ""
) -> "tuple[Header, NDArray[np.uint8]]":
    """Return the header of the bytes of an image file of this `name`, and its pixels in the form of `decode`.

    Raises UnreadableImageError.
    """
    with decoding(data, settings, square, name) as decoded:
        return decoded.header, decoded.seen(square)


@contextlib.contextmanager
def decoding(data: bytes, settings: ReadSettings, square: Square | None, name: str = "") -> Iterator[Decoded]:
    """Decode the bytes of an image file of this `name`, and give the picture. It is large enough for `square`.

    The caller keeps the context open as long as it holds the picture. Only one large picture is held at a time. Raises
    UnreadableImageError.
    """
    with contextlib.ExitStack() as held:
        yield _decoded(data, settings, square, name, held)


def _decoded(
    data: bytes, settings: ReadSettings, square: Square | None, name: str, held: contextlib.ExitStack
) -> Decoded:
    kind = _kind_of(data, name)
    shortage = _shortage(data, kind)
    data = without_trailer(data) if kind in ("avif", "heif") else data
    if kind == "raw":
        return _decoded_raw(data, settings, square, shortage, held)
    header = _acceptable_header(data, kind, settings, shortage)
    if shortage is not None and settings.truncated == "skip":
        raise shortage
    conversion = conversion_for(data, header)
    data = without_metadata(data, kind)
    if header.pixels > _LARGE_PIXELS:
        held.enter_context(_one_large_at_a_time)
    if kind == "jxl":
        pixels = decode_jxl(data)
    elif conversion is not None and conversion.is_of_stored_pixels:
        pixels = decode_as_stored(data, header, square, is_whole=shortage is None)
    else:
        pixels = _decode_colours(data, header, square, is_whole=shortage is None)
    return Decoded(header, partial(seen_pixels, pixels, conversion, header.orientation))


def _decoded_raw(
    data: bytes,
    settings: ReadSettings,
    square: Square | None,
    shortage: TruncatedImageError | None,
    held: contextlib.ExitStack,
) -> Decoded:
    if shortage is not None and settings.truncated == "skip":
        raise shortage
    if len(data) > _LARGE_BYTES:
        held.enter_context(_one_large_at_a_time)
    return decode_raw(data, lambda jpeg: _decoded(jpeg, settings, square, "", held), settings.max_pixels)


def _kind_of(data: bytes, name: str) -> str:
    kind = image_kind(data[:HEAD_BYTES], name)
    if kind is None:
        raise UnreadableImageError(what_it_is(data))
    return kind


def _shortage(data: bytes, kind: str) -> TruncatedImageError | None:
    """Return an error that says what is missing from a file that is cut short, or None for a whole file.

    This check comes before the header is read, because Pillow walks through any number of parts.
    """
    try:
        require_whole(data, kind)
    except TruncatedImageError as error:
        return error
    return None


def _acceptable_header(data: bytes, kind: str, settings: ReadSettings, shortage: TruncatedImageError | None) -> Header:
    try:
        header = read_header(data, kind)
    except UnreadableImageError as error:
        if shortage is not None:  # the header makes no sense because it is cut short too
            raise shortage from error
        raise
    size = f"{header.width}x{header.height} pixels"
    if header.promises_too_much(len(data)):
        raise UnreadableImageError(f"damaged: its header promises {size}, which {len(data)} bytes cannot hold")
    if header.pixels > settings.max_pixels:
        raise UnreadableImageError(f"{size}: more than --max-pixels, {settings.max_pixels}")
    return header


def _decode_colours(data: bytes, header: Header, square: Square | None, *, is_whole: bool) -> "NDArray[np.uint8]":
    pixels = decode_large(data, header) if is_whole else None
    if pixels is not None:
        return pixels
    if not is_whole or header.has_alpha or header.kind not in OPENCV_KINDS:
        return _decode_by_pillow(data, header, square, is_whole=is_whole)
    return _decode_whole(data, header, square)


def _decode_whole(data: bytes, header: Header, square: Square | None) -> "NDArray[np.uint8]":
    try:
        return decode_by_opencv(data, header, square)
    except UnreadableImageError:
        return decode_by_pillow(data, header, is_whole=True)  # Pillow knows variants that OpenCV does not


def _decode_by_pillow(data: bytes, header: Header, square: Square | None, *, is_whole: bool) -> "NDArray[np.uint8]":
    if square is not None and header.kind == "jp2":
        with contextlib.suppress(UnreadableImageError):  # Pillow cannot halve every size
            return decode_by_pillow(data, header, square, is_whole=is_whole)
    return decode_by_pillow(data, header, is_whole=is_whole)
