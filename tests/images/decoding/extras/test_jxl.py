import sys

import numpy as np
import pytest

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings, decode
from imgsort.images.decoding.extras.jxl import jxl_codec, jxl_size
from tests.support.pictures import gradient, over_black, see_through

HEAD = b"\xff\x0a"


@pytest.fixture(scope="module")
def codec():
    return pytest.importorskip("imagecodecs")


@pytest.mark.parametrize("is_boxed", [False, True])
def test_a_jpeg_xl_is_read(codec, is_boxed):
    """A JPEG XL is read, in boxes or without them, under any name."""
    data = codec.jpegxl_encode(gradient(), lossless=True, usecontainer=is_boxed)
    assert np.array_equal(decode(data), gradient())
    assert np.array_equal(decode(data + b"a trailer", name="x.jpg"), gradient())


@pytest.mark.parametrize("size", [(8, 8), (64, 96), (100, 133), (1, 500), (1080, 1920), (900, 1200)])
@pytest.mark.parametrize("is_boxed", [False, True])
def test_the_size_is_read_from_the_first_bits(codec, size, is_boxed):
    """The size is known before anything is decoded, in each way in which the header may write it."""
    data = codec.jpegxl_encode(gradient(*size), effort=1, usecontainer=is_boxed)
    assert jxl_size(data) == size[::-1]


def test_transparency_lies_over_black(codec):
    """The transparent pixels of a JPEG XL are laid over black."""
    data = codec.jpegxl_encode(np.asarray(see_through()), lossless=True)
    assert np.abs(decode(data).astype(int) - over_black(see_through())).max() <= 1


@pytest.mark.parametrize("channels", [2, 4])
def test_a_dark_drawing_on_nothing_is_seen(codec, channels):
    """A dark drawing on a transparent ground is laid over white, as in the other kinds."""
    drawing = np.zeros((40, 40, channels), np.uint8)
    drawing[10:20, 10:30, -1] = 255
    seen = decode(codec.jpegxl_encode(drawing, lossless=True))
    assert (seen[0, 0].tolist(), seen[15, 15].tolist()) == ([250] * 3, [0] * 3)


@pytest.mark.parametrize("form", [np.uint8, np.uint16])
def test_a_grey_picture_and_deep_levels_are_read(codec, form):
    """Grey pictures of 8 and of 16 bits keep their brightness."""
    levels = gradient()[..., 0]
    data = codec.jpegxl_encode(levels.astype(form) * (257 if form == np.uint16 else 1), lossless=True)
    assert np.array_equal(decode(data), levels[..., None].repeat(3, 2))


def test_max_pixels_holds_before_decoding(codec, monkeypatch):
    """A JPEG XL of too many pixels is refused by its header alone."""
    data = codec.jpegxl_encode(gradient(), lossless=True)
    monkeypatch.setattr("imgsort.images.decoding.decode.decode_jxl", None)
    with pytest.raises(UnreadableImageError, match="max-pixels"):
        decode(data, ReadSettings(max_pixels=959))


def test_a_header_of_a_gigapixel_is_refused(codec):
    """A few bytes that claim a gigapixel are refused."""
    bits = 0 | 3 << 1 | (2**30 - 1) << 3 | 1 << 33
    with pytest.raises(UnreadableImageError, match="1073741824x1073741824"):
        decode(HEAD + bits.to_bytes(16, "little"))


@pytest.mark.parametrize("is_boxed", [False, True])
def test_every_prefix_is_refused(codec, is_boxed):
    """A JPEG XL without its end gives a reason."""
    data = codec.jpegxl_encode(gradient(), lossless=True, usecontainer=is_boxed)
    for length in range(0, len(data), 5):
        with pytest.raises(UnreadableImageError):
            decode(data[:length])
    if is_boxed:
        with pytest.raises(TruncatedImageError):
            decode(data[:-1])


def test_damage_anywhere_is_a_picture_or_a_reason(codec):
    """A JPEG XL with changed bytes gives a picture or a reason."""
    chance = np.random.default_rng(0)
    for is_boxed in (False, True):
        whole = np.frombuffer(codec.jpegxl_encode(gradient(), usecontainer=is_boxed), np.uint8)
        for _ in range(100):
            data = whole.copy()
            data[chance.integers(0, len(data), 3)] = chance.integers(0, 256, 3)
            try:
                assert decode(data.tobytes(), ReadSettings(max_pixels=10**6)).ndim == 3
            except UnreadableImageError as error:
                assert str(error)


def test_without_its_package_the_reason_names_the_extra(monkeypatch):
    """If the package for JPEG XL is missing, the reason says what to install."""
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    jxl_codec.cache_clear()
    with pytest.raises(UnreadableImageError, match=r"run `pip install '\.\[jxl\]'`"):
        decode(HEAD + bytes(20))
    jxl_codec.cache_clear()
