import random

import numpy as np
import pytest
from PIL import Image

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.decode import decode
from imgsort.images.decoding.walks.boxes import read_boxes, require_whole_boxes, without_trailer
from tests.support.pictures import encode, gradient

SAMSUNG = b"\x00\x00\x01\x0aImage_UTC_Data1700000000000SEFH\x6a\x00\x00\x00" + bytes(40) + b"SEFT"
TRAILERS = {
    "Samsung": SAMSUNG,
    "a video in a box, then Samsung's": b"\x00\x00\x00\x14mpvd" + bytes(12) + SAMSUNG,
    "zeros": bytes(100),
    "ones": b"\xff" * 100,
    "a JPEG": b"\xff\xd8\xff\xe0" + bytes(50),
    "text": b"made by a phone " * 4,
    "random": random.Random(1).randbytes(999),
    "a few bytes": b"abc",
}


@pytest.fixture(scope="module", params=["AVIF", "HEIF"])
def photo(request):
    if request.param == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    return encode(gradient(64, 64), request.param)


@pytest.mark.parametrize("name", TRAILERS)
def test_bytes_after_the_last_box_do_not_matter(photo, name):
    """A HEIC or AVIF with a trailer is whole, and gives the pixels that it gives without the trailer."""
    with_trailer = photo + TRAILERS[name]
    require_whole_boxes(with_trailer)
    assert without_trailer(with_trailer) == photo
    assert np.array_equal(decode(with_trailer), decode(photo))


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_picture_whose_own_bytes_are_missing_is_cut_short(photo, cut):
    """A trailer does not hide that the picture is cut short."""
    with pytest.raises(TruncatedImageError):
        require_whole_boxes(photo[:-cut])


def test_a_last_box_that_reaches_to_the_end_is_cut_short_where_the_picture_is(photo):
    """A last box of no fixed size says nothing about what is missing, but the places of the picture's parts do."""
    start = photo.rindex(b"mdat") - 4
    open_end = photo[:start] + bytes(4) + photo[start + 4 :]
    require_whole_boxes(open_end)
    with pytest.raises(TruncatedImageError):
        require_whole_boxes(open_end[:-1])


def test_rubbish_before_any_picture_is_no_trailer():
    """A box of no size is damage if nothing before it holds a picture."""
    with pytest.raises(UnreadableImageError, match="a box of no size"):
        read_boxes(b"\x00\x00\x00\x10ftypavif" + bytes(4) + b"\x00\x00\x00\x04free")


def test_an_avif_with_a_late_brand_is_read():
    """An AVIF whose first brand is `mif1` and that names `avif` last is read as what it is."""
    data = encode(Image.fromarray(gradient(64, 96)), "AVIF")
    size = int.from_bytes(data[:4], "big")
    late = data[:8] + b"mif1" + data[12:16] + b"avif" * ((size - 16) // 4)
    assert np.array_equal(decode(late + data[size:]), decode(data))
    brands = b"miaf" * ((size - 20) // 4) + b"avif"
    assert np.array_equal(decode(data[:8] + b"mif1" + data[12:16] + brands + data[size:]), decode(data))
