import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgsort.images.decoding.colours.icc import MAX_PROFILE_BYTES
from imgsort.images.decoding.colours.png_colours import png_profile
from imgsort.images.decoding.decode import decode
from tests.support import profiles
from tests.support.pictures import GREY, RGB, RGBA, gradient, png, png_chunk

FLAT = np.full((8, 8, 3), (180, 90, 60))
SRGB_NUMBERS = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_NUMBERS = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def gama(gamma: float) -> bytes:
    return png_chunk(b"gAMA", struct.pack(">I", round(100_000 * gamma)))


def chrm(numbers: tuple[int, ...]) -> bytes:
    return png_chunk(b"cHRM", struct.pack(">8I", *numbers))


def iccp(profile: bytes) -> bytes:
    return png_chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


def shown(*chunks: bytes) -> np.ndarray:
    return decode(png(FLAT, 8, RGB, before=b"".join(chunks)))


def by(profile: bytes) -> np.ndarray:
    return profiles.in_srgb(Image.fromarray(FLAT.astype(np.uint8)), profile)


LINEAR = profiles.rgb(profiles.SRGB, profiles.gamma_curve(1.0))
P3_22 = profiles.rgb(profiles.P3, profiles.gamma_curve(2.2))
SRGB_CHUNK, P3_CICP = png_chunk(b"sRGB", b"\0"), png_chunk(b"cICP", bytes((12, 13, 0, 1)))


@pytest.mark.parametrize(
    ("chunks", "profile"),
    [
        ([gama(1.0)], LINEAR),
        ([gama(1.0), chrm(SRGB_NUMBERS)], LINEAR),
        ([gama(1 / 2.2), chrm(P3_NUMBERS)], P3_22),
        ([chrm(P3_NUMBERS)], profiles.display_p3()),
        ([P3_CICP], profiles.display_p3()),
        ([P3_CICP, iccp(LINEAR), SRGB_CHUNK, gama(1.0)], profiles.display_p3()),
        ([iccp(LINEAR)], LINEAR),
        ([iccp(LINEAR), gama(1 / 2.2), chrm(SRGB_NUMBERS)], LINEAR),
    ],
    ids=range(8),
)
def test_what_a_png_says_of_its_colours_counts(chunks, profile):
    """Numbers, code points and profiles give the colours that LittleCMS gives; the more exact one counts."""
    assert np.abs(shown(*chunks).astype(int) - by(profile)).max() <= 1
    assert np.abs(by(profile).astype(int) - FLAT).max() > 12


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [SRGB_CHUNK],
        [SRGB_CHUNK, gama(1.0), chrm(P3_NUMBERS)],
        [gama(0.45455)],
        [gama(0.45455), chrm(SRGB_NUMBERS)],
        [gama(0)],
        [gama(0.0001)],
        [gama(40)],
        [png_chunk(b"gAMA", b"\0")],
        [gama(1.0), chrm((0,) * 8)],
        [gama(1.0), chrm((31270, 0, *SRGB_NUMBERS[2:]))],
        [gama(1.0), chrm((30000,) * 8)],
        [png_chunk(b"cICP", bytes((2, 2, 0, 1)))],
        [png_chunk(b"cICP", bytes((9, 16, 0, 1)))],
        [png_chunk(b"iCCP", b"a name without an end" * 10)],
        [png_chunk(b"iCCP", b"name\0\0and no zlib data")],
    ],
    ids=range(16),
)
def test_srgb_and_nonsense_change_nothing(chunks):
    """A PNG that says sRGB, or nothing that makes sense, has the pixels that it stores."""
    assert np.array_equal(shown(*chunks), FLAT)


@pytest.mark.parametrize("depth", [8, 16])
def test_a_grey_png_has_a_gamma_too(depth):
    """The levels of a grey PNG with a gamma become those of sRGB."""
    levels = np.full((8, 8, 1), 64 if depth == 8 else 64 * 257)
    found = decode(png(levels, depth, GREY, before=gama(1.0) + chrm(P3_NUMBERS)))
    expected = profiles.in_srgb(Image.new("L", (8, 8), 64), profiles.grey(1.0))
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_a_transparent_png_has_a_gamma_too():
    """The opaque part of a transparent PNG with a gamma is converted."""
    layers = np.dstack([FLAT, np.full((8, 8), 255)])
    layers[0, 0, 3] = 0
    found = decode(png(layers, 8, RGBA, before=gama(1.0)))
    assert np.abs(found[4, 4].astype(int) - by(LINEAR)[4, 4]).max() <= 2
    assert not found[0, 0].any()


def test_a_profile_that_unpacks_to_gigabytes_is_not_unpacked():
    """A profile of a few kilobytes that unpacks to 64 MB is given up at the limit, and ignored."""
    bomb = iccp(profiles.display_p3() + bytes(64 * 1024**2))
    data = png(gradient(), 8, RGB, before=bomb)
    assert len(png_profile(data) or b"") == MAX_PROFILE_BYTES
    assert np.array_equal(decode(data), gradient())


@given(st.lists(st.tuples(st.sampled_from([b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"]), st.binary(max_size=40))))
def test_any_chunks_are_read(chunks):
    """Any bytes in the chunks of colours leave a picture."""
    assert shown(*(png_chunk(*chunk) for chunk in chunks)).shape == (8, 8, 3)


@given(st.tuples(*[st.integers(0, 2**32 - 1)] * 8), st.integers(0, 2**32 - 1))
def test_any_numbers_are_read(numbers, gamma):
    """Any chromaticities and any gamma leave a picture."""
    assert shown(png_chunk(b"gAMA", struct.pack(">I", gamma)), chrm(numbers)).shape == (8, 8, 3)
