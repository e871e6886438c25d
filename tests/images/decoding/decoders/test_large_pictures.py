import struct

import numpy as np
import pytest
from PIL import Image

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import decode
from imgsort.images.decoding.decoders import large_pictures, pillow_decoder
from tests.images.test_corpus import outcomes
from tests.support.pictures import encode, gradient, see_through

# A third of 50 megapixels, for which a GiB is allowed: the memory beside the pixels is that of the process itself.
SIDE, MOST_MIB_OF_THEM = 4000, 320


def deep_tiff(pixels):
    """Return a TIFF in one strip of `pixels`, uint16 (h, w, 3)."""
    height, width = pixels.shape[:2]
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 134), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 140), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, pixels.nbytes), (284, 3, 1, 1)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\x00" + struct.pack("<I", 8) + directory + bytes(4)
    return head + struct.pack("<HHH", 16, 16, 16) + pixels.tobytes()


def layers(side):
    """Return RGBA that no codec can shrink by much."""
    chance = np.random.default_rng(0).integers(0, 64, (side // 10, side, 4), np.uint8)
    return Image.fromarray(np.tile(chance, (10, 1, 1)))


def large(name):
    """Return a file of 16 megapixels that took more than that once, by the name that it gets."""
    if name == "deep.tif":
        return deep_tiff(np.zeros((SIDE, SIDE, 3), np.uint16))
    return encode(layers(SIDE), "WEBP", lossless=True, method=0)


@pytest.mark.parametrize("name", ["deep.tif", "layers.webp"])
def test_a_large_picture_takes_little_memory(tmp_path, name):
    """A picture just below 50 megapixels would be read in less than a GiB, whatever its kind keeps for a pixel."""
    (tmp_path / name).write_bytes(large(name))
    [found] = outcomes(tmp_path)
    assert (found["reason"], found["peak_mib"] < MOST_MIB_OF_THEM) == (None, True), found


def test_a_jpeg_2000_with_no_smaller_sizes_is_refused_if_it_takes_too_much(monkeypatch):
    """A JPEG 2000 with transparency is refused by its header if its layers would take more than a GiB."""
    data = encode(see_through(), "JPEG2000", num_resolutions=1)
    assert decode(data).shape[2] == 3
    monkeypatch.setattr(pillow_decoder, "_MOST_LAYERED_JP2_PIXELS", 10)
    with pytest.raises(UnreadableImageError, match="no smaller sizes"):
        decode(data)


@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": True, "exact": True}, {"quality": 80}])
def test_a_large_webp_gets_the_same_pixels(monkeypatch, options):
    """The way for large pictures with transparency gives the pixels of the usual way."""
    data = encode(see_through(), "WEBP", **options)
    usual = decode(data)
    monkeypatch.setattr(large_pictures, "_MOST_SMALL_PIXELS", 0)
    monkeypatch.setattr("imgsort.images.decoding.decode.decode_by_pillow", None)
    assert np.array_equal(decode(data), usual)


def test_a_large_deep_tiff_gets_the_same_pixels(monkeypatch):
    """The way for large TIFFs of 16 bits gives the pixels of the usual way, to the last bit but one."""
    data = deep_tiff(gradient().astype(np.uint16) * 257)
    assert np.array_equal(decode(data), gradient())
    monkeypatch.setattr(large_pictures, "_MOST_SMALL_PIXELS", 0)
    monkeypatch.setattr("imgsort.images.decoding.decode.decode_by_opencv", None)
    assert np.array_equal(decode(data), gradient())


def test_what_the_way_for_large_pictures_does_not_decode_is_decoded_as_usual(monkeypatch):
    """A TIFF of 8 bits, and a WebP that is damaged, are left to the usual decoders."""
    monkeypatch.setattr(large_pictures, "_MOST_SMALL_PIXELS", 0)
    assert np.array_equal(decode(encode(Image.fromarray(gradient()), "TIFF")), gradient())
    data = bytearray(encode(see_through(), "WEBP", lossless=True))
    data[-len(data) // 2 :] = b"\x55" * (len(data) // 2)
    with pytest.raises(UnreadableImageError, match="damaged: its webp data"):
        decode(bytes(data))
