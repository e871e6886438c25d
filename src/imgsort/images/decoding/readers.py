"""Opens image files with Pillow, each by the reader of its kind. No other kind is ever opened."""

import io
import re
import struct
import warnings
import zlib
from functools import cache
from typing import Any

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.tiff_directories import require_modest_directories

_OF_PILLOW = r"PIL\..*"
_PILLOW_WARNINGS = ("ignore", None, Warning, re.compile(_OF_PILLOW), 0)


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
    knows, among them some that run other programs. It also refuses images above its own limit, which is a global
    setting of the process.
    """
    from PIL import (
        AvifImagePlugin,
        BmpImagePlugin,
        DdsImagePlugin,
        GifImagePlugin,
        IcoImagePlugin,
        Jpeg2KImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        PpmImagePlugin,
        PsdImagePlugin,
        QoiImagePlugin,
        TgaImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    return {
        "avif": AvifImagePlugin.AvifImageFile,
        "bmp": lambda file: (BmpImagePlugin.BmpImageFile if _has_file_header(file) else BmpImagePlugin.DibImageFile)(
            file
        ),
        "dds": DdsImagePlugin.DdsImageFile,
        "gif": GifImagePlugin.GifImageFile,
        "ico": IcoImagePlugin.IcoImageFile,
        "jp2": Jpeg2KImagePlugin.Jpeg2KImageFile,
        "jpeg": JpegImagePlugin.JpegImageFile,
        "png": PngImagePlugin.PngImageFile,
        "ppm": PpmImagePlugin.PpmImageFile,
        "psd": PsdImagePlugin.PsdImageFile,
        "qoi": QoiImagePlugin.QoiImageFile,
        "tga": TgaImagePlugin.TgaImageFile,
        "tiff": TiffImagePlugin.TiffImageFile,
        "webp": WebPImagePlugin.WebPImageFile,
    }


def _has_file_header(bitmap: io.BytesIO) -> bool:
    return bitmap.getvalue()[:2] == b"BM"


@cache
def _heif_reader() -> Any:
    try:
        import pillow_heif
    except ImportError:
        raise UnreadableImageError(
            "HEIC needs an extra package: run `pip install '.[heif]'` in a checkout of imgsort"
        ) from None
    return pillow_heif.HeifImageFile
