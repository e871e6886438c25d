"""One image file to upright RGB pixels and the hash of its bytes, or a reason why not.

The bytes are read once: kind, header, hash and pixels all come from the same buffer. OpenCV decodes;
Pillow reads the header, because OpenCV cannot say how large an image is without decoding it.
"""

import io
import os
import struct
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.content import content_hash, open_regular
from imgsort.errors import UnreadableImageError
from imgsort.images.find import ImageFile
from imgsort.images.kinds import HEAD_BYTES, image_kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_PIXELS = 300_000_000
MAX_FILE_BYTES = 2 * 1024**3

_ORIENTATION_TAG = 0x0112
# What Pillow's plugins raise on headers that make no sense.
_HEADER_ERRORS = (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, OverflowError, struct.error)


@dataclass(frozen=True)
class DecodedImage:
    """`pixels`: uint8 (height, width, 3), RGB, upright. `content`: the hash of the file's bytes."""

    pixels: "NDArray[np.uint8]"
    content: str


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    orientation: int


def read_image(root: Path, file: ImageFile) -> DecodedImage:
    """Read and decode the image `file` of the collection at `root`.

    Raises UnreadableImageError, with a reason for a person, whatever is wrong with the file.
    """
    data = _read_bytes(root / file.path)
    return DecodedImage(decode(data), content_hash(data))


def decode(data: bytes) -> "NDArray[np.uint8]":
    """Decode the bytes of an image file to uint8 (height, width, 3), RGB, upright by its EXIF orientation.

    Raises UnreadableImageError.
    """
    import numpy as np

    cv2 = _quiet_opencv()
    if not data:
        raise UnreadableImageError("empty file (0 bytes)")
    kind = image_kind(data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableImageError("not an image that imgsort can read, whatever its name says")
    header = _read_header(data, kind)
    if header.width * header.height > MAX_PIXELS:
        raise UnreadableImageError(
            f"{header.width}x{header.height} pixels: more than the limit of {MAX_PIXELS // 10**6} megapixels"
        )
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise UnreadableImageError(f"damaged or cut short: its {kind} data does not decode")
    return _upright(pixels.astype(np.uint8, copy=False), header.orientation)


def _read_bytes(path: Path) -> bytes:
    try:
        with open(open_regular(path), "rb") as handle:
            if os.fstat(handle.fileno()).st_size > MAX_FILE_BYTES:
                raise UnreadableImageError(f"larger than {MAX_FILE_BYTES // 1024**3} GiB")
            return handle.read()
    except OSError as error:
        raise UnreadableImageError(f"cannot be opened: {error.strerror or error}") from error


@cache
def _quiet_opencv() -> Any:
    """Return the module `cv2` with its log off: the reason for a bad file is ours to give."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


@cache
def _header_readers() -> dict[str, Any]:
    """Return Pillow's reader of each kind.

    They are called directly, not by `Image.open`: that would try every format that Pillow knows, and
    refuses images over a limit of its own which is a global of the process.
    """
    from PIL import (
        AvifImagePlugin,
        BmpImagePlugin,
        GifImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    return {
        "avif": AvifImagePlugin.AvifImageFile,
        "bmp": BmpImagePlugin.BmpImageFile,
        "gif": GifImagePlugin.GifImageFile,
        "jpeg": JpegImagePlugin.JpegImageFile,
        "png": PngImagePlugin.PngImageFile,
        "tiff": TiffImagePlugin.TiffImageFile,
        "webp": WebPImagePlugin.WebPImageFile,
    }


def _read_header(data: bytes, kind: str) -> _Header:
    # What Pillow warns of (corrupt EXIF, a short read) is no matter to the pixels, or OpenCV fails on it. Said anew
    # for each image: `warnings.catch_warnings` is not for threads.
    warnings.filterwarnings("ignore", module=r"PIL\..*")
    try:
        with _header_readers()[kind](io.BytesIO(data)) as image:
            width, height = image.size
            return _Header(width, height, _orientation(image, data, kind))
    except _HEADER_ERRORS as error:
        raise UnreadableImageError(f"damaged: its {kind} header makes no sense") from error


def _orientation(image: Any, data: bytes, kind: str) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) where there is none or it is nonsense."""
    # OpenCV turns a TIFF upright whatever its flags say.
    if kind == "tiff":
        return 1
    # Pillow decodes a whole PNG in search of a tag that may follow the pixels.
    if kind == "png" and b"eXIf" not in data:
        return 1
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except _HEADER_ERRORS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


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
