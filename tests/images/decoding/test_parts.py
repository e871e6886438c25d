import random

import numpy as np
import pytest
from PIL import Image

from imgsort.images.decoding.decode import decode
from imgsort.images.decoding.parts import is_needed, without_metadata
from tests.support.pictures import encode, exif, gradient, see_through


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [(b"IHDR", True), (b"IDAT", True), (b"tRNS", True), (b"iCCP", False), (b"tEXt", False), (b"eXIf", False)],
)
def test_pixels_need_the_critical_chunks_and_transparency(chunk, expected):
    """Pixels need the critical chunks of a PNG, and the transparency in tRNS.

    The case of a chunk's first letter says whether it is critical (PNG specification, 5.4). tRNS is the exception.
    """
    assert is_needed(chunk) is expected


def test_metadata_is_left_out_and_pixels_stay():
    """A file without profiles, comments and EXIF data is smaller, and its picture is the same."""
    more = {"icc_profile": random.Random(0).randbytes(3000), "exif": exif((0x0112, 3, 1, b"\x06\0\0\0"))}
    for kind, picture in (("JPEG", Image.fromarray(gradient()).convert("CMYK")), ("PNG", see_through())):
        data = encode(picture, kind, **more)
        lean = without_metadata(data, kind.lower())
        assert len(lean) < len(data) - 100
        assert np.array_equal(decode(lean), decode(encode(picture, kind)))
