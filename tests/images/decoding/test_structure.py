import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgsort.errors import TruncatedImageError, UnreadableImageError
from imgsort.images.decoding.decode import decode
from imgsort.images.decoding.structure import require_whole
from tests.support.pictures import encode, gradient, png, png_chunk, see_through

# Each file, and how many bytes at its end say nothing about the pixels. Without these bytes it still counts as whole.
FILES = {
    "jpeg": (encode(gradient(), "JPEG"), 0),
    "jpeg, progressive": (encode(gradient(), "JPEG", progressive=True), 0),
    "png": (encode(gradient(), "PNG"), 0),
    "png, transparent": (encode(see_through(), "PNG"), 0),
    "gif": (encode(gradient(), "GIF"), 1),  # the trailer, which some programs forget
    "tiff": (encode(gradient(), "TIFF"), 0),
    "tiff, directory last": (encode(gradient(), "TIFF", compression="tiff_lzw"), 0),
    "tiff, transparent": (encode(see_through(), "TIFF"), 0),
    "bmp": (encode(gradient(), "BMP"), 0),
    "webp": (encode(gradient(), "WEBP"), 0),
    "webp, transparent": (encode(see_through(), "WEBP"), 0),
    "avif": (encode(gradient(), "AVIF"), 0),
}


@pytest.mark.parametrize("name", FILES)
def test_every_prefix_is_refused(name):
    """Every file that lacks its end is refused, and raises no other error."""
    data, spare = FILES[name]
    step = max(1, len(data) // 300)
    lengths = {
        *range(0, len(data) - spare, step),
        *range(min(64, len(data))),
        *range(len(data) - 40, len(data) - spare),
    }
    for length in sorted(lengths):
        with pytest.raises(UnreadableImageError):
            decode(data[:length])
    assert decode(data).shape == (24, 40, 3)
    assert decode(data[: len(data) - spare]).shape == (24, 40, 3)


def test_every_prefix_of_a_heic_is_refused():
    """A HEIC that lacks its end is refused too."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    data = encode(gradient(64, 64), "HEIF")
    for length in range(0, len(data), 7):
        with pytest.raises(UnreadableImageError):
            decode(data[:length])


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(FILES)), st.randoms(use_true_random=False))
def test_damage_anywhere_is_a_picture_or_a_reason(name, chance):
    """A file with changed bytes gives a picture or a reason, never another error."""
    data = bytearray(FILES[name][0])
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        pixels = decode(bytes(data))
    except UnreadableImageError as error:
        assert str(error)
    else:
        assert (pixels.dtype, pixels.ndim, pixels.shape[2]) == (np.uint8, 3, 3)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(["jpeg", "png", "gif", "tiff", "bmp", "webp", "avif", "heif"]), st.binary(max_size=300))
def test_a_walk_ends_whatever_the_bytes(kind, data):
    """`require_whole` returns or says what is wrong, for any bytes."""
    try:
        require_whole(data, kind)
    except UnreadableImageError as error:
        assert str(error)


@pytest.mark.parametrize("name", [name for name in FILES if name != "avif"])
def test_a_tail_of_rubbish_is_fine(name):
    """Bytes after the end of a picture do not matter."""
    data, _ = FILES[name]
    require_whole(data + random.Random(1).randbytes(999), name.partition(",")[0])


def test_a_preview_inside_is_not_the_end():
    """The end mark of a preview in a JPEG's metadata does not end the picture."""
    data = encode(gradient(), "JPEG")
    preview = encode(gradient(8, 8), "JPEG")
    with_preview = data[:2] + b"\xff\xe2" + (len(preview) + 2).to_bytes(2, "big") + preview + data[2:]
    require_whole(with_preview, "jpeg")
    with pytest.raises(TruncatedImageError):
        require_whole(with_preview[:-2], "jpeg")


def test_a_jpeg_of_metadata_alone_is_no_image():
    """A JPEG that holds only a header is not an image; cutting out a preview leaves such a file."""
    with pytest.raises(UnreadableImageError, match="it holds no image, only a header"):
        require_whole(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9", "jpeg")


def test_a_jpeg_of_ten_thousand_scans_is_refused():
    """A JPEG of ten thousand scans is refused.

    Each scan goes over all pixels, so thousands of scans in a small file are an attack.
    """
    data = encode(gradient(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(UnreadableImageError, match=r"damaged: more than \d+ scans"):
        decode(data[:last] + data[last:-2] * 10_000 + data[-2:])


def test_a_bad_checksum_counts_only_where_pixels_are():
    """A wrong checksum of a text chunk does not matter, but a wrong checksum of pixels does."""
    text = bytearray(png_chunk(b"tEXt", b"a\0b"))
    text[-1] ^= 1
    good = png(gradient(), 8, 2, before=bytes(text), after=bytes(text))
    assert np.array_equal(decode(good), gradient())
    bad = bytearray(good)
    bad[good.index(b"IDAT") + 30] ^= 1
    with pytest.raises(UnreadableImageError, match="damaged: bad checksum in its IDAT data"):
        decode(bytes(bad))


@pytest.mark.parametrize("name", [b"IEND", b"IDAT"])
def test_a_bad_checksum_of_an_empty_chunk_is_fine(name):
    """A wrong checksum of a chunk that holds nothing takes nothing from the picture."""
    whole = png(gradient(), 8, 2, after=png_chunk(b"IDAT", b""))
    place = whole.rindex(name) + 4
    bad = whole[:place] + b"\x12\x34\x56\x78" + whole[place + 4 :]
    assert bad != whole
    assert np.array_equal(decode(bad), gradient())
    assert np.array_equal(decode(bad + b"a trailer"), gradient())


def test_a_png_of_a_million_parts_is_refused(monkeypatch):
    """A PNG of too many parts is refused: it is an attack on every program that goes through the parts."""
    monkeypatch.setattr("imgsort.images.decoding.parts.MAX_PARTS", 1000)
    data = png(gradient(), 8, 2, before=png_chunk(b"tEXt", b"") * 1001)
    with pytest.raises(UnreadableImageError, match="damaged: more than 1000 parts"):
        decode(data)


def test_a_gif_of_too_many_parts_is_refused(monkeypatch):
    """A GIF of too many blocks is refused too."""
    monkeypatch.setattr("imgsort.images.decoding.structure._MAX_GIF_BLOCKS", 10)
    data = encode(gradient(), "GIF", comment=b"x" * 255 * 20)
    with pytest.raises(UnreadableImageError, match="damaged: more than 10 parts"):
        decode(data)


@pytest.mark.parametrize("block", [b"!\xfe\0", b"!\xf9\0", b"!\xfe\1x\0"])
def test_a_gif_of_too_many_empty_blocks_is_refused_before_its_header_is_read(monkeypatch, block):
    """A GIF of too many empty blocks is refused before Pillow reads its header.

    Empty blocks count as parts too. Pillow would go through any number of them.
    """
    monkeypatch.setattr("imgsort.images.decoding.structure._MAX_GIF_BLOCKS", 10)
    monkeypatch.setattr("imgsort.images.decoding.decode.read_header", None)
    data = encode(gradient(), "GIF")
    place = data.index(b"\x2c\0\0\0\0")
    with pytest.raises(UnreadableImageError, match="damaged: more than 10 parts"):
        decode(data[:place] + block * 11 + data[place:])


def test_a_bad_checksum_of_transparency_is_damage():
    """The checksum of tRNS counts, because the transparent colour changes pixels."""
    key = bytearray(png_chunk(b"tRNS", bytes(6)))
    key[-1] ^= 1
    with pytest.raises(UnreadableImageError, match="damaged: bad checksum in its tRNS data"):
        decode(png(gradient(), 8, 2, before=bytes(key)))


def test_a_floating_point_tiff_is_refused_with_its_reason():
    """A floating-point TIFF is refused, because measured values have no colours of their own."""
    values = Image.fromarray(np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10))
    with pytest.raises(UnreadableImageError, match="measured values"):
        decode(encode(values, "TIFF"))


@pytest.mark.parametrize("sides", [(-(2**31), 24), (40, -(2**31)), (2**31 - 1, 2**31 - 1), (0, 24), (40, 0)])
def test_a_bmp_with_absurd_sides_is_refused(sides):
    """A BMP with a side of zero, or with the smallest or largest integer, is refused."""
    data = bytearray(encode(gradient(), "BMP"))
    data[18:26] = b"".join(side.to_bytes(4, "little", signed=True) for side in sides)
    with pytest.raises(UnreadableImageError):
        decode(bytes(data))


def test_a_bmp_stored_from_above_is_read():
    """A negative height in a BMP means that the top row comes first."""
    data = bytearray(encode(gradient(), "BMP"))
    data[22:26] = (-24).to_bytes(4, "little", signed=True)
    assert np.array_equal(decode(bytes(data)), gradient()[::-1])


def test_boxes_without_a_size_are_refused():
    """A box without a size is refused, because a walk through the boxes would never end."""
    head = b"\x00\x00\x00\x10ftypavif" + bytes(4)
    with pytest.raises(UnreadableImageError, match="a box of no size"):
        require_whole(head + b"\x00\x00\x00\x04free", "avif")
    with pytest.raises(UnreadableImageError, match="a box of no size"):
        require_whole(head + b"\x00\x00\x00\x01free" + bytes(8), "avif")
    require_whole(head + b"\x00\x00\x00\x00mdat to the end", "avif")
