import numpy as np
import pytest
from PIL import Image

from imgsort.images.decoding.colours.coded_colours import coded_profile
from imgsort.images.decoding.colours.srgb import is_srgb
from tests.support import profiles
from tests.support.pictures import gradient


@pytest.mark.parametrize(
    ("primaries", "transfer", "same"),
    [
        (12, 13, profiles.display_p3()),
        (12, 4, profiles.rgb(profiles.P3, profiles.gamma_curve(2.2))),
        (1, 8, profiles.rgb(profiles.SRGB, profiles.gamma_curve(1.0))),
    ],
)
def test_code_points_are_the_profile_that_they_stand_for(primaries, transfer, same):
    """The code points of H.273 give the same colours as a profile with these primaries and this curve."""
    made = coded_profile(primaries, transfer)
    assert made is not None
    picture = Image.fromarray(gradient())
    assert np.abs(profiles.in_srgb(picture, made).astype(int) - profiles.in_srgb(picture, same)).max() <= 1


@pytest.mark.parametrize("transfer", [1, 2, 6, 13])
def test_television_is_shown_as_srgb(transfer):
    """The primaries of sRGB with the curve of television or of sRGB are sRGB."""
    made = coded_profile(1, transfer)
    assert made is not None
    assert is_srgb(made)


@pytest.mark.parametrize(("primaries", "transfer"), [(2, 13), (0, 1), (255, 255), (9, 16), (65535, 65535)])
def test_what_is_unspecified_has_no_profile(primaries, transfer):
    """Unknown code points, and light without a white, have no profile."""
    assert coded_profile(primaries, transfer) is None


@pytest.mark.parametrize("primaries", [1, 4, 5, 6, 7, 8, 9, 11, 12, 22])
def test_every_listed_primary_keeps_white(primaries):
    """White stays white with all primaries that are listed."""
    made = coded_profile(primaries, 13)
    assert made is not None
    assert profiles.in_srgb(Image.new("RGB", (1, 1), (255, 255, 255)), made).min() >= 253
