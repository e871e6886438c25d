import struct
import time
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import decode
from imgsort.images.decoding.header import read_header
from tests.support.pictures import GREY, encode, exif, gradient, png, png_chunk, see_through


def orientation(data: bytes, kind: str) -> int:
    return read_header(data, kind).orientation


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("entry", "order", "expected"),
    [
        ((0x0112, 3, 1, b"\x06\0\0\0"), "<", 6),
        ((0x0112, 3, 1, b"\0\x06\0\0"), ">", 6),
        ((0x0112, 4, 1, b"\x06\0\0\0"), "<", 6),
        ((0x0112, 1, 1, b"\x06\0\0\0"), "<", 6),
        ((0x0112, 3, 1, b"\x09\0\0\0"), "<", 1),
        ((0x0112, 3, 1, b"\0\0\0\0"), "<", 1),
        ((0x0112, 2, 2, b"6\0\0\0"), "<", 1),
        ((0x0112, 5, 1, b"\xff\xff\xff\xff"), "<", 1),
        ((0x0112, 12, 1, b"\0\0\0\0"), "<", 1),
        ((0x0112, 0xFFFF, 1, b"\x06\0\0\0"), "<", 1),
        ((0x0113, 3, 1, b"\x06\0\0\0"), "<", 1),
    ],
)
def test_the_orientation_is_a_small_whole_number_or_none(kind, entry, order, expected):
    """An orientation counts if it is 1 to 8, in a number type that cameras write.

    Text, fractions and unknown types do not count.
    """
    assert orientation(encode(gradient(), kind, exif=b"Exif\0\0" + exif(entry, order=order)), kind.lower()) == expected


def test_exif_after_the_pixels_of_a_png_counts_without_decoding_them():
    """The tag is found after the pixels, and no pixel is decoded to read it.

    The 100 megapixels of this file are not unpacked.
    """
    side = 10_000
    row = zlib.compress(bytes((side // 8 + 1) * side), 9)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, GREY, 0, 0, 0))
    tag = png_chunk(b"eXIf", exif((0x0112, 3, 1, b"\x08\0\0\0")))
    data = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", row) + tag + png_chunk(b"IEND", b"")
    start = time.perf_counter()
    assert orientation(data, "png") == 8
    assert time.perf_counter() - start < 0.1


def test_a_directory_that_points_nowhere_is_upright():
    """An EXIF offset beyond the data, or a directory that is cut short, gives no orientation."""
    for data in (b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"MM\0*", b"", b"XX*\0\x08\0\0\0"):
        assert orientation(encode(gradient(), "JPEG", exif=b"Exif\0\0" + data), "jpeg") == 1


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"iTXt"])
def test_compressed_metadata_is_never_unpacked(name):
    """A small chunk that unpacks to 50 MB of text or profile does not slow down a good picture."""
    start = b"key\0\1\0\0\0" if name == b"iTXt" else b"key\0\0"
    bomb = png_chunk(name, start + zlib.compress(bytes(50_000_000), 9))
    for data in (png(gradient(), 8, 2, before=bomb), png(np.asarray(see_through()), 8, 6, before=bomb, after=bomb)):
        begun = time.perf_counter()
        assert decode(data).shape == (24, 40, 3)
        assert time.perf_counter() - begun < 0.5


def many_tags(count: int, size: int) -> bytes:
    return exif(*((1000 + number, 7, size, b"\0\0\0\0") for number in range(count))) + bytes(size)


def test_a_tiff_whose_tags_are_larger_than_itself_is_refused():
    """A TIFF is refused if its tags are larger than the file.

    A thousand tags that all point to the same megabyte would otherwise take a gigabyte of memory.
    """
    with pytest.raises(UnreadableImageError, match="damaged: its tags are larger than the file"):
        decode(many_tags(1000, 1_000_000))


@pytest.mark.parametrize("tag", [258, 282, 273])
@pytest.mark.parametrize(("form", "size"), [(3, 2), (4, 4), (5, 8)])
def test_a_tiff_tag_of_millions_of_numbers_is_refused(tag, form, size):
    """A TIFF is refused if one of its tags holds a million numbers.

    A tag of a million fractions would become a million objects. That takes seconds, and some hundred megabytes.
    """
    data = exif((256, 3, 1, b"\x08\0\0\0"), (tag, form, 1_000_000, b"\0\0\0\0")) + bytes(1_000_000 * size)
    begun = time.perf_counter()
    with pytest.raises(UnreadableImageError, match="damaged: a tag of 1000000 values"):
        decode(data)
    assert time.perf_counter() - begun < 0.5


def test_a_canvas_larger_than_pillow_takes_says_so():
    """A WebP that is larger than Pillow decodes is refused with that reason.

    Such a file is not damaged, and it costs no memory.
    """
    data = bytearray(encode(gradient(), "WEBP", exif=exif()))
    place = data.index(b"VP8X")
    data[place + 12 : place + 18] = (16_382).to_bytes(3, "little") * 2
    with pytest.raises(UnreadableImageError, match="more pixels than Pillow decodes of a webp"):
        decode(bytes(data))


def test_any_number_of_headers_leaves_one_filter_of_warnings():
    """Reading any number of headers adds only one filter for Pillow's warnings.

    The filter is added again if a test or a library removed it.
    """
    data = encode(gradient(), "PNG")
    read_header(data, "png")
    before = list(warnings.filters)
    for _ in range(3):
        read_header(data, "png")
    assert warnings.filters == before
    warnings.resetwarnings()
    warnings.simplefilter("error")
    read_header(data, "png")
    assert len(warnings.filters) == 2


def test_exif_whose_tags_are_larger_than_itself_costs_nothing():
    """EXIF tags that are larger than the file do not slow down a JPEG.

    The EXIF data lies in many segments. The picture is read unchanged.
    """
    body = many_tags(4000, 1_000_000)
    parts = [b"Exif\0\0" + body[start : start + 60_000] for start in range(0, len(body), 60_000)]
    data = encode(gradient(), "JPEG")
    bomb = b"".join(b"\xff\xe1" + (len(part) + 2).to_bytes(2, "big") + part for part in parts)
    begun = time.perf_counter()
    assert np.array_equal(decode(data[:2] + bomb + data[2:]), decode(data))
    assert time.perf_counter() - begun < 0.5


def test_exif_of_an_avif_whose_tags_are_larger_than_itself_is_refused():
    """An AVIF is refused if its EXIF tags are larger than the file.

    The reason is that Pillow itself unpacks the EXIF data of an AVIF.
    """
    good = exif(*((1000 + number, 7, 4, b"\0\0\0\0") for number in range(50)))
    data = encode(gradient(), "AVIF", exif=good)
    assert good in data
    assert decode(data).shape == (24, 40, 3)
    with pytest.raises(UnreadableImageError, match="damaged: its tags are larger than the file"):
        decode(data.replace(good, good.replace(struct.pack("<HI", 7, 4), struct.pack("<HI", 7, 1_000_000))))


def test_a_gif_frame_larger_than_a_bomb_is_a_reason():
    """A small GIF with a frame of four gigapixels is refused, although Pillow raises an error of its own."""
    data = bytearray(encode(Image.new("P", (16, 16)), "GIF"))
    place = data.index(b"\x2c\0\0\0\0")
    data[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(UnreadableImageError, match="more pixels than Pillow decodes of a gif"):
        decode(bytes(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "AVIF"])
def test_a_header_says_size_kind_and_transparency(kind):
    """A header gives the kind and the size, and says whether there is transparency.

    Width and height are those of the stored image, before it is turned.
    """
    header = read_header(encode(gradient(), kind), kind.lower())
    assert (header.kind, header.width, header.height, header.pixels) == (kind.lower(), 40, 24, 960)
    assert not header.has_alpha


def test_a_memory_error_in_a_header_is_a_reason(monkeypatch):
    """If memory runs out while a header is read, the file is refused with a reason."""

    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile._open", fails)
    with pytest.raises(UnreadableImageError, match="damaged: its png header makes no sense"):
        decode(encode(gradient(), "PNG"))
