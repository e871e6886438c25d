import contextlib
import hashlib
import io
import os
import random
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL import ImageFile as PillowFile

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding import decode as module
from imgsort.images.decoding import readers
from imgsort.images.decoding.decode import ReadSettings, decode, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile, find_images
from tests.support.pictures import (
    GREY,
    RED,
    RGB,
    RGBA,
    encode,
    gradient,
    over_black,
    plain,
    png,
    png_chunk,
    png_header,
    see_through,
    stored_turned,
)
from tests.support.trees import make_tree

KINDS = ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "AVIF"]
JPEG_TOLERANCE = 6
USE = ReadSettings(truncated="use")

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders and links need a privilege")


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return over_black(ImageOps.exif_transpose(image))


def assert_same_picture(found: np.ndarray, expected: np.ndarray, tolerance: int) -> None:
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= tolerance


def only_file(root: Path) -> ImageFile:
    (file,) = find_images(root).files
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_a_red_picture_is_red_in_rgb(kind):
    """Every format gives colours in the order red, green, blue."""
    pixels = decode(plain(RED, kind))
    assert pixels.dtype == np.uint8
    assert_same_picture(pixels, np.full((32, 32, 3), RED), JPEG_TOLERANCE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_read_as_pillow_reads_it(kind):
    """Every format gives the same pixels of a colourful picture as Pillow does."""
    data = encode(gradient(), kind)
    assert_same_picture(decode(data), by_pillow(data), JPEG_TOLERANCE)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "P"),
        ("PNG", "L"),
        ("PNG", "1"),
        ("PNG", "RGBA"),
        ("GIF", "P"),
        ("GIF", "L"),
        ("BMP", "P"),
        ("BMP", "1"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("TIFF", "L"),
        ("TIFF", "P"),
        ("TIFF", "CMYK"),
        ("WEBP", "RGBA"),
    ],
)
def test_every_mode_becomes_three_channels(kind, mode):
    """Palettes, greys, bits, inks and transparent pictures are read as RGB, with the same pixels as in Pillow."""
    data = encode(Image.fromarray(gradient()).convert(mode), kind)
    assert_same_picture(decode(data), by_pillow(data), JPEG_TOLERANCE)


def test_sixteen_bits_are_scaled_to_eight():
    """A picture of 16 bits keeps its brightness and loses only its depth."""
    deep = np.linspace(0, 65535, 24 * 40).reshape(24, 40).astype(np.uint16)
    pixels = decode(encode(Image.fromarray(deep), "PNG"))
    assert_same_picture(pixels, np.repeat((deep // 257).astype(np.uint8)[..., None], 3, axis=-1), 1)


def test_an_opencv_jpeg_keeps_its_colours():
    """A JPEG that OpenCV wrote from BGR is read as RGB."""
    _, data = cv2.imencode(".jpg", gradient()[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])
    assert_same_picture(decode(data.tobytes()), gradient(), 12)


def test_an_animation_is_its_first_picture():
    """An animation is read as its first picture."""
    first, second = Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), (0, 0, 255))
    data = encode(first, "GIF", save_all=True, append_images=[second])
    assert_same_picture(decode(data), np.full((8, 8, 3), RED), 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_pictures_are_upright(kind, orientation):
    """All eight EXIF orientations are undone as Pillow undoes them."""
    data = encode(gradient(), kind, orientation=orientation)
    pixels = decode(data)
    assert pixels.shape[:2] == ((24, 40) if orientation < 5 else (40, 24))
    assert pixels.flags["C_CONTIGUOUS"]
    assert_same_picture(pixels, by_pillow(data), JPEG_TOLERANCE)


def test_the_orientations_differ():
    """The eight orientations give eight different pictures, so a comparison of them proves something."""
    seen = {decode(encode(gradient(), "PNG", orientation=number)).tobytes() for number in range(1, 9)}
    assert len(seen) == 8


@pytest.mark.parametrize("orientation", [0, 9, 4711])
def test_a_nonsense_orientation_is_upright(orientation):
    """An orientation that EXIF does not know does not turn the picture."""
    assert_same_picture(decode(encode(gradient(), "JPEG", orientation=orientation)), gradient(), 12)


@pytest.mark.parametrize("exif", [b"Exif\x00\x00", b"Exif\x00\x00nonsense that is no TIFF", b"II"])
def test_broken_exif_is_upright(exif):
    """EXIF data that makes no sense does not spoil a good picture."""
    assert_same_picture(decode(encode(gradient(), "JPEG", exif=exif)), gradient(), 12)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", r"empty file \(0 bytes\)"),
        (b"A text under a picture's name.", "not an image that imgsort can read"),
        (bytes(100), "no image: its 100 bytes are all zero"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><title>404</title>", "no image but a web page"),
        (b"<HTML><body>Moved</body>", "no image but a web page"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "a drawing"),
        (b"\xff\xd8\xffand then only text, and more text", "cut short: 36 bytes, and a segment that goes"),
        (b"\x89PNG\r\n\x1a\n", "cut short: 8 bytes, and no IEND chunk"),
        (b"II*\x00\xff\xff\xff\x7f", "cut short: 8 bytes, and its directory lies beyond them"),
        (b"GIF89a", "cut short: 6 bytes, and no image among them"),
        (b"BM" + bytes(30), "damaged: its bmp header makes no sense"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "cut short: 16 bytes, and 44 are due"),
        (b"\x00\x00\x00\x1cftypavif" + bytes(20), "damaged: its avif header makes no sense"),
    ],
)
def test_what_is_no_image_has_a_reason(data, reason):
    """An empty file, a text and the mere beginning of an image are refused; each reason says what is wrong."""
    with pytest.raises(UnreadableImageError, match=reason):
        decode(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_file_cut_short_is_refused(kind, share):
    """A file that is cut short is refused, so no half-grey picture is used."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    data = encode(noise, kind)
    with pytest.raises(TruncatedImageError, match="cut short: "):
        decode(data[: int(share * len(data))])


def test_a_compressed_tiff_cut_short_is_refused():
    """A TIFF without the directory at its end is refused, and Pillow's warning does not reach the terminal."""
    data = encode(gradient(), "TIFF", compression="tiff_lzw")
    with pytest.raises(TruncatedImageError, match="cut short"):
        decode(data[: len(data) // 2])


def test_a_damaged_middle_is_refused():
    """A PNG with a wrong checksum is refused."""
    data = bytearray(encode(gradient(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(UnreadableImageError, match="damaged: bad checksum in its IDAT data"):
        decode(bytes(data))


def test_a_header_over_the_limit_is_refused_before_decoding():
    """A picture over --max-pixels is refused by its header; a limit of one pixel more lets it in."""
    data = encode(gradient(), "PNG")
    with pytest.raises(UnreadableImageError, match=r"40x24 pixels: more than --max-pixels, 959"):
        decode(data, ReadSettings(max_pixels=959))
    assert decode(data, ReadSettings(max_pixels=960)).shape == (24, 40, 3)


@pytest.mark.parametrize("side", [20_000, 60_000])
def test_a_header_that_lies_is_refused_before_decoding(side):
    """A few bytes that claim hundreds of megapixels are refused, and cost no memory.

    So few bytes cannot hold so many pixels.
    """
    with pytest.raises(UnreadableImageError, match=f"damaged: its header promises {side}x{side} pixels, which "):
        decode(png_header(side, side))


def test_a_side_that_opencv_refuses_is_read_by_pillow():
    """A row of two million pixels is too long for OpenCV. Pillow reads it."""
    data = encode(Image.new("1", (2**21, 1)), "PNG")
    assert decode(data).shape == (1, 2**21, 3)
    for fit in ("letterbox", "stretch"):
        assert Square(64, fit).fill(decode(data, square=Square(64, fit))).shape == (64, 64, 3)


def test_a_header_under_the_limit_without_pixels_is_damaged():
    """A few bytes that claim a small picture are refused because the pixels are missing."""
    with pytest.raises(UnreadableImageError, match="damaged"):
        decode(png_header(200, 200))


def test_read_image_gives_pixels_and_the_hash_of_the_bytes(tmp_path):
    """`read_image` returns the pixels, and the SHA-256 of the file as the content."""
    data = encode(gradient(), "PNG")
    make_tree(tmp_path, {"a.png": data})
    image = read_image(tmp_path, only_file(tmp_path))
    assert image.content == hashlib.sha256(data).hexdigest()
    assert_same_picture(image.pixels, gradient(), 0)


def test_a_name_lies_and_the_content_counts(tmp_path):
    """A PNG with the suffix `.jpg`, in a folder with an odd name, is read."""
    make_tree(tmp_path, {"sub dir/ünïcode 😀.jpg": encode(gradient(), "PNG")})
    (file,) = find_images(tmp_path, recursive=True).files
    assert_same_picture(read_image(tmp_path, file).pixels, gradient(), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
def test_a_name_that_is_not_utf8_is_read(tmp_path):
    """A picture is read even if its name is not UTF-8."""
    make_tree(tmp_path, {os.fsdecode(b"\xff\xfe.png"): encode(gradient(), "PNG")})
    assert_same_picture(read_image(tmp_path, only_file(tmp_path)).pixels, gradient(), 0)


def test_a_vanished_file_has_a_reason(tmp_path):
    """A file that is removed after listing is refused with the message of the system."""
    make_tree(tmp_path, {"a.png": plain(RED)})
    file = only_file(tmp_path)
    (tmp_path / "a.png").unlink()
    with pytest.raises(UnreadableImageError, match=r"cannot be opened: No such file"):
        read_image(tmp_path, file)


@posix
def test_a_pipe_in_the_files_place_is_not_waited_for(tmp_path):
    """A pipe that took the file's place after listing is refused at once."""
    make_tree(tmp_path, {"a.png": plain(RED)})
    file = only_file(tmp_path)
    (tmp_path / "a.png").unlink()
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(UnreadableImageError, match="cannot be opened: not a regular file"):
        read_image(tmp_path, file)


@posix
def test_a_link_in_the_files_place_is_not_followed(tmp_path):
    """A link that took the file's place after listing is refused, even if it leads to a good picture."""
    make_tree(tmp_path, {"in/a.png": plain(RED), "out/secret.png": plain(RED)})
    file = only_file(tmp_path / "in")
    (tmp_path / "in/a.png").unlink()
    (tmp_path / "in/a.png").symlink_to(tmp_path / "out/secret.png")
    with pytest.raises(UnreadableImageError, match="cannot be opened: "):
        read_image(tmp_path / "in", file)


@posix
def test_a_folder_in_the_files_place_is_refused(tmp_path):
    """A folder that took the file's place after listing is refused."""
    make_tree(tmp_path, {"a.png": None})
    with pytest.raises(UnreadableImageError, match="cannot be opened: not a regular file"):
        read_image(tmp_path, ImageFile("a.png", 1, 1))


def test_a_file_over_the_limit_is_not_read(tmp_path, monkeypatch):
    """A file larger than the limit is refused before its bytes are read."""
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    make_tree(tmp_path, {"a.png": plain(RED)})
    with pytest.raises(UnreadableImageError, match="larger than"):
        read_image(tmp_path, only_file(tmp_path))


def over_black_by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return over_black(image)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_grey_png_of_every_depth(depth, interlaced):
    """A grey PNG of any depth covers the range from black to white, interlaced or not."""
    levels = np.linspace(0, 2**depth - 1, 24 * 40).round().astype(int).reshape(24, 40, 1)
    expected = np.repeat(levels * 255 / (2**depth - 1), 3, axis=2)
    assert_same_picture(decode(png(levels, depth, GREY, interlaced=interlaced)), expected.round(), 1)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_colour_png_of_every_depth(depth, interlaced):
    """A colour PNG of 8 or 16 bits keeps its colours, interlaced or not."""
    samples = gradient().astype(int) * (257 if depth == 16 else 1)
    assert_same_picture(decode(png(samples, depth, RGB, interlaced=interlaced)), gradient(), 1)


def test_a_transparent_png_of_sixteen_bits():
    """A transparent picture of 16 bits is laid over black too."""
    layers = np.asarray(see_through()).astype(int) * 257
    assert_same_picture(decode(png(layers, 16, RGBA)), over_black(see_through()), 1)


@pytest.mark.parametrize(
    ("samples", "colour_type", "key"),
    [(gradient()[..., :1], GREY, b"\x00\x78"), (gradient(), RGB, b"\x00\xff\x00\x00\x00\x00")],
)
def test_a_colour_key_is_black(samples, colour_type, key):
    """The one colour that a tRNS chunk makes transparent becomes black; no other colour changes."""
    values = list(key[1::2])
    samples = samples.copy()
    samples[5:9, 5:9] = values
    expected = samples * ~(samples == values).all(axis=2, keepdims=True)
    found = decode(png(samples, 8, colour_type, before=png_chunk(b"tRNS", key)))
    assert not found[6, 6].any()
    assert_same_picture(found, np.broadcast_to(expected, (24, 40, 3)), 0)


@pytest.mark.parametrize(
    ("depth", "colour_type"), [(1, GREY), (2, GREY), (4, GREY), (8, GREY), (16, GREY), (8, RGB), (16, RGB)]
)
def test_a_colour_key_counts_in_the_depth_it_is_stored_in(depth, colour_type):
    """The colour key is a level in the file's own depth, whatever the depth of the decoded pixels."""
    most = 2**depth - 1
    levels = np.array([[0], [most // 2], [most]] * 8)[None].repeat(2, axis=0)
    samples = levels.repeat(1 if colour_type == GREY else 3, axis=2)
    key = most.to_bytes(2, "big") * samples.shape[2]
    found = decode(png(samples, depth, colour_type, before=png_chunk(b"tRNS", key)))
    ground = 0 if most > 3 else 250  # what is opaque is dark if there are only two or four levels
    expected = np.where(levels == most, ground, levels * 255 // most).repeat(3, axis=2)
    assert_same_picture(found, expected, 0)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("compression", ["zstd", "lzma"])
def test_a_tiff_that_opencv_cannot_unpack_is_read_by_pillow(compression, orientation):
    """Pillow reads a TIFF with a compression that OpenCV does not know; such a file is not damaged."""
    try:
        data = encode(gradient(), "TIFF", orientation=orientation, compression=compression)
    except OSError:
        pytest.skip(f"this Pillow does not write {compression}")
    assert_same_picture(decode(data), by_pillow(data), 0)


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("RGB", "JPEG", {"quality": 90}),
        ("RGB", "JPEG", {"progressive": True}),
        ("RGB", "JPEG", {"subsampling": 0}),
        ("L", "JPEG", {"progressive": True}),
        ("CMYK", "JPEG", {"quality": 95}),
        ("P", "PNG", {"bits": 1}),
        ("P", "PNG", {"bits": 2}),
        ("P", "PNG", {"bits": 4}),
        ("P", "PNG", {"transparency": 0}),
        ("P", "PNG", {"transparency": bytes(range(256))}),
        ("LA", "PNG", {}),
        ("RGBA", "PNG", {}),
        ("RGBA", "WEBP", {"lossless": True}),
        ("RGBA", "WEBP", {}),
        ("RGBA", "AVIF", {}),
        ("RGBA", "TIFF", {}),
        ("RGBA", "TIFF", {"compression": "tiff_lzw"}),
        ("LA", "TIFF", {}),
        ("LA", "TIFF", {"compression": "tiff_lzw"}),
        ("RGB", "TIFF", {"compression": "tiff_lzw"}),
        ("RGB", "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("RGB", "TIFF", {"compression": "jpeg"}),
        ("P", "TIFF", {"compression": "packbits"}),
        ("1", "TIFF", {"compression": "group4"}),
        ("1", "TIFF", {}),
        ("P", "GIF", {"transparency": 0}),
        ("1", "GIF", {}),
        ("L", "BMP", {}),
        ("RGBA", "BMP", {}),
    ],
)
def test_each_variant_is_what_pillow_lays_over_black(mode, kind, options):
    """Every way to store a picture gives the same pixels as Pillow, with transparent pixels over black."""
    image = see_through() if mode in ("RGBA", "LA") else Image.fromarray(gradient())
    image = image.quantize(2 ** options["bits"]) if "bits" in options else image.convert(mode)
    data = encode(image, kind, **options)
    assert_same_picture(decode(data), over_black_by_pillow(data), JPEG_TOLERANCE)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_of_opencv(suffix, channels):
    """Files of 16 bits that OpenCV wrote are scaled to 8 bits, exact to one level."""
    deep = gradient().astype(np.uint16)[..., 3 - channels :] * 257 + 100
    deep = np.minimum(deep, 65535).astype(np.uint16)
    found = decode(cv2.imencode(suffix, deep[..., ::-1])[1].tobytes())
    assert_same_picture(found, np.broadcast_to((deep * (255 / 65535)).round(), (24, 40, 3)), 1)


@pytest.mark.parametrize("big_endian", [False, True])
def test_sixteen_bit_grey_tiff(big_endian):
    """A grey TIFF of 16 bits keeps its brightness in either byte order."""
    deep = np.linspace(0, 65535, 24 * 40).reshape(24, 40).astype(np.uint16)
    stored = deep.byteswap() if big_endian else deep
    image = Image.frombytes("I;16B" if big_endian else "I;16", (40, 24), stored.tobytes())
    expected = np.repeat((deep * (255 / 65535)).round()[..., None], 3, axis=2)
    assert_same_picture(decode(encode(image, "TIFF")), expected, 1)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("alpha", [255, 128])
def test_of_several_pictures_the_first_is_read(kind, alpha):
    """An animation, or a file of many pages, is read as its first picture."""
    mode = "RGB" if alpha == 255 or kind == "GIF" else "RGBA"
    colours = [(*RED, alpha), (0, 0, 255, alpha), (0, 255, 0, alpha)]
    first, *others = (Image.new("RGBA", (16, 16), colour).convert(mode) for colour in colours)
    data = encode(first, kind, save_all=True, append_images=others)
    assert_same_picture(decode(data), over_black(first), JPEG_TOLERANCE)


def test_a_heic_is_read():
    """A HEIC is read like any other image, with or without transparency, if its package is installed."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    for picture in (Image.fromarray(gradient(64, 96)), see_through().resize((96, 64))):
        data = encode(picture, "HEIF", quality=95)
        assert_same_picture(decode(data), over_black_by_pillow(data), 1)
        assert_same_picture(decode(data), over_black(picture), 40)


def test_a_heic_without_its_package_says_what_to_install(monkeypatch):
    """If the package for HEIC is missing, the reason names it."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    readers._heif_reader.cache_clear()
    head = b"\x00\x00\x00\x1cftypheic" + bytes(4) + b"mif1heicmiaf"
    with pytest.raises(
        UnreadableImageError,
        match=r"HEIC needs an extra package: run `pip install '\.\[heif\]'`",
    ):
        decode(head)
    readers._heif_reader.cache_clear()


ORIENTED = [
    ("JPEG", "RGB", {"quality": 95, "subsampling": 0}),
    ("PNG", "RGB", {}),
    ("PNG", "RGBA", {}),
    ("TIFF", "RGB", {}),
    ("TIFF", "RGBA", {}),
    ("TIFF", "LA", {}),
    ("TIFF", "RGBA", {"compression": "tiff_lzw"}),
    ("WEBP", "RGB", {"lossless": True}),
    ("WEBP", "RGBA", {"lossless": True, "exact": True}),
    ("AVIF", "RGB", {"quality": 95}),
    ("AVIF", "RGBA", {"quality": 95}),
    ("HEIF", "RGB", {"quality": 95}),
    ("HEIF", "RGBA", {"quality": 95}),
]


@pytest.mark.parametrize("fit_px", [None, 32])
@pytest.mark.parametrize(("kind", "mode", "options"), ORIENTED)
def test_eight_files_of_one_picture_are_alike(kind, mode, options, fit_px):
    """One picture, stored in all eight orientations, is always read upright, whole or scaled down."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    layers = np.dstack([gradient(64, 96), np.tile(np.linspace(255, 40, 96).astype(np.uint8), (64, 1))])
    upright = np.asarray(Image.fromarray(layers).convert(mode))
    expected = over_black(Image.fromarray(upright))
    square = None if fit_px is None else Square(fit_px)
    expected = expected if square is None else square.shrink(expected)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encode(stored_turned(upright, orientation), kind, exif=exif.tobytes(), **options)
        assert_same_picture(decode(data, square=square), expected, 12)


class Decodings:
    """Replaces OpenCV's decoder, and counts how many threads decode at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.real = module.decode_by_opencv

    def __call__(self, *arguments: object) -> np.ndarray:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        pixels = self.real(*arguments)
        with self.lock:
            self.now -= 1
        return pixels


@pytest.mark.parametrize(
    ("large_pixels", "large_bytes", "is_alone"), [(900, 10**9, 1), (10**6, 10, 1), (960, 10**9, 0)]
)
def test_large_images_are_decoded_one_at_a_time(tmp_path, monkeypatch, large_pixels, large_bytes, is_alone):
    """Only one image over the limit of pixels or bytes is in memory at a time.

    Smaller images are decoded in parallel.
    """
    decodings = Decodings()
    monkeypatch.setattr(module, "decode_by_opencv", decodings)
    monkeypatch.setattr(module, "_LARGE_PIXELS", large_pixels)
    monkeypatch.setattr(module, "_LARGE_BYTES", large_bytes)
    make_tree(tmp_path, {"a.png": encode(gradient(), "PNG")})
    file = only_file(tmp_path)
    threads = [threading.Thread(target=read_image, args=(tmp_path, file)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert decodings.now == 0
    assert (decodings.most == 1) == is_alone


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(8, 90), st.booleans())
def test_a_jpeg_is_never_decoded_too_small(height, width, fit_px, progressive):
    """A JPEG that is decoded at a smaller scale looks like the whole picture scaled down.

    It fits the square. It fills the square if the whole picture is large enough.
    """
    data = encode(gradient(height, width), "JPEG", quality=95, subsampling=0, progressive=progressive)
    scaled = decode(data, square=Square(fit_px))
    assert max(scaled.shape[:2]) == min(max(height, width), fit_px)
    whole = Square(fit_px).shrink(decode(data))
    assert np.abs(np.subtract(scaled.shape, whole.shape)).max() <= 1  # libjpeg rounds halves up
    if min(height, width) >= 64:
        resized = cv2.resize(whole, scaled.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        one_pixel = 255 / fit_px  # libjpeg's last block may be mostly empty; this shifts the picture by less
        assert np.abs(scaled.astype(int) - resized).mean() < 3 + one_pixel


def test_a_scaled_decode_really_is_one(monkeypatch):
    """A large JPEG is decoded at an eighth, a quarter or half of its size, never below the requested side."""
    seen = []
    real = Square.shrink
    monkeypatch.setattr(Square, "shrink", lambda square, pixels: seen.append(pixels.shape) or real(square, pixels))
    data = encode(gradient(512, 800), "JPEG")
    for fit_px in (100, 101, 200, 201, 400, 401, 800):
        decode(data, square=Square(fit_px))
    assert [shape[1] for shape in seen] == [100, 200, 200, 400, 400, 800, 800]


def test_a_picture_that_will_be_stretched_is_decoded_large_enough_in_its_shorter_side(monkeypatch):
    """A wide JPEG is scaled by its height, so that nothing is enlarged that the file has."""
    seen = []
    real = Square.shrink
    monkeypatch.setattr(Square, "shrink", lambda square, pixels: seen.append(pixels.shape) or real(square, pixels))
    data = encode(gradient(400, 1600), "JPEG")
    assert decode(data, square=Square(100, "stretch")).shape == (100, 100, 3)
    assert decode(data, square=Square(300, "stretch")).shape == (300, 300, 3)
    assert decode(data, square=Square(500, "stretch")).shape == (400, 500, 3)
    assert [shape[:2] for shape in seen] == [(100, 400), (400, 1600), (400, 1600)]


def rich(height: int = 160, width: int = 120) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 120, (height, width, 3))
    return (gradient(height, width) // 2 + noise).astype(np.uint8)


@pytest.mark.parametrize(
    ("kind", "options", "rows"),
    [
        ("JPEG", {}, slice(70)),
        ("PNG", {}, slice(70)),
        ("GIF", {"interlace": 0}, slice(70)),
        ("TIFF", {}, slice(70)),
        ("BMP", {}, slice(-70, None)),  # BMP stores the last row first
    ],
)
def test_of_a_file_cut_short_the_upper_part_can_be_used(kind, options, rows):
    """With `use`, a file that ends half way gives a picture of the full size.

    The first part of the picture is unchanged.
    """
    data = encode(rich(), kind, **options)
    cut, whole = data[: int(0.6 * len(data))], decode(data)
    with pytest.raises(TruncatedImageError):
        decode(cut)
    part = decode(cut, USE)
    assert part.shape == whole.shape
    assert_same_picture(part[rows], whole[rows], JPEG_TOLERANCE)
    assert decode(cut, USE, square=Square(30)).shape == (30, 22, 3)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("kind", KINDS)
def test_using_a_part_reads_or_refuses(kind, share):
    """Any part of a file gives a picture or a reason, and Pillow's switch for cut files stays off."""
    data = encode(rich(), kind)
    with contextlib.suppress(UnreadableImageError):
        assert decode(data[: int(share * len(data))], USE).shape == (160, 120, 3)
    assert PillowFile.LOAD_TRUNCATED_IMAGES is False


def test_saving_parts_does_not_spoil_whole_files():
    """While some threads read cut files, another thread still refuses a damaged file.

    The damaged file is a picture with transparency.
    """
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 4), dtype=np.uint8)
    good = encode(noise, "PNG")
    start = good.index(b"IDAT")
    length = int.from_bytes(good[start - 4 : start], "big")
    body = good[start + 4 : start + 4 + length // 2]
    damaged = good[: start - 4] + png_chunk(b"IDAT", body) + good[start + 8 + length :]
    part = good[: len(good) // 2]
    stop = threading.Event()
    errors = []

    def save_parts() -> None:
        while not stop.is_set():
            try:
                assert decode(part, USE).shape == (80, 80, 3)
            except Exception as error:  # noqa: BLE001 - told by the thread that waits
                errors.append(error)

    threads = [threading.Thread(target=save_parts) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(150):
            for settings_here in (module.DEFAULTS, USE):
                with pytest.raises(UnreadableImageError, match="damaged: its png data does not decode"):
                    decode(damaged, settings_here)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert not errors
    assert PillowFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize("kind", KINDS)
def test_what_follows_the_picture_does_not_matter(kind):
    """Bytes after the end of a picture change no pixel; phones append videos there."""
    data = encode(rich(), kind)
    tail = b"\x00\x00\x01\x00free" + bytes(248) if kind == "AVIF" else random.Random(0).randbytes(5000)
    assert np.array_equal(decode(data + tail), decode(data))
