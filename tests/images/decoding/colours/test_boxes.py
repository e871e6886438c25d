import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgsort.images.decoding.colours.boxes import profile_of_boxes
from imgsort.images.decoding.colours.coded_colours import coded_profile
from imgsort.images.decoding.decode import decode
from tests.support import profiles
from tests.support.pictures import encode, gradient


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def icc(profile: bytes, kind: bytes = b"prof") -> bytes:
    return box(b"colr", kind + profile)


def nclx(primaries: int, transfer: int) -> bytes:
    return box(b"colr", struct.pack(">4sHHHB", b"nclx", primaries, transfer, 1, 0x80))


def heif(properties: list[bytes], owners: dict[int, list[int]], main: int = 1) -> bytes:
    """Return the boxes that say which item of a file has which properties."""
    entries = b"".join(
        struct.pack(">HB", item, len(numbers)) + bytes(0x80 | number for number in numbers)
        for item, numbers in owners.items()
    )
    ipma = box(b"ipma", bytes(4) + struct.pack(">I", len(owners)) + entries)
    iprp = box(b"iprp", box(b"ipco", b"".join(properties)) + ipma)
    meta = box(b"meta", bytes(4) + box(b"pitm", bytes(4) + struct.pack(">H", main)) + iprp)
    return box(b"ftyp", b"heic" + bytes(4)) + meta


P3, ADOBE = profiles.display_p3(), profiles.adobe_rgb()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (heif([icc(P3)], {1: [1]}), P3),
        (heif([icc(P3, b"rICC")], {1: [1]}), P3),
        (heif([box(b"ispe", bytes(12)), icc(P3)], {1: [1, 2]}), P3),
        (heif([icc(ADOBE), icc(P3)], {1: [1], 2: [2]}, main=2), P3),
        (heif([nclx(1, 13), icc(P3)], {1: [1, 2]}), P3),
        (heif([icc(P3)], {7: [1]}, main=9), P3),
        (heif([nclx(12, 13)], {1: [1]}), coded_profile(12, 13)),
        (heif([nclx(2, 2)], {1: [1]}), None),
        (heif([box(b"ispe", bytes(12))], {1: [1]}), None),
        (heif([], {}), None),
        (b"", None),
    ],
    ids=range(11),
)
def test_the_colours_of_the_main_picture_are_found(data, expected):
    """The profile of the main picture counts, then its code points, then what the file holds for its tiles."""
    assert profile_of_boxes(data) == expected


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_a_real_file_gives_back_its_profile(kind):
    """The profile that another program wrote into an AVIF or a HEIC is found, byte for byte."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    assert profile_of_boxes(encode(gradient(64, 64), kind, icc_profile=P3)) == P3


def test_code_points_convert_an_avif():
    """An AVIF that says Display P3 by code points only is converted."""
    flat = Image.new("RGB", (64, 64), (200, 60, 40))
    data = encode(flat, "AVIF", quality=100)
    start = data.index(b"nclx")
    changed = data[: start + 4] + struct.pack(">HH", 12, 13) + data[start + 8 :]
    expected = profiles.in_srgb(Image.fromarray(decode(data)), P3)
    assert np.abs(decode(changed).astype(int) - expected).max() <= 2
    assert np.abs(expected.astype(int) - np.asarray(flat)).max() > 12


@settings(deadline=None)
@given(st.data())
def test_damaged_boxes_have_an_answer(data):
    """Boxes with any bytes changed or cut off are searched without an error."""
    whole = bytearray(heif([nclx(1, 13), icc(P3[:200])], {1: [1, 2], 3: [1]}))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    assert profile_of_boxes(cut) is None or isinstance(profile_of_boxes(cut), bytes)
