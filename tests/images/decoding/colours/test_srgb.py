import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.images.decoding.colours.matrix_profile import SRGB, SRGB_CURVE, grey_profile, rgb_profile
from imgsort.images.decoding.colours.srgb import is_srgb
from tests.support import profiles


@pytest.mark.parametrize(
    "profile",
    [
        profiles.built_in_srgb(),
        profiles.rgb(profiles.SRGB, profiles.srgb_curve()),
        profiles.rgb(profiles.SRGB, profiles.srgb_curve(4096)),
        rgb_profile(SRGB, SRGB_CURVE),
        grey_profile(SRGB_CURVE),
    ],
    ids=range(5),
)
def test_every_profile_of_srgb_is_recognised(profile):
    """The built-in profile, and profiles with tables as Hewlett-Packard's, are sRGB."""
    assert is_srgb(profile)


@pytest.mark.parametrize(
    "profile",
    [
        profiles.display_p3(),
        profiles.adobe_rgb(),
        profiles.prophoto(),
        profiles.rgb(profiles.SWAPPED, profiles.srgb_curve()),
        profiles.rgb(profiles.SRGB, profiles.gamma_curve(2.2)),
        profiles.rgb(profiles.SRGB, profiles.gamma_curve(1.0)),
        profiles.grey(2.2),
        profiles.grey(1.8),
        profiles.press(),
    ],
    ids=range(9),
)
def test_no_other_profile_is_taken_for_srgb(profile):
    """Other primaries or another curve are not sRGB."""
    assert not is_srgb(profile)


def test_the_name_of_a_profile_proves_nothing():
    """A profile named sRGB whose red and green are swapped is not sRGB."""
    stored = profiles.built_in_srgb()
    swapped = stored.replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ").replace(b"....", b"gXYZ")
    assert is_srgb(stored)
    assert not is_srgb(swapped)


def test_a_table_counts_more_than_primaries():
    """A profile with the primaries of sRGB and a table is not taken for sRGB."""
    tags = {b"A2B0": b"mft1" + bytes(60)}
    whole = profiles.built_in_srgb()
    assert not is_srgb(whole[:132] + b"A2B0" + whole[136:])
    assert not is_srgb(profiles.profile(b"RGB ", tags))


@given(st.binary(max_size=700), st.booleans())
def test_any_bytes_have_an_answer(data, has_header):
    """Any bytes, with or without a header, are judged without an error."""
    assert is_srgb(profiles.built_in_srgb()[:132] + data if has_header else data) in (True, False)
