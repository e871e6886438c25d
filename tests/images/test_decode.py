import hashlib
import io
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from imgsort.errors import UnreadableImageError
from imgsort.images import decode as module
from imgsort.images.decode import decode, read_image
from imgsort.images.find import ImageFile, find_images
from tests.images.pictures import RED, encode, gradient, plain, png_header
from tests.trees import make_tree

KINDS = ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "AVIF"]
JPEG_TOLERANCE = 6

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders and links need a privilege")


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def assert_same_picture(found: np.ndarray, expected: np.ndarray, tolerance: int) -> None:
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= tolerance


def only_file(root: Path) -> ImageFile:
    (file,) = find_images(root).files
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_a_red_picture_is_red_in_rgb(kind):
    """Colours come in the order red, green, blue, from every format."""
    pixels = decode(plain(RED, kind))
    assert pixels.dtype == np.uint8
    assert_same_picture(pixels, np.full((32, 32, 3), RED), JPEG_TOLERANCE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_read_as_pillow_reads_it(kind):
    """A colourful picture has the same pixels as Pillow says."""
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
    """Palettes, greys, bits, inks and pictures with transparency are read as RGB, as Pillow reads them."""
    data = encode(Image.fromarray(gradient()).convert(mode), kind)
    assert_same_picture(decode(data), by_pillow(data), JPEG_TOLERANCE)


def test_sixteen_bits_are_scaled_to_eight():
    """A deep picture keeps its brightness and loses only its depth."""
    deep = np.linspace(0, 65535, 24 * 40).reshape(24, 40).astype(np.uint16)
    pixels = decode(encode(Image.fromarray(deep), "PNG"))
    assert_same_picture(pixels, np.repeat((deep // 257).astype(np.uint8)[..., None], 3, axis=-1), 1)


def test_an_opencv_jpeg_keeps_its_colours():
    """What OpenCV wrote from BGR comes back as RGB."""
    _, data = cv2.imencode(".jpg", gradient()[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])
    assert_same_picture(decode(data.tobytes()), gradient(), 12)


def test_an_animation_is_its_first_picture():
    """Of several pictures in one file the first is taken."""
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
    """The eight turned pictures are eight, so comparing them proves something."""
    seen = {decode(encode(gradient(), "PNG", orientation=number)).tobytes() for number in range(1, 9)}
    assert len(seen) == 8


@pytest.mark.parametrize("orientation", [0, 9, 4711])
def test_a_nonsense_orientation_is_upright(orientation):
    """A number that EXIF does not know turns nothing."""
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
        (b"<!DOCTYPE html><title>404</title>", "not an image that imgsort can read"),
        (b"\x00\x00\x00\x1cftypheic" + bytes(64), "not an image that imgsort can read"),
        (b"\xff\xd8\xffand then only text, and more text", "damaged: its jpeg header makes no sense"),
        (b"\x89PNG\r\n\x1a\n", "damaged: its png header makes no sense"),
        (b"II*\x00\xff\xff\xff\x7f", "damaged"),
        (b"GIF89a", "damaged: its gif header makes no sense"),
        (b"BM" + bytes(30), "damaged: its bmp header makes no sense"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "damaged: its webp header makes no sense"),
        (b"\x00\x00\x00\x1cftypavif" + bytes(20), "damaged: its avif header makes no sense"),
    ],
)
def test_what_is_no_image_has_a_reason(data, reason):
    """An empty file, a text and a bare beginning of an image are each refused with what is wrong."""
    with pytest.raises(UnreadableImageError, match=reason):
        decode(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_file_cut_short_is_refused(kind, share):
    """Part of a picture is no picture: no half-grey image goes through."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    data = encode(noise, kind)
    with pytest.raises(UnreadableImageError, match="damaged"):
        decode(data[: int(share * len(data))])


def test_a_compressed_tiff_cut_short_is_refused():
    """A TIFF whose directory, at its end, is missing is refused, and Pillow's warning does not reach the terminal."""
    data = encode(gradient(), "TIFF", compression="tiff_lzw")
    with pytest.raises(UnreadableImageError, match="damaged"):
        decode(data[: len(data) // 2])


def test_a_damaged_middle_is_refused():
    """A PNG whose checksum is wrong is refused."""
    data = bytearray(encode(gradient(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(UnreadableImageError, match="damaged or cut short: its png data does not decode"):
        decode(bytes(data))


def test_a_header_over_the_limit_is_refused_before_decoding():
    """A few bytes that claim 400 megapixels cost no memory: the header is judged first."""
    data = png_header(20_000, 20_000)
    assert len(data) < 100
    with pytest.raises(UnreadableImageError, match=r"20000x20000 pixels: more than the limit of 300 megapixels"):
        decode(data)


def test_a_side_that_opencv_refuses_is_a_reason():
    """A whole picture of two million pixels in one line is more than OpenCV takes: a reason, not a crash."""
    with pytest.raises(UnreadableImageError, match="png data does not decode"):
        decode(encode(Image.new("1", (2**21, 1)), "PNG"))


def test_a_header_under_the_limit_without_pixels_is_damaged():
    """The same few bytes that claim a small picture are refused for what they lack."""
    with pytest.raises(UnreadableImageError, match="damaged"):
        decode(png_header(200, 200))


def test_read_image_gives_pixels_and_the_hash_of_the_bytes(tmp_path):
    """The content is the SHA-256 of the file, whatever the pixels are."""
    data = encode(gradient(), "PNG")
    make_tree(tmp_path, {"a.png": data})
    image = read_image(tmp_path, only_file(tmp_path))
    assert image.content == hashlib.sha256(data).hexdigest()
    assert_same_picture(image.pixels, gradient(), 0)


def test_a_name_lies_and_the_content_counts(tmp_path):
    """A PNG named `.jpg` in a folder with an odd name is read."""
    make_tree(tmp_path, {"sub dir/ünïcode 😀.jpg": encode(gradient(), "PNG")})
    (file,) = find_images(tmp_path, recursive=True).files
    assert_same_picture(read_image(tmp_path, file).pixels, gradient(), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
def test_a_name_that_is_not_utf8_is_read(tmp_path):
    """A name that is not UTF-8 does not stop the picture from being read."""
    make_tree(tmp_path, {os.fsdecode(b"\xff\xfe.png"): encode(gradient(), "PNG")})
    assert_same_picture(read_image(tmp_path, only_file(tmp_path)).pixels, gradient(), 0)


def test_a_vanished_file_has_a_reason(tmp_path):
    """A file that is removed after listing is unreadable, with what the system says."""
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
    """A link that took the file's place after listing is refused, even to a good picture."""
    make_tree(tmp_path, {"in/a.png": plain(RED), "out/secret.png": plain(RED)})
    file = only_file(tmp_path / "in")
    (tmp_path / "in/a.png").unlink()
    (tmp_path / "in/a.png").symlink_to(tmp_path / "out/secret.png")
    with pytest.raises(UnreadableImageError, match="cannot be opened: "):
        read_image(tmp_path / "in", file)


@posix
def test_a_folder_in_the_files_place_is_refused(tmp_path):
    """A folder that took the file's place is no regular file."""
    make_tree(tmp_path, {"a.png": None})
    with pytest.raises(UnreadableImageError, match="cannot be opened: not a regular file"):
        read_image(tmp_path, ImageFile("a.png", 1, 1))


def test_a_file_over_the_limit_is_not_read(tmp_path, monkeypatch):
    """A file larger than the limit is refused before its bytes are read."""
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    make_tree(tmp_path, {"a.png": plain(RED)})
    with pytest.raises(UnreadableImageError, match="larger than"):
        read_image(tmp_path, only_file(tmp_path))


def test_the_awkward_files_are_each_read_or_refused_with_a_reason(shared_data):
    """Of real awkward files the good ones are read, and each bad one has a reason."""
    root = shared_data / "awkward" / "files"
    refused = {}
    for file in find_images(root, recursive=True).files:
        if file.name.startswith("bomb_12000"):
            continue  # a second and half a gigabyte, to no purpose here
        try:
            pixels = read_image(root, file).pixels
        except UnreadableImageError as error:
            refused[file.name] = str(error)
        else:
            assert (pixels.dtype, pixels.ndim, pixels.shape[2]) == (np.uint8, 3, 3)
    for name in ("zero_byte.jpg", "text_named.jpg", "html_404.jpg", "trunc_50pct.jpg", "trunc_50pct.png"):
        assert refused.pop(name)
    assert not {"good.jpg", "cmyk.jpg", "UPPER.JPG", "lzw.tif", "photo.webp", "one_pixel.png"} & set(refused)
    assert "more than the limit" in refused["bomb_header_60000x60000.png"]
