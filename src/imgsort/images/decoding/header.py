"""Reads the header of an image file before any pixel is decoded. Pillow reads headers, but OpenCV cannot."""

import io
import re
import struct
import warnings
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.parts import jpeg_segments, png_chunks, without_metadata
from imgsort.images.decoding.tiff_directories import TIFF_SIZES, entries_of, require_modest_directories

_ORIENTATION_TAG = 0x0112
# BYTE, SHORT and LONG. The standard says SHORT, but some cameras use another type.
_ORIENTATION_FORMS = (1, 3, 4)

_OF_PILLOW = r"PIL\..*"
_PILLOW_WARNINGS = ("ignore", None, Warning, re.compile(_OF_PILLOW), 0)

_GREY_MODES = ("1", "L", "I;16", "I;16B", "I;16L", "I;16N")
_ALPHA_MODES = ("RGBA", "RGBa", "LA", "La", "PA")
# One byte of DEFLATE data (RFC 1951) unpacks to at most 1032 bytes. A JPEG uses at least one bit for each block of
# 64 pixels. One LZW code of a GIF stands for at most 4096 pixels.
_MOST_DEFLATED = 1032
_MOST_PIXELS_A_BYTE = {"jpeg": 512, "gif": 4096}


@dataclass(frozen=True)
class Header:
    """The header of an image.

    `width` and `height` are in pixels, as stored, before `orientation` (EXIF, 1 to 8) turns the image. `mode` is
    Pillow's: https://pillow.readthedocs.io/en/stable/handbook/concepts.html#modes.
    """

    kind: str
    width: int
    height: int
    orientation: int
    mode: str
    has_alpha: bool

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    @property
    def is_grey(self) -> bool:
        """Whether the image has one channel of brightness and nothing else."""
        return self.mode in _GREY_MODES and not self.has_alpha

    def promises_too_much(self, file_bytes: int) -> bool:
        """Say whether a file of `file_bytes` bytes is too small for these pixels, even with the best compression."""
        if self.kind == "png":
            least_bits = 1 if self.mode in ("1", "P", "L") else 8
            return self.pixels * least_bits // 8 > file_bytes * _MOST_DEFLATED
        return self.pixels > file_bytes * _MOST_PIXELS_A_BYTE.get(self.kind, self.pixels)


def read_header(data: bytes, kind: str) -> Header:
    """Return the header of the image file `data`, which is of the kind `kind`.

    Raises UnreadableImageError if the header makes no sense, or if the kind needs a package that is not installed.
    """
    from PIL.Image import DecompressionBombError

    try:
        with open_image(without_metadata(data, kind), kind) as image:
            width, height = image.size
            has_alpha = image.mode in _ALPHA_MODES or "transparency" in image.info
            header = Header(kind, width, height, _orientation(image, data, kind), image.mode, has_alpha)
    except DecompressionBombError as error:
        raise UnreadableImageError(f"more pixels than Pillow decodes of a {kind}") from error
    except pillow_errors() as error:
        raise UnreadableImageError(f"damaged: its {kind} header makes no sense") from error
    if header.pixels < 1:
        raise UnreadableImageError(f"damaged: its header says {width}x{height} pixels")
    return header


def open_image(data: bytes, kind: str) -> Any:
    """Return Pillow's image of `data`, not yet decoded. Raises one of `pillow_errors`, or UnreadableImageError."""
    require_modest_directories(data, kind)
    reader = _heif_reader() if kind == "heif" else _readers()[kind]
    # Pillow warns of corrupt EXIF or a short read. These warnings are not needed: the fault does not change the pixels,
    # or the decoding fails. `warnings.catch_warnings` is not safe in threads. Adding a filter again is not safe either.
    if _PILLOW_WARNINGS not in warnings.filters:
        warnings.filterwarnings("ignore", module=_OF_PILLOW)
    return reader(io.BytesIO(data))


@cache
def pillow_errors() -> tuple[type[Exception], ...]:
    """Return the errors that Pillow's plugins raise on files that make no sense. They raise nearly any error."""
    from PIL.Image import DecompressionBombError

    builtin = (
        *(ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, LookupError, MemoryError),
        *(OSError, RuntimeError, SyntaxError, TypeError, ValueError),
    )
    return (*builtin, struct.error, zlib.error, DecompressionBombError)


@cache
def _readers() -> dict[str, Any]:
    """Return Pillow's reader for each kind.

    imgsort calls the readers directly and does not use `Image.open`. `Image.open` would try every format that Pillow
    knows. It also refuses images above its own limit, which is a global setting of the process.
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


@cache
def _heif_reader() -> Any:
    try:
        import pillow_heif
    except ImportError:
        raise UnreadableImageError(
            "HEIC needs an extra package: run `pip install '.[heif]'` in a checkout of imgsort"
        ) from None
    return pillow_heif.HeifImageFile


def _orientation(image: Any, data: bytes, kind: str) -> int:
    """Return the EXIF orientation, 1 to 8. It is 1 (upright) if there is none or if it makes no sense."""
    # OpenCV turns a TIFF upright, whatever its flags say. A HEIF has its own boxes for the rotation, and its decoder
    # obeys them. The EXIF tag only repeats these boxes (ISO/IEC 23008-12, 6.5.10).
    if kind in ("tiff", "heif"):
        return 1
    exif = _exif(image, data, kind)
    exif = exif[6:] if exif.startswith(b"Exif\x00\x00") else exif
    order = "big" if exif[:2] == b"MM" else "little"
    for tag, form, _, value in entries_of(exif, 0):
        if tag == _ORIENTATION_TAG and form in _ORIENTATION_FORMS:
            number = int.from_bytes(value[: TIFF_SIZES[form]], order)  # type: ignore[arg-type]
            return number if 1 <= number <= 8 else 1
    return 1


def _exif(image: Any, data: bytes, kind: str) -> bytes:
    """Return the EXIF data of the file, or empty bytes if it has none."""
    if kind == "png":
        return next((data[start + 8 : end - 4] for name, start, end in png_chunks(data) if name == b"eXIf"), b"")
    if kind == "jpeg":
        bodies = (data[start + 4 : end] for marker, start, end in jpeg_segments(data) if marker == 0xE1)
        return next((body for body in bodies if body.startswith(b"Exif\x00\x00")), b"")
    return bytes(image.info.get("exif") or b"")
