"""Tests what is read because Pillow reads it."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings, decode
from imgsort.images.decoding.header import read_header
from imgsort.images.decoding.letterbox import Square
from tests.support.pictures import encode, gradient, over_black, plain, png_header, see_through

NEW = {
    "jp2": ("JPEG2000", {}),
    "ppm": ("PPM", {}),
    "tga": ("TGA", {}),
    "ico": ("ICO", {"sizes": [(40, 24)]}),
    "dds": ("DDS", {}),
    "qoi": ("QOI", {}),
}


def psd(pixels: np.ndarray) -> bytes:
    """Return a PSD of one flat picture, which Pillow cannot write."""
    height, width = pixels.shape[:2]
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3)
    return head + bytes(12) + b"\0\0" + pixels.transpose(2, 0, 1).tobytes()


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return over_black(image)


@pytest.mark.parametrize("kind", NEW)
def test_each_kind_that_pillow_knows_is_read(kind):
    """JPEG 2000, PPM, TGA, ICO, DDS and QOI give the pixels that Pillow gives."""
    form, options = NEW[kind]
    data = encode(Image.fromarray(gradient()), form, **options)
    assert np.array_equal(decode(data, name=f"x.{kind}"), by_pillow(data))


@pytest.mark.parametrize("form", ["JPEG2000", "TGA", "DDS", "ICO", "QOI"])
def test_transparency_lies_over_black(form):
    """The transparent pixels of these kinds are laid over black, as those of others are."""
    data = encode(see_through(), form, **({"sizes": [(40, 24)]} if form == "ICO" else {}))
    assert np.abs(decode(data, name="x.tga").astype(int) - by_pillow(data)).max() <= 1


def test_the_composite_of_a_psd_is_read():
    """The flat picture of a PSD is read."""
    assert np.array_equal(decode(psd(gradient())), gradient())


def test_a_jpeg_2000_is_scaled_down_while_it_is_decoded():
    """A large JPEG 2000 is scaled down for the square, however often its size can be halved."""
    for levels in (1, 3, 6):
        data = encode(Image.fromarray(gradient(500, 700)), "JPEG2000", num_resolutions=levels)
        assert decode(data, square=Square(64)).shape == (46, 64, 3)


def test_a_bitmap_without_its_file_header_is_read():
    """A DIB is read under its name, and is nothing under another name."""
    bitmap = encode(gradient(), "DIB")
    assert np.array_equal(decode(bitmap, name="x.dib"), gradient())
    with pytest.raises(UnreadableImageError, match="not an image"):
        decode(bitmap, name="x.jpg")


def test_a_bmp_of_sixteen_bits_is_read():
    """A BMP of 16 bits a pixel, with masks for its colours, has the colours that Pillow gives."""
    masks = struct.pack("<III", 0x7C00, 0x3E0, 0x1F)
    red = struct.pack("<H", 0x7C00) * 4 * 4
    info = struct.pack("<IiiHHIIiiII", 40, 4, 4, 1, 16, 3, len(red), 0, 0, 0, 0) + masks
    data = b"BM" + struct.pack("<IHHI", 14 + len(info) + len(red), 0, 0, 14 + len(info)) + info + red
    assert np.abs(decode(data).astype(int) - by_pillow(data)).max() <= 8


def test_a_bmp_whose_runs_go_on_beyond_a_row_is_read():
    """A BMP with an odd run, which OpenCV refuses, is read as Pillow reads it."""
    runs = b"\x09\x01" + b"\x00\x00" + b"\x08\x01\x00\x00" + b"\x00\x01"
    info = struct.pack("<IiiHHIIiiII", 40, 8, 2, 1, 8, 1, len(runs), 0, 0, 2, 0)
    head = b"BM" + struct.pack("<IHHI", 62 + len(runs), 0, 0, 62)
    data = head + info + b"\0\0\0\0\xff\xff\xff\0" + runs
    assert np.array_equal(decode(data), by_pillow(data))


def test_a_big_tiff_is_read():
    """A BigTIFF is read like any TIFF, and is cut short without its end."""
    data = encode(gradient(), "TIFF", big_tiff=True)
    assert data[2] == 43
    assert np.array_equal(decode(data), gradient())
    with pytest.raises(UnreadableImageError):
        decode(data[: len(data) // 2])


def test_a_big_tiff_of_huge_tags_is_refused():
    """A tag of a BigTIFF that is larger than the file is refused before Pillow copies its value."""
    entries = b"".join(struct.pack("<HHQQ", 40_000 + number, 1, 4000, 0) for number in range(100))
    data = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 100) + entries + bytes(4000)
    with pytest.raises(UnreadableImageError, match="larger than the file"):
        decode(data)


def test_a_gif_with_odd_bytes_between_its_blocks_is_read():
    """Bytes between the blocks of a GIF, and after its first picture, do not matter."""
    data = encode(gradient(), "GIF")
    place = data.index(b"\x2c\0\0\0\0")
    for odd in (data[:place] + b"\0\0" + data[place:], data[:-1] + b"\x99\x01\x00"):
        assert np.array_equal(decode(odd), by_pillow(odd))


def test_a_jpeg_with_rubbish_between_its_segments_is_read():
    """Rubbish between two segments of a JPEG does not matter, with or without metadata."""
    data = encode(gradient(), "JPEG", comment=b"a comment")
    odd = data[:2] + b"\xff\xe1\x00\x08Exif\0\0" + b"rubbish" + data[2:]
    assert np.array_equal(decode(odd), decode(data))


def test_values_of_a_float_map_are_refused_with_the_reason():
    """A PFM holds measured values, like a floating-point TIFF."""
    with pytest.raises(UnreadableImageError, match="measured values"):
        decode(b"Pf\n2 1\n-1.0\n" + bytes(8))


BOMBS = {
    "ppm": b"P6\n60000 60000\n255\n" + bytes(100),
    "qoi": b"qoif" + struct.pack(">IIBB", 60000, 60000, 3, 0) + bytes(100),
    "dds": encode(gradient(), "DDS")[:12] + struct.pack("<II", 60000, 60000) + encode(gradient(), "DDS")[20:],
    "tga": bytes((0, 0, 10)) + bytes(9) + struct.pack("<HHBB", 60000, 60000, 24, 0) + bytes(100),
    "psd": b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 60000, 60000, 8, 3) + bytes(100),
    "jp2": encode(gradient(), "JPEG2000", no_jp2=True)[:8]
    + struct.pack(">II", 60000, 60000)
    + encode(gradient(), "JPEG2000", no_jp2=True)[16:24]
    + struct.pack(">II", 60000, 60000)
    + encode(gradient(), "JPEG2000", no_jp2=True)[32:],
    "ico": struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(png_header(60000, 60000)), 22)
    + png_header(60000, 60000),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_header_that_promises_too_much_is_refused_before_decoding(kind, monkeypatch):
    """A small file of a huge size is refused by its header alone, in every new kind."""
    monkeypatch.setattr("imgsort.images.decoding.decode.decode_by_pillow", None)
    with pytest.raises(UnreadableImageError, match=r"60000x60000|header"):
        decode(BOMBS[kind], name=f"x.{kind}")


@pytest.mark.parametrize("kind", [*NEW, "psd"])
def test_max_pixels_holds_for_every_new_kind(kind):
    """`--max-pixels` holds for every new kind."""
    data = psd(gradient()) if kind == "psd" else encode(Image.fromarray(gradient()), NEW[kind][0], **NEW[kind][1])
    with pytest.raises(UnreadableImageError, match="max-pixels"):
        decode(data, ReadSettings(max_pixels=24 * 40 - 1), name=f"x.{kind}")


@pytest.mark.parametrize("kind", [*NEW, "psd"])
def test_every_prefix_of_a_new_kind_is_refused_or_read(kind):
    """A file that is cut short gives a reason, and no other error; half of one never counts as whole."""
    data = psd(gradient()) if kind == "psd" else encode(Image.fromarray(gradient()), NEW[kind][0], **NEW[kind][1])
    for length in range(0, len(data), max(1, len(data) // 60)):
        try:
            decode(data[:length], name=f"x.{kind}")
        except UnreadableImageError as error:
            assert str(error)
        else:
            assert length > len(data) * 0.9, length


def test_a_jp2_whose_headers_differ_is_refused():
    """A JPEG 2000 whose box names another size than its picture is refused: the decoder believes the picture."""
    data = bytearray(encode(gradient(), "JPEG2000"))
    place = data.index(b"ihdr") + 4
    data[place : place + 8] = struct.pack(">II", 8, 8)
    with pytest.raises(UnreadableImageError, match="different sizes"):
        decode(bytes(data))


def test_an_icon_whose_picture_is_missing_is_cut_short():
    """An icon whose list points beyond the file is cut short."""
    data = encode(Image.fromarray(gradient()), "ICO", sizes=[(40, 24)])
    with pytest.raises(TruncatedImageError):
        decode(data[:-1])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.txt", b"P1 is the first of the four priorities\n"),
        ("x.txt", b"P6 10 20 apples"),
        ("x.mpg", b"\x00\x00\x01\xba\x44\x00\x04\x00" + bytes(40)),
        ("x.mpg", b"\x00\x00\x01\x00" + b"\x01\x02\x03\x04" * 10),
        ("x.tga", b"A text under the name of a picture, long enough for a header."),
        ("x.tga", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(40)),
        ("x.bin", encode(gradient(), "TGA")),
        ("x.txt", b"DDS is a format of textures" + bytes(200)),
        ("x.txt", b"qoif is short for what?"),
        ("x.txt", b"8BPS is the signature of a PSD"),
        ("x.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    ],
)
def test_what_only_looks_like_a_picture_is_none(name, data):
    """Texts, videos and other files are not taken for one of the kinds that have weak signatures."""
    with pytest.raises(UnreadableImageError, match="not an image"):
        decode(data, name=name)


def test_grey_levels_of_sixteen_bits_keep_their_brightness():
    """A PGM of 16 bits keeps its brightness."""
    levels = np.linspace(0, 65535, 960).reshape(24, 40).astype(">u2")
    pixels = decode(b"P5\n40 24\n65535\n" + levels.tobytes())
    assert np.abs(pixels[..., 0].astype(int) - levels // 257).max() <= 1


def test_the_kind_of_the_header_is_that_of_the_suffix():
    """`check` compares the kind with the suffix, so both have the same words."""
    assert read_header(plain((1, 2, 3), "PPM"), "ppm").kind == "ppm"
