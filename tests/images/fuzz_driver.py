"""Decodes damaged images until its time is up.

It runs in its own process, so that a crash does not end the tests.

    python -m tests.images.fuzz_driver FOLDER --seed 1 --seconds 300

The program writes each input to FOLDER/input, and its settings to FOLDER/case, before it decodes the input. After a
crash or a hang, both files are still there. `--repeat` decodes this input once more. At the end, the program prints
one line of JSON.
"""

import argparse
import faulthandler
import importlib.util
import io
import json
import random
import struct
import time
import traceback
import zlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image
from sklearn.datasets import load_sample_image

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings, decode
from imgsort.images.decoding.letterbox import Square
from tests.images.fuzz_memory import peak_mib
from tests.support import profiles
from tests.support.pictures import RGB, png, png_chunk

SLOW_SECONDS = 10
MAX_PIXELS = 20_000_000
FIT_PX = 64

INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)
LENGTHS = (0, 1, 7, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def photographs() -> list[Image.Image]:
    """Return small photographs that come with scikit-image and scikit-learn."""
    pictures = [skimage.data.astronaut(), skimage.data.chelsea(), load_sample_image("flower.jpg")]
    return [Image.fromarray(pixels).convert("RGB").resize((96, 64)) for pixels in pictures]


def seeds() -> list[bytes]:
    """Return undamaged files of every kind and variant."""
    first, second, third = photographs()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a maker of cameras"
    see_through = first.copy()
    see_through.putalpha(second.convert("L"))
    palette = first.quantize(64)
    deep = np.asarray(first).astype(np.uint16) * 257
    moving = {"save_all": True, "append_images": [second.copy(), third.copy()]}
    variants = [
        (first, "JPEG", {"exif": exif}),
        (first, "JPEG", {"progressive": True, "quality": 60}),
        (first.convert("L"), "JPEG", {}),
        (first.convert("CMYK"), "JPEG", {"comment": b"inks", "icc_profile": bytes(400)}),
        (first.convert("CMYK"), "JPEG", {"icc_profile": profiles.press()}),
        (first, "JPEG", {"icc_profile": profiles.display_p3()}),
        (first.convert("L"), "PNG", {"icc_profile": profiles.grey(1.8)}),
        (see_through, "PNG", {"icc_profile": profiles.adobe_rgb()}),
        (first, "WEBP", {"icc_profile": profiles.prophoto()}),
        (first.convert("CMYK"), "TIFF", {"icc_profile": profiles.press()}),
        (first, "AVIF", {"speed": 10, "icc_profile": profiles.display_p3()}),
        (second, "JPEG", {"restart_marker_blocks": 2}),
        (first, "PNG", {"exif": exif}),
        (palette, "PNG", {"transparency": 3, "bits": 8}),
        (palette.quantize(4), "PNG", {"bits": 2}),
        (first.convert("1"), "PNG", {}),
        (first.convert("LA"), "PNG", {}),
        (see_through, "PNG", {}),
        (Image.fromarray(deep[..., 0]), "PNG", {}),
        (first, "PNG", moving),
        (palette, "GIF", {"transparency": 3}),
        (first, "GIF", moving),
        (first, "BMP", {}),
        (palette, "BMP", {}),
        (first.convert("1"), "BMP", {}),
        (see_through, "BMP", {}),
        (first, "TIFF", {"exif": exif}),
        (first, "TIFF", {"compression": "tiff_lzw"}),
        (first, "TIFF", {"compression": "tiff_adobe_deflate", **moving}),
        (first, "TIFF", {"compression": "jpeg"}),
        (first.convert("1"), "TIFF", {"compression": "group4"}),
        (palette, "TIFF", {"compression": "packbits"}),
        (see_through, "TIFF", {"compression": "tiff_lzw"}),
        (first.convert("LA"), "TIFF", {}),
        (Image.fromarray(deep[..., 0]), "TIFF", {}),
        (first, "WEBP", {"exif": exif}),
        (see_through, "WEBP", {"lossless": True}),
        (first, "WEBP", moving),
        (first, "AVIF", {"exif": exif, "speed": 10}),
        (see_through, "AVIF", {"speed": 10}),
        (first, "AVIF", {"speed": 10, **moving}),
        (first, "JPEG2000", {}),
        (see_through, "JPEG2000", {"no_jp2": True, "irreversible": True}),
        (first, "PPM", {}),
        (see_through, "DDS", {}),
        (first, "DDS", {"pixel_format": "DXT1"}),
        (see_through, "ICO", {"sizes": [(48, 32)]}),
        (see_through, "ICO", {"sizes": [(48, 32)], "bitmap_format": "bmp"}),
        (see_through, "QOI", {}),
        (first, "TGA", {"compression": "tga_rle"}),
        (see_through, "TGA", {}),
    ]
    if importlib.util.find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
        variants += [(first, "HEIF", {"exif": exif.tobytes()}), (see_through, "HEIF", {})]
    files = []
    for picture, kind, options in variants:
        buffer = io.BytesIO()
        picture = picture.copy()  # noqa: PLW2901 - Pillow keeps an encoder's settings in the picture
        picture.save(buffer, kind, **options)
        files.append(buffer.getvalue())
    files += [cv2.imencode(suffix, deep)[1].tobytes() for suffix in (".png", ".tiff")]
    key = png_chunk(b"tRNS", struct.pack(">3H", *map(int, deep[0, 0])))
    files += [png(np.asarray(first), 8, RGB, interlaced=True), png(deep, 16, RGB, interlaced=True, before=key)]
    return [*files, tiled_tiff(np.asarray(first)), run_length_bmp(palette), psd(np.asarray(see_through))]


def tiled_tiff(pixels: np.ndarray, side: int = 32) -> bytes:
    """Return a TIFF of compressed tiles, which Pillow cannot write.

    Both sides of `pixels` are multiples of `side`, the side of a tile.
    """
    height, width, channels = pixels.shape
    places = [(top, left) for top in range(0, height, side) for left in range(0, width, side)]
    tiles = [zlib.compress(pixels[top : top + side, left : left + side].tobytes()) for top, left in places]
    starts = np.cumsum([8, *map(len, tiles)])
    numbers = [*starts[:-1], *map(len, tiles), 8, 8, 8]
    values, count = int(starts[-1]), len(tiles)
    tags = [(256, 1, width), (257, 1, height), (258, 3, values + 8 * count), (259, 1, 8), (262, 1, 2),
            (277, 1, channels), (322, 1, side), (323, 1, side),
            (324, count, values), (325, count, values + 4 * count)]  # fmt: skip
    body = b"".join(tiles) + struct.pack(f"<{2 * count}I3H", *map(int, numbers))
    entries = (struct.pack("<HHII", tag, 3 if tag == 258 else 4, times, value) for tag, times, value in tags)
    directory = struct.pack("<H", len(tags)) + b"".join(entries) + bytes(4)
    return struct.pack("<4sI", b"II*\0", 8 + len(body)) + body + directory


def psd(pixels: np.ndarray) -> bytes:
    """Return a PSD of `pixels`, uint8 (h, w, 4), which Pillow cannot write."""
    height, width, channels = pixels.shape
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", channels, height, width, 8, 3)
    return head + bytes(12) + b"\0\0" + np.moveaxis(pixels, 2, 0).tobytes()


def run_length_bmp(palette: Image.Image) -> bytes:
    """Return a BMP with run-length encoded rows (RLE8), which Pillow cannot write."""
    rows = np.asarray(palette)[::-1]
    runs = b"".join(b"".join(bytes((1, level)) for level in row) + b"\0\0" for row in rows) + b"\0\1"
    colours = np.zeros((256, 4), np.uint8)
    known = np.array(palette.getpalette(), np.uint8).reshape(-1, 3)
    colours[: len(known), :3] = known[:, ::-1]
    info = struct.pack("<IiiHHIIiiII", 40, palette.width, palette.height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1078 + len(runs), 0, 0, 1078) + info + colours.tobytes() + runs


class Mutator:
    """Damages files, always in the same way for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.files = seeds()
        self.ways = (self.flip, self.poke, self.cut, self.drop, self.double, self.splice, self.length, self.chunk)

    def next(self) -> bytes:
        """Return a file that is damaged in one to six ways.

        The front, where the headers are, is damaged more often than the rest.
        """
        data = bytearray(self.chance.choice(self.files))
        for _ in range(self.chance.choice((1, 1, 2, 3, 6))):
            data = self.chance.choice(self.ways)(data)
        data = bytes(data)
        return with_right_checksums(data) if self.chance.random() < 0.8 else data

    def place(self, data: bytearray) -> int:
        front = min(len(data), self.chance.choice((64, 200, 1000, len(data))))
        return self.chance.randrange(front) if front else 0

    def flip(self, data: bytearray) -> bytearray:
        for _ in range(self.chance.choice((1, 4, 16))):
            if data:
                data[self.place(data)] ^= 1 << self.chance.randrange(8)
        return data

    def poke(self, data: bytearray) -> bytearray:
        for _ in range(self.chance.choice((1, 4))):
            if data:
                data[self.place(data)] = self.chance.choice(INTERESTING)
        return data

    def cut(self, data: bytearray) -> bytearray:
        return data[: self.chance.randrange(len(data) + 1)] if self.chance.random() < 0.3 else data

    def span(self, data: bytearray) -> tuple[int, int]:
        start = self.place(data)
        return start, start + self.chance.choice((1, 4, 12, 50, 500))

    def drop(self, data: bytearray) -> bytearray:
        start, end = self.span(data)
        return data[:start] + data[end:]

    def double(self, data: bytearray) -> bytearray:
        start, end = self.span(data)
        return data[:end] + data[start:end] * self.chance.choice((1, 2, 50)) + data[end:]

    def splice(self, data: bytearray) -> bytearray:
        other = self.chance.choice(self.files)
        start, end = self.span(bytearray(other))
        place = self.place(data)
        return data[:place] + other[start : end if self.chance.random() < 0.8 else None] + data[place:]

    def length(self, data: bytearray) -> bytearray:
        number, place = self.chance.choice(LENGTHS), self.place(data)
        data[place : place + 4] = struct.pack(self.chance.choice("<>") + "I", number)
        return data

    def chunk(self, data: bytearray) -> bytearray:
        """Remove, double or move a whole chunk of a PNG.

        In any other file, remove a span of bytes.
        """
        chunks = png_chunks(bytes(data))
        if len(chunks) < 3:
            return self.drop(data)
        number = self.chance.randrange(len(chunks))
        way = self.chance.randrange(3)
        taken = chunks[number] if way == 1 else chunks.pop(number)
        if way:
            chunks.insert(self.chance.randrange(len(chunks) + 1), taken)
        return bytearray(data[:8] + b"".join(length + name + body + check for length, name, body, check in chunks))


def png_chunks(data: bytes) -> list[tuple[bytes, bytes, bytes, bytes]]:
    """Return (length, name, body, checksum) of each chunk that can be found."""
    chunks, position = [], 8
    while data.startswith(b"\x89PNG") and position + 12 <= len(data):
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        chunks.append((data[position : position + 4], data[position + 4 : position + 8], data[position + 8 : end],
                       data[end : end + 4]))  # fmt: skip
        position = end + 4
    return chunks


def with_right_checksums(data: bytes) -> bytes:
    """Correct the checksums of a PNG, so that the damage reaches the decoder."""
    chunks = png_chunks(data)
    if not chunks:
        return data
    mended = [length + name + body + struct.pack(">I", zlib.crc32(name + body)) for length, name, body, _ in chunks]
    return data[:8] + b"".join(mended)


def attempt(data: bytes, case: dict) -> str:
    """Decode `data` and return `read` or `refused`.

    Raises AssertionError if the result is not what `decode` promises.
    """
    settings = ReadSettings(max_pixels=MAX_PIXELS, truncated=case["truncated"])
    try:
        square = None if case["fit_px"] is None else Square(case["fit_px"], case["fit"])
        pixels = decode(data, settings, square, "x.tga")  # only what has no signature counts as a TGA by its name
    except UnreadableImageError as error:
        assert str(error)
        return "refused"
    assert pixels.dtype == np.uint8, pixels.dtype
    assert pixels.ndim == 3, pixels.shape
    assert pixels.shape[2] == 3, pixels.shape
    assert min(pixels.shape) > 0, pixels.shape
    assert case["fit_px"] is None or max(pixels.shape) <= case["fit_px"], pixels.shape
    return "read"


def main() -> None:
    """Run as the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--most", type=int, default=10**9, help="inputs at most")
    parser.add_argument("--repeat", action="store_true")
    arguments = parser.parse_args()
    faulthandler.enable()
    input_file, case_file = arguments.folder / "input", arguments.folder / "case"
    if arguments.repeat:
        print(attempt(input_file.read_bytes(), json.loads(case_file.read_text())))
        return
    mutator = Mutator(arguments.seed)
    counts: Counter[str] = Counter()
    slowest, failures = 0.0, []
    end = time.monotonic() + arguments.seconds
    while time.monotonic() < end and sum(counts.values()) < arguments.most and len(failures) < 20:
        data = mutator.next()
        case = {
            "truncated": mutator.chance.choice(("skip", "use")),
            "fit_px": mutator.chance.choice((None, FIT_PX)),
            "fit": mutator.chance.choice(("letterbox", "stretch")),
        }
        input_file.write_bytes(data)
        case_file.write_text(json.dumps(case))
        faulthandler.dump_traceback_later(SLOW_SECONDS, exit=True)
        start = time.monotonic()
        try:
            counts[attempt(data, case)] += 1
        except Exception:  # noqa: BLE001 - to say every failure is what this program is for
            counts["failed"] += 1
            failures.append(traceback.format_exc())
            kept = arguments.folder / f"failure_{arguments.seed}_{len(failures)}"
            kept.with_suffix(".input").write_bytes(data)
            kept.with_suffix(".case").write_text(json.dumps(case))
        finally:
            faulthandler.cancel_dump_traceback_later()
        slowest = max(slowest, time.monotonic() - start)
    print(json.dumps({**counts, "slowest_seconds": round(slowest, 2), "peak_mib": peak_mib(), "failures": failures}))


if __name__ == "__main__":
    main()
