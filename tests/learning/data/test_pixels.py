import numpy as np
import pytest

from imgsort import mapped
from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import find_images
from imgsort.learning.data.dataset import LabelledImages
from imgsort.learning.data.pixels import squares_of
from tests.support.pictures import encode, gradient


@pytest.fixture
def images(tmp_path) -> LabelledImages:
    """Pictures that are wide, high, small and turned."""
    for name, size, orientation in (
        ("a", (24, 40), None),
        ("b", (90, 30), None),
        ("c", (5, 5), None),
        ("d", (40, 24), 6),
    ):
        (tmp_path / f"{name}.png").write_bytes(encode(gradient(*size), "PNG", orientation))
    files = find_images(tmp_path).files
    return LabelledImages(tmp_path, files, ("",) * len(files), np.zeros(len(files), np.intp))


@pytest.mark.parametrize("most_resident", [10**9, 0])
def test_each_image_becomes_a_square(monkeypatch, images, most_resident):
    """Each image becomes an upright uint8 RGB square, scaled to fit and centred on black.

    The squares are in the order of the files, whether they lie in memory or in a file.
    """
    monkeypatch.setattr(mapped, "MOST_RESIDENT_BYTES", most_resident)
    calls = []
    squares = squares_of(images, 40, DEFAULTS, lambda *counts: calls.append(counts))
    assert (squares.shape, squares.dtype) == ((4, 40, 40, 3), np.uint8)
    upright = [gradient(24, 40), gradient(90, 30), gradient(5, 5), np.rot90(gradient(40, 24), -1)]
    for number, pixels in enumerate(upright):
        difference = squares[number].astype(int) - Square(40).fill(np.ascontiguousarray(pixels))
        assert np.abs(difference).max() <= 8, f"picture {number}"
    assert np.array_equal(squares[0], Square(40).fill(gradient(24, 40)))
    assert not squares[0, :8].any()
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_no_images(tmp_path):
    """No images give no squares. A part with a share of 0 has no images."""
    none = LabelledImages(tmp_path, (), (), np.zeros(0, np.intp))
    squares = squares_of(none, 32, DEFAULTS, lambda *_: pytest.fail("there is nothing to hear"))
    assert (squares.shape, squares.dtype) == ((0, 32, 32, 3), np.uint8)


@pytest.mark.parametrize("kind", ["gone", "damaged"])
def test_an_image_that_was_there_a_moment_ago(images, kind):
    """If an image was removed or changed in the meantime, the error names its whole path."""
    file = images.root / "b.png"
    if kind == "gone":
        file.unlink()
    else:
        file.write_bytes(b"no image")
    with pytest.raises(UnreadableImageError, match=r"b\.png: .*It could be read a moment ago") as error:
        squares_of(images, 32, DEFAULTS, lambda *_: None)
    assert str(file) in str(error.value)
