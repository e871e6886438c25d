import sys

import numpy as np
import pytest

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings, decode, decode_bytes
from imgsort.images.decoding.decoders import raw_decoder
from imgsort.images.decoding.letterbox import Square
from tests.support.pictures import encode, gradient, stored_turned
from tests.support.raws import cr3, dng, jpeg, raf

LARGE, SMALL = jpeg(400, 600), jpeg(90, 120)


@pytest.fixture
def without_rawpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    raw_decoder._rawpy.cache_clear()
    yield
    raw_decoder._rawpy.cache_clear()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.dng", dng(SMALL + LARGE)),
        ("x.NEF", dng(LARGE + SMALL)),
        ("x.arw", dng(LARGE)),
        ("x.orf", b"IIRO" + dng(LARGE)[4:]),
        ("x.cr3", cr3(SMALL + LARGE)),
        ("x.raf", raf(LARGE)),
        ("x.x3f", b"FOVb" + bytes(60) + SMALL + LARGE),
    ],
)
def test_a_raw_file_is_its_largest_preview(without_rawpy, name, data):
    """RAW files of many makers are read by their largest preview, with no further package."""
    pixels = decode(data, name=name)
    assert pixels.shape == (400, 600, 3)
    assert np.abs(pixels.astype(int) - gradient(400, 600)).max() < 16
    assert decode(data, square=Square(64), name=name).shape == (43, 64, 3)
    header, _ = decode_bytes(data, ReadSettings(), None, name)
    assert (header.kind, header.width, header.height) == ("raw", 600, 400)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("make", [dng, cr3])
def test_a_preview_is_turned_as_its_raw_file_says(make, orientation):
    """A preview without an orientation of its own lies as the RAW file says. One with its own is turned once."""
    upright = gradient(400, 600)
    stored = encode(stored_turned(upright, orientation), "JPEG", quality=95)
    own = encode(stored_turned(upright, orientation), "JPEG", orientation, quality=95)
    for preview in (stored, own):
        pixels = decode(make(preview, orientation=orientation), name="x.dng")
        assert np.abs(pixels.astype(int) - upright).max() < 16


def test_a_raw_file_without_a_preview_is_developed():
    """A RAW file that holds only what the sensor saw is developed, at half its size."""
    pytest.importorskip("rawpy")
    levels = np.linspace(500, 16000, 48).astype(np.uint16)[None].repeat(32, 0)
    pixels = decode(dng(levels=levels), name="x.dng")
    assert pixels.shape == (16, 24, 3)
    assert pixels[:, -1].mean() > pixels[:, 0].mean() + 50


def test_a_raw_file_without_a_preview_names_its_extra(without_rawpy):
    """Without its package, such a file is unreadable, and the reason says what to install."""
    with pytest.raises(UnreadableImageError, match=r"run `pip install '\.\[raw\]'`"):
        decode(dng(), name="x.dng")


def test_a_thumbnail_is_used_if_the_file_cannot_be_developed(without_rawpy):
    """The thumbnail of a camera's menu is better than nothing."""
    assert decode(dng(SMALL), name="x.dng").shape == (90, 120, 3)


def test_a_thumbnail_is_not_used_if_the_file_can_be_developed():
    """A RAW file whose only preview is a thumbnail is developed."""
    pytest.importorskip("rawpy")
    assert decode(dng(SMALL), name="x.dng").shape == (16, 24, 3)


def test_the_tiles_of_a_sensor_are_no_preview(without_rawpy):
    """A JPEG that holds the sensor's own data is no preview, even if it is the largest one."""
    data = dng(LARGE, tiled_as=jpeg(800, 900))
    assert decode(data, name="x.dng").shape == (400, 600, 3)


def test_a_raw_file_that_is_cut_short_is_said_to_be(without_rawpy):
    """A RAW file without its end is cut short, though its preview may be whole."""
    for name, data in (("x.cr3", cr3(LARGE)), ("x.raf", raf(LARGE))):
        with pytest.raises(TruncatedImageError):
            decode(data[:-10], name=name)
        assert decode(data[:-10], ReadSettings(truncated="use"), name=name).shape == (400, 600, 3)


def test_a_tiff_is_a_raw_file_only_under_the_name_of_one():
    """The name says whether a TIFF is a RAW file. A JPEG under such a name is a JPEG."""
    header, _ = decode_bytes(LARGE, ReadSettings(), None, "x.nef")
    assert header.kind == "jpeg"
    with pytest.raises(UnreadableImageError):
        decode(dng(LARGE), name="x.tif")


@pytest.mark.parametrize("data", [b"", b"text", b"II*\0" + b"\xff" * 400, b"\xff\xd8\xff\xe0" * 3000 + b"."])
def test_what_is_no_raw_file_is_a_reason(data):
    """A file under the name of a RAW file gives a reason, whatever it holds."""
    for settings in (ReadSettings(), ReadSettings(truncated="use")):
        with pytest.raises(UnreadableImageError):
            decode(data, settings, name="x.dng")


def test_max_pixels_holds_for_previews_and_for_developed_files():
    """`--max-pixels` holds for what a RAW file is developed to."""
    pytest.importorskip("rawpy")
    with pytest.raises(UnreadableImageError):
        decode(dng(LARGE), ReadSettings(max_pixels=1000), name="x.dng")


def test_damage_anywhere_is_a_picture_or_a_reason():
    """A RAW file with changed bytes gives a picture or a reason, never another error."""
    chance = np.random.default_rng(0)
    for make in (dng, cr3):
        whole = np.frombuffer(make(LARGE), np.uint8)
        for _ in range(60):
            data = whole.copy()
            data[chance.integers(0, len(data), 8)] = chance.integers(0, 256, 8)
            data[chance.integers(0, 200, 2)] = chance.integers(0, 256, 2)
            try:
                assert decode(data.tobytes(), name="x.dng").ndim == 3
            except UnreadableImageError as error:
                assert str(error)
