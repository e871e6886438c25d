import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgsort.images.decoding.colours.embedded import profile_of
from imgsort.images.decoding.decode import decode
from tests.support import profiles
from tests.support.pictures import encode, gradient

P3 = profiles.display_p3()
LARGE = profiles.rgb(profiles.P3, profiles.srgb_curve(40_000))


@pytest.mark.parametrize("profile", [P3, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_a_profile_is_found_byte_for_byte(kind, profile):
    """The profile that Pillow wrote is found in every kind; a large one lies in several parts of a JPEG."""
    assert profile_of(encode(gradient(), kind, icc_profile=profile), kind.lower()) == profile


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "GIF", "BMP"])
def test_a_file_without_a_profile_has_none(kind):
    """A file without a profile gives none."""
    assert profile_of(encode(gradient(), kind), kind.lower()) is None or kind == "AVIF"


def parts(data: bytes) -> list[bytes]:
    """Return a JPEG's segments of the profile."""
    found, position = [], 0
    while (position := data.find(b"\xff\xe2", position)) >= 0:
        size = 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        found.append(data[position : position + size])
        position += size
    return found


def test_the_parts_of_a_jpegs_profile_have_an_order_of_their_own():
    """Parts in another order are put in order; a part that is missing makes the profile unusable."""
    data = encode(gradient(), "JPEG", icc_profile=LARGE)
    pieces = parts(data)
    assert len(pieces) == 4
    assert profile_of(data.replace(b"".join(pieces), b"".join(pieces[::-1])), "jpeg") == LARGE
    assert profile_of(data.replace(pieces[1], b""), "jpeg") is None
    assert profile_of(data.replace(pieces[3], b""), "jpeg") is None


def test_a_tiff_has_a_profile_whatever_its_compression():
    """A TIFF with the profile in its tag 34675 is converted, whatever its compression."""
    for options in ({}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}):
        data = encode(gradient(), "TIFF", icc_profile=P3, **options)
        assert np.abs(decode(data).astype(int) - profiles.in_srgb(Image.fromarray(gradient()), P3)).max() <= 1


def bitmap(profile: bytes, space: bytes = b"MBED"[::-1]) -> bytes:
    """Return a BMP with the header of version 5 and a profile behind its pixels."""
    pixels = np.ascontiguousarray(gradient()[::-1, :, ::-1]).tobytes()
    info = struct.pack("<IiiHHIIiiII", 124, 40, 24, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    info = (info.ljust(56, b"\0") + space).ljust(112, b"\0")
    info += struct.pack("<III", 124 + len(pixels), len(profile), 0)
    return b"BM" + struct.pack("<IHHI", 138 + len(pixels) + len(profile), 0, 0, 138) + info + pixels + profile


def test_a_bitmap_of_version_5_has_a_profile():
    """The profile of a BMP with the header of version 5 counts; a BMP that says sRGB has none."""
    with Image.open(io.BytesIO(bitmap(P3))) as image:
        assert np.array_equal(np.asarray(image), gradient())
    expected = profiles.in_srgb(Image.fromarray(gradient()), P3)
    assert np.abs(decode(bitmap(P3)).astype(int) - expected).max() <= 1
    assert np.array_equal(decode(bitmap(P3, b"sRGB"[::-1])), gradient())


@given(st.data())
def test_any_damage_has_an_answer(data):
    """The profile of a damaged file of any kind is searched without an error."""
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"]))
    whole = bytearray(encode(gradient(), kind, icc_profile=P3))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(12, min(len(whole), 3000) - 1))] = data.draw(st.integers(0, 255))
    found = profile_of(bytes(whole[: data.draw(st.integers(12, len(whole)))]), kind.lower())
    assert found is None or isinstance(found, bytes)
