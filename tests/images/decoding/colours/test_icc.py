import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.images.decoding.colours.icc import MAX_PROFILE_BYTES, mode_of_profile
from tests.support import profiles


@pytest.mark.parametrize(
    ("profile", "mode"),
    [
        (profiles.display_p3(), "RGB"),
        (profiles.built_in_srgb(), "RGB"),
        (profiles.grey(2.2), "L"),
        (profiles.press(), "CMYK"),
        (profiles.profile(b"RGB ", {}, device=b"link"), None),
        (profiles.profile(b"RGB ", {}, device=b"nmcl"), None),
        (profiles.profile(b"RGB ", {}, device=b"abst"), None),
        (profiles.profile(b"6CLR", {}), None),
        (profiles.profile(b"RGB ", {}, connection=b"RGB "), None),
        (profiles.display_p3().ljust(MAX_PROFILE_BYTES), None),
        (profiles.display_p3()[:100], None),
    ],
    ids=range(11),
)
def test_a_profile_is_for_pixels_of_one_mode_or_for_none(profile, mode):
    """A profile of a display, a scanner or a press has its mode; any other profile has none."""
    assert mode_of_profile(profile) == mode


@given(st.binary(max_size=300))
def test_random_bytes_are_no_profile(data):
    """Random bytes have no mode."""
    assert mode_of_profile(data) is None
