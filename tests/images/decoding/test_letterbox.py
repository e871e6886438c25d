import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imgsort.images.decoding.letterbox import Square, fitted_size_hw

side = st.integers(1, 200)
long_side = st.integers(1, 5000)
shapes = st.one_of(
    st.tuples(side, side), st.tuples(st.just(1), long_side), st.tuples(long_side, st.just(1)), st.just((5000, 1))
)
sizes = st.integers(1, 200)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 5001 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(deadline=None)
@given(shapes, sizes)
def test_the_content_fits_is_centred_and_keeps_its_shape(shape, size_px):
    """A white picture becomes one white box in the middle of the square.

    The box is white up to its edges and fits the square. Its shape is exact to one pixel, and so are equal borders.
    """
    square = Square(size_px).fill(np.full((*shape, 3), 255, np.uint8))
    assert (square.shape, square.dtype) == ((size_px, size_px, 3), np.uint8)

    rows, columns = (np.flatnonzero(square.any(axis=(other, 2))) for other in (1, 0))
    scale = size_px / max(shape)
    for filled, length in zip((rows, columns), shape, strict=True):
        assert len(filled) >= 1
        assert abs(len(filled) - length * scale) < 1
        before, after = filled[0], size_px - 1 - filled[-1]
        assert abs(before - after) <= 1
    box = square[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert max(box.shape[:2]) == size_px
    assert (box == 255).all()
    assert np.count_nonzero(square) == box.size


@settings(deadline=None)
@given(shapes, sizes, st.sampled_from([1.0, 1.5]))
@example((2, 13), 9, 1.5)
def test_pixels_are_those_of_opencv(shape, size_px, averaged_from):
    """Pictures shrink by averaging, a little perhaps bilinearly, and grow cubically. The given one is not changed."""
    pixels = noise(*shape)
    before = pixels.copy()
    square = Square(size_px, averaged_from=averaged_from).fill(pixels)
    assert np.array_equal(pixels, before)

    height, width = fitted_size_hw(*shape, size_px)
    ratio = max(shape[0] / height, shape[1] / width)  # a rounded side may shrink more than the other
    way = cv2.INTER_AREA if ratio > 1 and ratio >= averaged_from else cv2.INTER_LINEAR if ratio > 1 else cv2.INTER_CUBIC
    expected = cv2.resize(pixels, (width, height), interpolation=way)
    top, left = (size_px - height) // 2, (size_px - width) // 2
    assert np.array_equal(square[top : top + height, left : left + width], expected)


@pytest.mark.parametrize(
    ("size_px", "way", "other"), [(20, "AREA", "LINEAR"), (40, "LINEAR", "AREA"), (90, "CUBIC", "LINEAR")]
)
def test_the_ways_can_be_told_apart(size_px, way, other):
    """The right interpolation is used, on a picture where the two interpolations differ."""
    pixels = noise(50, 50)
    expected, wrong = (
        cv2.resize(pixels, (size_px, size_px), interpolation=getattr(cv2, f"INTER_{name}")) for name in (way, other)
    )
    assert not np.array_equal(expected, wrong)
    assert np.array_equal(Square(size_px, averaged_from=1.5).fill(pixels), expected)


@settings(deadline=None)
@given(st.integers(1, 100_000), st.integers(1, 100_000), st.integers(1, 1000))
def test_no_side_is_ever_zero(height, width, size_px):
    """Each side has at least one pixel, and the longer side equals the side of the square."""
    fitted = fitted_size_hw(height, width, size_px)
    assert min(fitted) >= 1
    assert max(fitted) == size_px


def test_a_picture_of_the_right_size_is_unchanged():
    """A square picture of the requested size comes back with the same pixels."""
    assert np.array_equal(Square(64).fill(noise(64, 64)), noise(64, 64))


@pytest.mark.parametrize("size_px", [1, 7, 64])
def test_every_thin_shape_fills_its_square(size_px):
    """A white picture of 1x1 to 1x5000 pixels, or 5000x1, becomes a white line through the middle of the square."""
    for length in (*range(1, 60), 499, 500, 501, 2047, 2048, 4999, 5000):
        for shape in ((1, length), (length, 1)):
            square = Square(size_px).fill(np.full((*shape, 3), 255, np.uint8))
            assert square.shape == (size_px, size_px, 3)
            height, width = fitted_size_hw(*shape, size_px)
            assert np.count_nonzero(square) == height * width * 3
            assert square[(size_px - height) // 2, (size_px - width) // 2].all()


@settings(deadline=None)
@given(shapes, sizes)
def test_shrinking_never_enlarges(shape, size_px):
    """A picture that fits comes back as it is; a larger picture is shrunk to fit exactly.

    The given picture is never written to.
    """
    pixels = noise(*shape)
    before = pixels.copy()
    shrunk = Square(size_px).shrink(pixels)
    assert np.array_equal(pixels, before)
    if max(shape) <= size_px:
        assert shrunk is pixels
    else:
        assert shrunk.shape == (*fitted_size_hw(*shape, size_px), 3)
        assert max(shrunk.shape[:2]) == size_px


@settings(deadline=None)
@given(shapes, sizes)
def test_a_stretched_picture_fills_its_square(shape, size_px):
    """A white picture of any shape becomes a white square. The given picture is not changed."""
    pixels = np.full((*shape, 3), 255, np.uint8)
    square = Square(size_px, "stretch").fill(pixels)
    assert (square.shape, square.dtype) == ((size_px, size_px, 3), np.uint8)
    assert (square == 255).all()
    assert (pixels == 255).all()


@settings(deadline=None)
@given(shapes, sizes, st.sampled_from(["letterbox", "stretch"]))
def test_shrinking_first_changes_nothing(shape, size_px, fit):
    """A picture that is shrunk for its square, and then brought into it, looks as if that was done at once."""
    pixels, square = noise(*shape), Square(size_px, fit)
    before = pixels.copy()
    shrunk = square.shrink(pixels)
    assert np.array_equal(pixels, before)
    assert np.array_equal(square.fill(shrunk), square.fill(pixels))
    if fit == "stretch":
        assert shrunk.shape[:2] == (min(shape[0], size_px), min(shape[1], size_px))


def test_stretching_keeps_what_lies_where():
    """A wide picture with a white left half becomes a square with a white left half."""
    pixels = np.zeros((100, 400, 3), np.uint8)
    pixels[:, :200] = 255
    square = Square(60, "stretch").fill(pixels)
    assert (square[:, :29] == 255).all()
    assert (square[:, 31:] == 0).all()


@pytest.mark.parametrize(
    ("fit", "size_hw", "divisor"),
    [
        ("letterbox", (400, 1600), 8),
        ("stretch", (400, 1600), 2),
        ("letterbox", (100, 100), 0),
        ("stretch", (900, 50), 0),
    ],
)
def test_the_divisor_is_that_of_the_side_that_must_not_get_too_small(fit, size_hw, divisor):
    """A letterboxed picture needs its longer side, a stretched one its shorter side too."""
    height, width = size_hw
    assert Square(200, fit).whole_divisor(width, height) == divisor
