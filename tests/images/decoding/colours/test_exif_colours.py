import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgsort.images.decoding.colours.exif_colours import is_adobe_rgb
from imgsort.images.decoding.decode import decode
from tests.support import profiles
from tests.support.pictures import encode


def camera_exif(space: int | None, index: bytes | None, order: str = "<") -> bytes:
    """Return EXIF data as a camera writes it: the picture's directory, Exif's, and the one about interoperability."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    second = [struct.pack(order + "HHIHxx", 0xA001, 3, 1, space)] if space is not None else []
    second += [struct.pack(order + "HHII", 0xA005, 4, 1, 100)] if index is not None else []
    third = [struct.pack(order + "HHI4s", 1, 2, 4, index)] if index is not None else []
    data = magic + struct.pack(order + "I", 8)
    data += struct.pack(order + "HHHIII", 1, 0x8769, 4, 1, 40, 0)
    data = data.ljust(40, b"\0") + struct.pack(order + "H", len(second)) + b"".join(second) + bytes(4)
    return data.ljust(100, b"\0") + struct.pack(order + "H", len(third)) + b"".join(third) + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("space", "index", "expected"),
    [
        (0xFFFF, b"R03\0", True),
        (None, b"R03\0", True),
        (2, None, True),
        (2, b"R98\0", True),
        (1, b"R98\0", False),
        (1, b"R03\0", False),
        (0xFFFF, b"R98\0", False),
        (0xFFFF, None, False),
        (None, None, False),
    ],
)
def test_a_camera_says_adobe_rgb_in_two_ways(space, index, expected, order):
    """The index R03 with an uncalibrated colour space, or the colour space 2, mean Adobe RGB, in both byte orders."""
    assert is_adobe_rgb(camera_exif(space, index, order)) is expected


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_picture_in_adobe_rgb_without_a_profile_is_converted(kind):
    """A picture that names Adobe RGB only in EXIF has the colours that the profile of Adobe RGB gives it."""
    flat = Image.new("RGB", (32, 32), (180, 90, 60))
    options = {"quality": 100, "exif": b"Exif\0\0" + camera_exif(0xFFFF, b"R03\0")}
    stored = Image.fromarray(decode(encode(flat, kind, quality=100)))
    expected = profiles.in_srgb(stored, profiles.adobe_rgb()).astype(int)
    assert np.abs(decode(encode(flat, kind, **options)) - expected).max() <= 2
    assert np.abs(expected - np.asarray(flat)).max() > 12


def test_an_embedded_profile_counts_more_than_exif():
    """A JPEG with a profile of sRGB and the index R03 is sRGB."""
    flat = Image.new("RGB", (32, 32), (180, 90, 60))
    exif = b"Exif\0\0" + camera_exif(0xFFFF, b"R03\0")
    with_both = encode(flat, "JPEG", exif=exif, icc_profile=profiles.built_in_srgb())
    assert np.array_equal(decode(with_both), decode(encode(flat, "JPEG")))


@given(st.binary(max_size=300), st.sampled_from([b"II*\0", b"MM\0*", b""]))
def test_any_bytes_have_an_answer(data, magic):
    """Any EXIF data, also with the hints in it, is judged without an error."""
    assert is_adobe_rgb(magic + b"\x08\0\0\0" + data + b"R03") in (True, False)
