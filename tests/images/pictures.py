"""Small pictures, made in memory."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

RED = (255, 0, 0)
ORIENTATION_TAG = 0x0112


def gradient(height: int = 24, width: int = 40) -> np.ndarray:
    """Return uint8 (height, width, 3), RGB: smooth, colourful, and unlike any turn or mirror image of itself."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([255 * x / width, 255 * y / height, 128 * (x / width + y / height)], axis=-1).astype(np.uint8)


def encode(picture: np.ndarray | Image.Image, kind: str, orientation: int | None = None, **options: object) -> bytes:
    """Return the bytes of an image file of Pillow's format `kind`, with an EXIF orientation if one is given."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if orientation is not None:
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = orientation
        options["exif"] = exif
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(colour: tuple[int, int, int], kind: str = "PNG", side: int = 32) -> bytes:
    """Return the bytes of an image file of one colour."""
    return encode(Image.new("RGB", (side, side), colour), kind)


def png_header(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims to be `width` x `height` pixels, one bit each."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
