import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.images.judging.sharpness import sharpness


def step(sigma: float, levels: int = 200) -> np.ndarray:
    gray = np.full((256, 256), 20, np.uint8)
    gray[:, 144:] = 20 + levels
    return cv2.GaussianBlur(gray, (0, 0), sigma) if sigma else gray


@settings(deadline=None, max_examples=60)
@given(st.tuples(st.integers(1, 32), st.integers(1, 32)), st.integers(0, 2**32 - 1))
def test_sharpness_of_a_tile_is_exact(shape, seed):
    """One tile's sharpness is the steepest Scharr gradient over the range, exactly, so it is equal in each run."""
    gray = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    across, down = (cv2.Scharr(gray, cv2.CV_64F, *order) for order in ((1, 0), (0, 1)))
    levels = float(gray.max()) - float(gray.min())
    expected = math.sqrt((across**2 + down**2).max()) / 32 / levels if levels >= 24 else None
    assert sharpness(gray) == expected


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 100), st.integers(1, 100), st.integers(0, 2**32 - 1))
def test_each_tile_is_measured_alone(height, width, seed):
    """The sharpness of several tiles is the 90th percentile over the quarter of them with the widest range."""
    gray = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    across, down = (cv2.Scharr(gray, cv2.CV_64F, *order) for order in ((1, 0), (0, 1)))
    tiles = [
        (slice(top, top + 32), slice(left, left + 32)) for top in range(0, height, 32) for left in range(0, width, 32)
    ]
    ranges = np.array([float(gray[tile].max()) - float(gray[tile].min()) for tile in tiles])
    steepest = np.array([math.sqrt((across[tile] ** 2 + down[tile] ** 2).max()) / 32 for tile in tiles])
    judged = ranges >= max(24, np.percentile(ranges, 75))
    expected = float(np.percentile(steepest[judged] / ranges[judged], 90)) if judged.any() else None
    assert sharpness(gray) == (expected if expected is None else pytest.approx(expected, rel=1e-12))


@pytest.mark.parametrize("levels", [60, 200])
@pytest.mark.parametrize(
    ("sigma", "expected"), [(0, 0.5), (1, 0.32), (2, 0.2), (4, 0.1)], ids=["sharp", "slight", "blurred", "heavy"]
)
def test_sharpness_of_a_step(sigma, expected, levels):
    """The sharpness of a step is 0.4 / sigma, minus the blur of the operator itself.

    The contrast of the step does not matter.
    """
    assert sharpness(step(sigma, levels)) == pytest.approx(expected, abs=0.025)


def test_without_an_edge_there_is_no_sharpness():
    """A flat picture is neither sharp nor blurred."""
    assert sharpness(np.full((100, 100), 90, np.uint8)) is None
