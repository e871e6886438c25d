import numpy as np
import pytest

from imgsort.features.models.preparation import Preparation

PIXELS = np.random.default_rng(3).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation((127.0, 127.0, 127.0), divisor=128.0),
        Preparation((123.68, 116.779, 103.939), is_bgr=True),
        Preparation((1.0, 2.0, 3.0), divisor=2.0),
    ],
)
def test_looking_up_is_the_arithmetic(preparation):
    """Every pixel becomes (level - mean) / divisor in float32, with channels in the model's order."""
    expected = (PIXELS.astype(np.float32) - np.float32(preparation.mean_rgb)) / np.float32(preparation.divisor)
    prepared = preparation(PIXELS)
    assert (prepared.dtype, prepared.shape) == (np.float32, PIXELS.shape)
    assert np.array_equal(prepared, expected[..., ::-1] if preparation.is_bgr else expected)


def test_the_pixels_are_left_as_they_were():
    """The given pixels are never changed, whether they are contiguous or not."""
    view = PIXELS[:, ::2, ::-1]
    before = view.copy()
    assert np.array_equal(Preparation((9.0, 9.0, 9.0))(view), before.astype(np.float32) - 9)
    assert np.array_equal(view, before)


def test_a_quantised_table_is_what_the_model_reads_back():
    """Each int8 in the table stands for the number of its level, to within half a step.

    A number that does not fit into int8 is cut off at the limit.
    """
    preparation = Preparation((127.0, 127.0, 127.0), divisor=128.0)
    table = preparation.quantised(1 / 128, -1)
    assert table.dtype == np.int8
    assert np.array_equal(table[:, 0], np.arange(-128, 128))
    assert np.abs((preparation.quantised(0.01, 5).astype(float) - 5) * 0.01 - preparation.table()).max() <= 0.0051
    assert preparation.quantised(0.001, 0).min() == -128
    assert preparation.quantised(0.001, 0).max() == 127


def test_looking_up_in_int8_gives_int8():
    """The same call works for a quantised model."""
    preparation = Preparation((127.0, 127.0, 127.0), divisor=128.0)
    found = preparation.look_up(PIXELS, preparation.quantised(1 / 128, -1))
    assert found.dtype == np.int8
    assert np.array_equal(found, PIXELS.astype(int) - 128)
