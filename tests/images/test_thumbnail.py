"""Thumbnails: their size, their colours, and that they hold pixels only."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgsort.images.decoding.decode import DEFAULTS, decode, decoding
from imgsort.images.decoding.letterbox import Square
from imgsort.images.thumbnail import THUMBNAIL_SIDE_PX, THUMBNAIL_SQUARE, encode_thumbnail, thumbnail_of
from tests.support.pictures import encode, gradient, stored_turned
from tests.support.raws import dng, jpeg


def pixels_of(webp):
    """Return the pixels of a thumbnail, int (h, w, 3). It must be a WebP and hold nothing but pixels."""
    with Image.open(io.BytesIO(webp)) as image:
        assert (image.format, image.mode) == ("WEBP", "RGB")
        assert not {"exif", "xmp", "icc_profile"} & set(image.info)
        return np.asarray(image).astype(int)


def thumbnail(data, square=THUMBNAIL_SQUARE, name=""):
    with decoding(data, DEFAULTS, square, name) as decoded:
        return pixels_of(thumbnail_of(decoded))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700))
def test_size(height, width):
    """The longer side has at most 192 pixels, and nothing is enlarged. The shape stays."""
    found = pixels_of(encode_thumbnail(np.full((height, width, 3), 99, np.uint8)))
    longer = min(max(height, width), THUMBNAIL_SIDE_PX)
    assert max(found.shape[:2]) == longer
    assert found.shape[0] == max(1, round(height * longer / max(height, width)))


def test_extreme_shapes():
    """A picture that is thousands of times as long as high has a thumbnail too. So has a view of larger pixels."""
    assert pixels_of(encode_thumbnail(np.zeros((1, 20_000, 3), np.uint8))).shape == (1, 192, 3)
    assert pixels_of(encode_thumbnail(np.zeros((400, 300, 3), np.uint8)[:50, ::-1])).shape == (32, 192, 3)


@pytest.mark.parametrize("square", [None, Square(64), Square(128), Square(224, "stretch"), THUMBNAIL_SQUARE])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_picture_is_the_same_for_every_model(kind, square):
    """Whatever square the picture is decoded for, its thumbnail shows the same, in its own shape."""
    data = encode(gradient(300, 400), kind, quality=95)
    found = thumbnail(data, square)
    assert found.shape[0] / found.shape[1] == pytest.approx(0.75, abs=0.02)
    expected = decode(data, square=Square(max(found.shape))).astype(int)
    assert np.abs(found - expected).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright(orientation):
    """A thumbnail lies as the orientation of the file says. So does that of a RAW file's preview."""
    picture = gradient(300, 400)
    data = encode(stored_turned(picture, orientation), "JPEG", orientation, quality=95)
    expected = thumbnail(encode(picture, "JPEG", quality=95))
    assert np.abs(thumbnail(data) - expected).mean() < 4
    raw = dng(encode(stored_turned(picture, orientation), "JPEG", quality=95), orientation=orientation)
    assert np.abs(thumbnail(raw, name="x.dng") - expected).mean() < 4


def test_it_has_the_ground_of_the_picture():
    """A dark drawing without a background lies on the same white as the model sees it on."""
    layers = np.zeros((300, 300, 4), np.uint8)
    layers[100:200, 100:200] = (0, 0, 0, 255)
    found = thumbnail(encode(layers, "PNG"), Square(64))
    assert found[0, 0].min() > 240
    assert found[96, 96].max() < 15


def test_secrets_stay_in_the_file():
    """Neither EXIF nor a comment, nor any other original byte of the file, is in the thumbnail."""
    image = Image.fromarray(gradient(300, 400))
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif, comment=b"a secret word")
    with decoding(written.getvalue(), DEFAULTS, THUMBNAIL_SQUARE) as decoded:
        webp = thumbnail_of(decoded)
    assert b"secret" in written.getvalue()
    assert b"secret" not in webp
    pixels_of(webp)


@pytest.mark.parametrize("square", [None, Square(128), Square(64, "stretch"), Square(500)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "RGBA", "L", "CMYK", "small", "raw"])
def test_the_model_sees_the_same_with_a_thumbnail(kind, square):
    """The pixels for a model are the same, bit for bit, before and after a thumbnail was made of the picture."""
    rgb = np.random.default_rng(1).integers(0, 256, (240, 320, 3), "u1")
    name = "x.dng" if kind == "raw" else ""
    data = {
        "RGBA": lambda: encode(np.dstack([rgb // 4, rgb[..., :1]]), "PNG"),
        "L": lambda: encode(rgb[..., 0], "PNG"),
        "CMYK": lambda: encode(np.asarray(Image.fromarray(rgb).convert("CMYK")), "TIFF"),
        "small": lambda: encode(np.dstack([rgb[:20, :30], rgb[:20, :30, :1]]), "PNG"),
        "raw": lambda: dng(jpeg(400, 600)),
    }.get(kind, lambda: encode(rgb, kind))()
    expected = decode(data, square=square, name=name)
    with decoding(data, DEFAULTS, square, name) as decoded:
        before = decoded.seen(square).copy()
        first = thumbnail_of(decoded)
        assert (decoded.seen(square) == before).all()
        assert thumbnail_of(decoded) == first
    assert (before == expected).all()
