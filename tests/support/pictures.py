"""Makes small pictures in memory."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

RED = (255, 0, 0)
ORIENTATION_TAG = 0x0112


def gradient(height: int = 24, width: int = 40) -> np.ndarray:
    """Return a smooth and colourful RGB picture, uint8 (height, width, 3).

    It differs from all its turns and mirror images.
    """
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
    """Return a PNG of a few bytes that claims to have `width` x `height` pixels of one bit each."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0"))
        + png_chunk(b"IEND", b"")
    )


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG, with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


GREY, RGB, RGBA = 0, 2, 6
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png(
    samples: np.ndarray,
    depth: int,
    colour_type: int,
    *,
    interlaced: bool = False,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """Return a PNG from `samples`, also of kinds that Pillow cannot write.

    `samples` has the shape (height, width, channels), and each sample has `depth` bits. The chunks `before` and `after`
    stand before and after the pixels.
    """
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows = [row for x, y, right, down in passes for row in samples[y::down, x::right] if row.size]
    body = zlib.compress(b"".join(b"\0" + _packed(row.reshape(-1), depth) for row in rows))
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    chunks = (png_chunk(b"IHDR", header), before, png_chunk(b"IDAT", body), after, png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _packed(row: np.ndarray, depth: int) -> bytes:
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
    return np.packbits(bits).tobytes()


def over_black(image: Image.Image) -> np.ndarray:
    """Return an image as Pillow lays it over black, uint8 (height, width, 3)."""
    layer = image.convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", layer.size, (0, 0, 0, 255)), layer).convert("RGB"))


def see_through() -> Image.Image:
    """Return the gradient. Its right half becomes more and more transparent."""
    image = Image.fromarray(gradient())
    alpha = np.full((24, 40), 255, np.uint8)
    alpha[:, 20:] = np.linspace(255, 0, 20).astype(np.uint8)
    image.putalpha(Image.fromarray(alpha))
    return image


TURNS_BACK = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, -1),
}


def stored_turned(upright: np.ndarray, orientation: int) -> np.ndarray:
    """Return the pixels that a camera stores for `upright` when it writes the EXIF orientation `orientation`."""
    return np.ascontiguousarray(TURNS_BACK[orientation](upright))


def exif(*entries: tuple[int, int, int, bytes], order: str = "<") -> bytes:
    """Return EXIF data with one directory. Each entry is (tag, type, count, value or offset)."""
    magic = b"II*\x00" if order == "<" else b"MM\x00*"
    body = b"".join(struct.pack(order + "HHI4s", *entry) for entry in entries)
    return magic + struct.pack(order + "IH", 8, len(entries)) + body + bytes(4)
