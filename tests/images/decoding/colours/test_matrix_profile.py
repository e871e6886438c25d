import numpy as np
import pytest
from PIL import Image

from imgsort.images.decoding.colours.matrix_profile import (
    ADOBE_RGB,
    DISPLAY_P3,
    SRGB,
    SRGB_CURVE,
    Primaries,
    grey_profile,
    rgb_profile,
)
from tests.support import profiles
from tests.support.pictures import gradient


@pytest.mark.parametrize(
    ("primaries", "curve", "same"),
    [
        (DISPLAY_P3, SRGB_CURVE, profiles.display_p3()),
        (ADOBE_RGB, (563 / 256,), profiles.adobe_rgb()),
        (SRGB, (1.0,), profiles.rgb(profiles.SRGB, profiles.gamma_curve(1.0))),
        (Primaries(*profiles.PROPHOTO, profiles.D50), (1.8,), profiles.prophoto()),
    ],
)
def test_a_profile_made_of_numbers_is_the_published_one(primaries, curve, same):
    """A profile made of primaries, a white and a curve gives the same colours as one with a table."""
    made = rgb_profile(primaries, curve)
    assert made is not None
    picture = Image.fromarray(gradient())
    difference = profiles.in_srgb(picture, made).astype(int) - profiles.in_srgb(picture, same)
    assert np.abs(difference).max() <= 1


def test_a_grey_profile_has_the_gamma():
    """A grey profile made of a gamma is as light as one that was written elsewhere."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    made = grey_profile((1.0,))
    assert made is not None
    assert np.abs(profiles.in_srgb(ramp, made).astype(int) - profiles.in_srgb(ramp, profiles.grey(1.0))).max() <= 1


@pytest.mark.parametrize(
    "primaries",
    [
        Primaries((0, 0), (0, 0), (0, 0)),
        Primaries((0.3, 0.3), (0.3, 0.3), (0.3, 0.3)),
        Primaries((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), (0.3, 0)),
        Primaries((0.64, 0.33), (0.64001, 0.33), (0.15, 0.06)),
        Primaries((float("inf"), 1), (0.3, 0.6), (0.15, 0.06)),
    ],
)
def test_primaries_of_no_colours_make_no_profile(primaries):
    """Primaries on one line, at zero or without end make no profile."""
    assert rgb_profile(primaries, (2.2,)) is None


@pytest.mark.parametrize("gamma", [0.0, 0.001, 50.0, -1.0])
def test_an_impossible_gamma_makes_no_profile(gamma):
    """A curve that shows nothing but black or white makes no profile."""
    assert rgb_profile(SRGB, (gamma,)) is None
    assert grey_profile((gamma,)) is None
