"""Reads the header of an image file before any pixel is decoded. Pillow reads headers, but OpenCV cannot."""

from dataclasses import dataclass
from typing import Any

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.extras.jxl import MOST_PIXELS as JXL_MOST_PIXELS
from imgsort.images.decoding.extras.jxl import jxl_codec, jxl_size
from imgsort.images.decoding.parts import jpeg_segments, png_chunks, without_metadata
from imgsort.images.decoding.readers import open_image, pillow_errors
from imgsort.images.decoding.tiff_directories import TIFF_SIZES, entries_of

_ORIENTATION_TAG = 0x0112
# BYTE, SHORT and LONG. The standard says SHORT, but some cameras use another type.
_ORIENTATION_FORMS = (1, 3, 4)

_GREY_MODES = ("1", "L", "I;16", "I;16B", "I;16L", "I;16N")
_ALPHA_MODES = ("RGBA", "RGBa", "LA", "La", "PA")
# One byte of DEFLATE data (RFC 1951) unpacks to at most 1032 bytes. A JPEG uses at least one bit for each block of
# 64 pixels. One LZW code of a GIF stands for at most 4096 pixels. A run of a QOI has at most 62 pixels in a byte; those
# of a TGA and of a PSD have 128 in two, with up to 8 pixels in a byte; 16 pixels of a DDS take 8 bytes.
_MOST_DEFLATED = 1032
_MOST_PIXELS_A_BYTE = {"jpeg": 512, "gif": 4096, "dds": 2, "ppm": 8, "psd": 512, "qoi": 62, "tga": 512}
# Decoders that are slow, or need much memory for a pixel, get fewer pixels than others.
_MOST_PIXELS = {"dds": 50_000_000, "jp2": 100_000_000, "qoi": 50_000_000}


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

    if kind == "jxl":
        return _jxl_header(data)
    try:
        with open_image(without_metadata(data, kind), kind) as image:
            width, height = image.size
            has_alpha = image.mode in _ALPHA_MODES or "transparency" in image.info
            header = Header(kind, width, height, _orientation(image, data, kind), image.mode, has_alpha)
    except DecompressionBombError as error:
        raise UnreadableImageError(f"more pixels than Pillow decodes of a {kind}") from error
    except pillow_errors() as error:
        raise UnreadableImageError(f"damaged: its {kind} header makes no sense") from error
    if header.pixels > _MOST_PIXELS.get(kind, header.pixels):
        raise UnreadableImageError(f"{width}x{height} pixels: more than imgsort decodes of a {kind}")
    if header.pixels < 1:
        raise UnreadableImageError(f"damaged: its header says {width}x{height} pixels")
    return header


def _jxl_header(data: bytes) -> Header:
    jxl_codec()
    width, height = jxl_size(data)
    if width * height > JXL_MOST_PIXELS:
        raise UnreadableImageError(f"{width}x{height} pixels: more than imgsort decodes of a jxl")
    # The decoder turns it upright, and its layers say whether it is transparent.
    return Header("jxl", width, height, 1, "RGB", has_alpha=False)


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
