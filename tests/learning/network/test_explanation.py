"""Grad-CAM on networks whose answer can be computed by hand, and the colours on top of an image."""

import numpy as np
import pytest

from imgsort.learning.network.explanation import class_activation, overlay
from imgsort.learning.network.head import Head
from imgsort.learning.network.networks import FEATURES, MAP, build_small_network, head_of

SIDE = 32
RED, GREEN = np.array([200, 0, 0], np.uint8), np.array([0, 200, 0], np.uint8)


@pytest.fixture(scope="module")
def eye():
    """A network whose map holds the mean red and the mean green of each 8 x 8 pixels.

    Its features are the means of the map.
    """
    import keras

    inputs = keras.layers.Input((SIDE, SIDE, 3))
    pick = keras.layers.Conv2D(2, 1, use_bias=False)
    x = keras.layers.AveragePooling2D(8)(pick(inputs))
    x = keras.layers.GlobalAveragePooling2D(name=FEATURES)(keras.layers.Identity(name=MAP)(x))
    network = keras.Model(inputs, x)
    pick.set_weights([np.array([[[[1, 0], [0, 1], [0, 0]]]], np.float32) / 255])
    return network


def head(kernel):
    kernel = np.array(kernel, np.float32)
    return Head(kernel, np.zeros(kernel.shape[1], np.float32))


def picture():
    """Return a square that is red in the upper left quarter and green in the lower right quarter."""
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[: SIDE // 2, : SIDE // 2], pixels[SIDE // 2 :, SIDE // 2 :] = RED, GREEN
    return pixels


UPPER_LEFT, LOWER_RIGHT = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
UPPER_LEFT[:2, :2] = LOWER_RIGHT[2:, 2:] = 1


@pytest.mark.parametrize(
    ("kernel", "label", "expected"),
    [
        ([[1, 0], [0, 1]], 0, UPPER_LEFT),
        ([[1, 0], [0, 1]], 1, LOWER_RIGHT),
        ([[1, -1], [-1, 1]], 0, UPPER_LEFT),
        ([[1], [-1]], 1, UPPER_LEFT),  # one output: the logit of the second class
        ([[1], [-1]], 0, LOWER_RIGHT),
        ([[-1, 0], [-1, 0]], 0, 0 * UPPER_LEFT),  # nothing speaks for the class
        ([[0, 0], [0, 0]], 0, 0 * UPPER_LEFT),
        ([[1, 0, 5], [0.5, 0, 0]], 0, UPPER_LEFT + LOWER_RIGHT / 2),
    ],
)
def test_heat_is_where_the_class_is_seen(eye, kernel, label, expected):
    """Red speaks for the class of red, at its place and in proportion. What speaks against a class has no heat."""
    heat = class_activation(eye, head(kernel), picture(), label)
    assert heat.dtype == np.float32
    assert heat == pytest.approx(expected, abs=1e-5)


def test_heat_of_a_network_as_it_is_trained():
    """The small network too gives a map from 0 to 1, and the same map twice. The network does not change."""
    network = build_small_network(SIDE, 3)
    weights = network.get_weights()
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    for label in range(3):
        heat = class_activation(network, head_of(network), pixels, label)
        assert heat.shape == (4, 4)
        assert heat.min() >= 0 and heat.max() in (0, pytest.approx(1))
        assert (class_activation(network, head_of(network), pixels, label) == heat).all()
    assert all((old == new).all() for old, new in zip(weights, network.get_weights(), strict=True))


@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (50, 50), (1, 300), (300, 1), (1, 1)])
def test_without_heat_the_image_is_as_it_was(shape):
    """Without heat, the picture is the image itself, in the same size and without colour.

    The array of the image does not change.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    before = pixels.copy()
    shown = overlay(pixels, np.zeros((4, 4), np.float32))
    assert (shown.dtype, shown.shape) == (np.uint8, (*shape, 3))
    assert (shown == before).all()
    assert (pixels == before).all()


def test_most_heat_is_red():
    """Full heat makes a grey image redder, and some heat does not. The order of the channels is RGB, not BGR."""
    grey = np.full((40, 40, 3), 100, np.uint8)
    red, green, blue = overlay(grey, np.ones((2, 2), np.float32)).reshape(-1, 3).mean(axis=0)
    assert red > green
    assert red > blue + 10


@pytest.mark.parametrize(("height", "width"), [(40, 80), (80, 40)])
def test_heat_lies_where_the_square_was(height, width):
    """Heat lies at its place in the square, in which the image is centred on black.

    Heat on the black border is outside the image. Heat on a quarter of the square lies on that quarter.
    """
    pixels = np.full((height, width, 3), 100, np.uint8)
    heat = np.zeros((8, 8), np.float32)
    if height < width:
        heat[0], heat[-1] = 1, 1
    else:
        heat[:, 0], heat[:, -1] = 1, 1
    assert np.abs(overlay(pixels, heat).astype(int) - 100).mean() < 3
    heat = np.zeros((8, 8), np.float32)
    heat[2:4, 2:4] = 1  # the upper left quarter of the middle four rows and columns
    change = np.abs(overlay(pixels, heat).astype(int) - 100).sum(axis=2)
    rows, columns = change.sum(axis=1), change.sum(axis=0)
    centre = (rows @ np.arange(height) / rows.sum() / height, columns @ np.arange(width) / columns.sum() / width)
    narrow = 0.25 if height < width else 0.375
    wide = 0.375 if height < width else 0.25
    assert centre == pytest.approx((narrow, wide), abs=0.06)
