import logging

import numpy as np
import pytest
from PIL import Image

from imgsort.report.charts import Curve, draw_bars, draw_confusion, draw_curves

# Names that classes and models may have. Matplotlib may read them as mathematics, as hidden labels or as lines, and its
# font may lack their letters. One name is long.
NAMES = ["a$b$", "$\\frac$", "$$", "кошки", "犬猫", "😀", "x" * 255, "_hidden", "a\\b%{}", "-"]


def drawn(path) -> np.ndarray:
    """Return the pixels of a picture, uint8 (height, width, 3).

    The picture must be a PNG with something on it.
    """
    with Image.open(path) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB"))
    assert np.ptp(pixels) > 100
    return pixels


def bands(pixels: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Return the number of bands, one below the other, in which a colour is seen."""
    rows = (np.abs(pixels.astype(int) - colour).max(axis=-1) < 3).any(axis=1)
    return int(rows[0]) + int((np.diff(rows.astype(int)) == 1).sum())


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_curves(tmp_path, steps):
    """Each figure is drawn beside the one before, with curves for training and validation."""
    falling = [1 / (step + 1) for step in range(steps)]
    one, two = ([Curve(name, falling, falling[::-1]) for name in names] for names in (["loss"], ["loss", "accuracy"]))
    draw_curves(tmp_path / "one.png", "epoch", one)
    draw_curves(tmp_path / "two.png", "epoch", two)
    assert drawn(tmp_path / "two.png").shape[1] > 1.8 * drawn(tmp_path / "one.png").shape[1]


def test_a_curve_with_a_gap(tmp_path):
    """A loss that is not a finite number is left out of the picture and does not stop the drawing."""
    draw_curves(tmp_path / "c.png", "step", [Curve("loss", [1.0, float("nan"), 0.5], [float("inf"), 1.0, 1.0])])
    drawn(tmp_path / "c.png")


@pytest.mark.parametrize("count", [2, 20, 21, 61])
def test_a_confusion_matrix_of_any_size(tmp_path, count):
    """A matrix may have two classes, or more classes than can be named.

    A class may have no images.
    """
    matrix = np.random.default_rng(0).integers(0, 50, (count, count))
    matrix[-1] = 0
    draw_confusion(tmp_path / "m.png", [f"class {number}" for number in range(count)], matrix.tolist())
    height, width, _ = drawn(tmp_path / "m.png").shape
    assert max(height, width) < 2000


def test_the_diagonal_is_dark(tmp_path):
    """The colour of a square is its share of its row.

    So a class of few images that are all right is as dark as a class of many.
    """
    draw_confusion(tmp_path / "m.png", ["a", "b"], [[900, 0], [0, 2]])
    pixels = drawn(tmp_path / "m.png")
    dark = np.abs(pixels.astype(int) - (8, 48, 107)).max(axis=-1) < 3
    rows, columns = np.nonzero(dark)
    middle_y, middle_x = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    upper = dark[: int(middle_y), : int(middle_x)].sum()
    lower = dark[int(middle_y) :, int(middle_x) :].sum()
    assert upper == pytest.approx(lower, rel=0.1)
    assert upper + lower > 0.95 * dark.sum()


def test_a_matrix_of_any_names(tmp_path):
    """Names of classes are always drawn as text, and letters that the font lacks are drawn as boxes."""
    draw_confusion(tmp_path / "m.png", NAMES, np.eye(len(NAMES), dtype=int).tolist())
    drawn(tmp_path / "m.png")


@pytest.mark.parametrize("name", NAMES)
def test_bars_of_any_names(tmp_path, name):
    """Names of models are always drawn as text too.

    Letters that the font lacks are drawn as boxes.
    """
    draw_bars(tmp_path / "b.png", ["vgg16", name], [0.9, 0.5], "accuracy")
    drawn(tmp_path / "b.png")


@pytest.mark.parametrize(
    "names",
    [["a"], ["a", "b", "c"], ["a" * 40 + "1", "a" * 40 + "2"], ["same", "same"]],
    ids=["1", "3", "long", "same"],
)
def test_a_bar_for_each_name(tmp_path, names):
    """There are as many bars as names, even if the shortened names look alike."""
    draw_bars(tmp_path / "b.png", names, [0.9, 0.6, 0.7][: len(names)], "accuracy")
    assert bands(drawn(tmp_path / "b.png"), (31, 119, 180)) == len(names)


def test_bars_of_nothing(tmp_path):
    """Values of 0 give bars without a length, and no warning."""
    draw_bars(tmp_path / "b.png", ["a", "b"], [0.0, 0.0], "accuracy")
    drawn(tmp_path / "b.png")


def pictures_at(path):
    """Yield, for each way to draw a picture, a function that draws it at `path`."""
    yield lambda: draw_curves(path, "step", [Curve("loss", [1.0], [2.0])])
    yield lambda: draw_confusion(path, ["a", "b"], [[1, 0], [0, 1]])
    yield lambda: draw_bars(path, ["a"], [1.0], "title")


def test_nothing_is_overwritten(tmp_path):
    """A name that is taken is an error, even if only a dangling link has it.

    A folder that does not exist is an error too.
    """
    (tmp_path / "there.png").write_bytes(b"mine")
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere")
    for name in ("there.png", "link.png"):
        for draw in pictures_at(tmp_path / name):
            with pytest.raises(FileExistsError):
                draw()
    for draw in pictures_at(tmp_path / "no" / "x.png"):
        with pytest.raises(FileNotFoundError):
            draw()
    assert (tmp_path / "there.png").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.png", "there.png"]


def test_the_same_figures_give_the_same_picture(tmp_path):
    """The same figures always give the same picture."""
    for name in ("one.png", "other.png"):
        draw_bars(tmp_path / name, ["a", "b"], [1.0, 2.0], "accuracy")
    assert np.array_equal(drawn(tmp_path / "one.png"), drawn(tmp_path / "other.png"))


def test_letters_that_the_font_has_not_are_no_news(tmp_path, caplog):
    """Letters that the font lacks are drawn as boxes, without a log message or a warning."""
    with caplog.at_level(logging.WARNING):
        draw_confusion(tmp_path / "m.png", ["犬猫", "😀"], [[1, 0], [0, 1]])
    assert not caplog.records
