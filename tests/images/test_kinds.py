import numpy as np
import pytest

from imgsort.images.decoding.decode import decode
from imgsort.images.kinds import HEAD_BYTES, IMAGE_SUFFIXES, claimed_kind, image_kind
from tests.support.pictures import plain


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpeg"),
        (b"\xff\xd8\xff\xe1\x00\x10Exif", "jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "png"),
        (b"GIF87a\x01\x00", "gif"),
        (b"GIF89a\x01\x00", "gif"),
        (b"II*\x00\x08\x00\x00\x00", "tiff"),
        (b"MM\x00*\x00\x00\x00\x08", "tiff"),
        (b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00", "bmp"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "webp"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00", "avif"),
        (b"\x00\x00\x00\x1cftypavis\x00\x00", "avif"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "avif"),
        (b"\x00\x00\x00\x40ftypmif1\x00\x00\x00\x00mif1miaf" + b"tbdx" * 8 + b"avif", "avif"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heif"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heif"),
    ],
)
def test_each_magic_names_its_kind(head, kind):
    """The first bytes of a file name its format, for every format that imgsort reads."""
    assert image_kind(head) == kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"\xff\xd8",
        b"\x89PNG",
        b"GIF8",
        b"II*",
        b"RIFF\x24\x00\x00\x00WE",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"\x00\x00\x00\x1cftypmp42\x00\x00",
        b"Just some text about a picture.",
        b"<!DOCTYPE html><html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_image_has_no_kind(head):
    """Text, other formats and heads that are cut too short have no kind."""
    assert image_kind(head) is None


@pytest.mark.parametrize("text", [b"BM", b"BMW drivers, a study", b"BM\x00\x00\x00\x00"])
def test_a_text_that_starts_with_bm_is_no_bitmap(text):
    """The letters BM do not make a bitmap: its four reserved bytes must be present, and zero."""
    assert image_kind(text) is None


def test_a_bitmap_with_a_hot_spot_is_a_bitmap():
    """A bitmap of OS/2 keeps the hot spot of a pointer in its reserved bytes. It is read all the same."""
    data = plain((10, 200, 30), "BMP")
    with_hot_spot = data[:6] + b"\x03\x00\x0c\x00" + data[10:]
    assert image_kind(with_hot_spot) == "bmp"
    assert np.array_equal(decode(with_hot_spot), decode(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP", "AVIF"])
def test_the_head_of_a_real_file_is_enough(kind):
    """The bytes that are read first are enough to recognise every format."""
    data = plain((10, 200, 30), kind)
    assert image_kind(data[:HEAD_BYTES]) == kind.lower()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.JPG", "jpeg"), ("a.b.hif", "heif"), ("a.apng", "png"), ("a.svg", "svg"), ("a.txt", None), ("jpg", None)],
)
def test_a_name_claims_a_kind(name, kind):
    """The suffix of an image, in upper or lower case, claims a kind; any other suffix claims none."""
    assert claimed_kind(name) == kind


def test_every_suffix_of_an_image_claims_a_kind():
    """Every suffix that counts as an image's claims a kind."""
    assert all(claimed_kind(f"a{suffix}") for suffix in IMAGE_SUFFIXES)


def test_the_length_of_an_ftyp_box_is_not_trusted():
    """A box that claims a length of four gigabytes, or of zero, is judged by the bytes that are present."""
    for length in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"):
        assert image_kind(length + b"ftypheic") == "heif"
