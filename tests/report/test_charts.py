import logging

import numpy as np
import pytest
from PIL import Image

from imgsort.report.charts import Curve, draw_bars, draw_confusion, draw_curves

# What names of classes and models may be: mathematics to Matplotlib, unknown to its font, long, with lines to draw.
NAMES = ["a$b$", "$\\frac$", "$$", "кошки", "犬猫", "😀", "x" * 255, "_hidden", "a\\b%{}", "-"]


def drawn(path) -> np.ndarray:
    """Return uint8 (height, width, 3) of a picture, which must be a PNG with something on it."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB"))
    assert np.ptp(pixels) > 100
    return pixels


def bands(pixels: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Return in how many bands, one below the other, a colour is seen."""
    rows = (np.abs(pixels.astype(int) - colour).max(axis=-1) < 3).any(axis=1)
    return int(rows[0]) + int((np.diff(rows.astype(int)) == 1).sum())


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_curves(tmp_path, steps):
    """Each figure is drawn beside the one before, for training and validation."""
    falling = [1 / (step + 1) for step in range(steps)]
    one, two = ([Curve(name, falling, falling[::-1]) for name in names] for names in (["loss"], ["loss", "accuracy"]))
    draw_curves(tmp_path / "one.png", "epoch", one)
    draw_curves(tmp_path / "two.png", "epoch", two)
    assert drawn(tmp_path / "two.png").shape[1] > 1.8 * drawn(tmp_path / "one.png").shape[1]


def test_a_curve_with_a_gap(tmp_path):
    """A loss that is no number is left out of the picture, and stops nothing."""
    draw_curves(tmp_path / "c.png", "step", [Curve("loss", [1.0, float("nan"), 0.5], [float("inf"), 1.0, 1.0])])
    drawn(tmp_path / "c.png")


@pytest.mark.parametrize("count", [2, 20, 21, 61])
def test_a_confusion_matrix_of_any_size(tmp_path, count):
    """From two classes to more than can be named, with classes that no image is of."""
    matrix = np.random.default_rng(0).integers(0, 50, (count, count))
    matrix[-1] = 0
    draw_confusion(tmp_path / "m.png", [f"class {number}" for number in range(count)], matrix.tolist())
    height, width, _ = drawn(tmp_path / "m.png").shape
    assert max(height, width) < 2000


def test_the_diagonal_is_dark(tmp_path):
    """A square is coloured by the share of its row: what is right of few images is as dark as of many."""
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
    """Whatever the classes are called, their names are text, and letters that the font has not are boxes."""
    draw_confusion(tmp_path / "m.png", NAMES, np.eye(len(NAMES), dtype=int).tolist())
    drawn(tmp_path / "m.png")


@pytest.mark.parametrize("name", NAMES)
def test_bars_of_any_names(tmp_path, name):
    """Whatever the models are called, likewise."""
    draw_bars(tmp_path / "b.png", ["vgg16", name], [0.9, 0.5], "accuracy")
    drawn(tmp_path / "b.png")


@pytest.mark.parametrize(
    "names",
    [["a"], ["a", "b", "c"], ["a" * 40 + "1", "a" * 40 + "2"], ["same", "same"]],
    ids=["1", "3", "long", "same"],
)
def test_a_bar_for_each_name(tmp_path, names):
    """There are as many bars as names, also where they look alike when they are shortened."""
    draw_bars(tmp_path / "b.png", names, [0.9, 0.6, 0.7][: len(names)], "accuracy")
    assert bands(drawn(tmp_path / "b.png"), (31, 119, 180)) == len(names)


def test_bars_of_nothing(tmp_path):
    """Values of 0 have bars without a length, and no warning."""
    draw_bars(tmp_path / "b.png", ["a", "b"], [0.0, 0.0], "accuracy")
    drawn(tmp_path / "b.png")


def pictures_at(path):
    """Yield each way to draw a picture at a path."""
    yield lambda: draw_curves(path, "step", [Curve("loss", [1.0], [2.0])])
    yield lambda: draw_confusion(path, ["a", "b"], [[1, 0], [0, 1]])
    yield lambda: draw_bars(path, ["a"], [1.0], "title")


def test_nothing_is_overwritten(tmp_path):
    """A name that is taken, be it by a dangling link, and a folder that is not there are refused."""
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
    """Same input, same output."""
    for name in ("one.png", "other.png"):
        draw_bars(tmp_path / name, ["a", "b"], [1.0, 2.0], "accuracy")
    assert np.array_equal(drawn(tmp_path / "one.png"), drawn(tmp_path / "other.png"))


def test_letters_that_the_font_has_not_are_no_news(tmp_path, caplog):
    """Boxes are drawn for them, and nothing is logged or warned of."""
    with caplog.at_level(logging.WARNING):
        draw_confusion(tmp_path / "m.png", ["犬猫", "😀"], [[1, 0], [0, 1]])
    assert not caplog.records
