"""Draws charts as PNG files: the course of a training, a confusion matrix, and models side by side."""

import io
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.homes import give_libraries_homes

_DPI = 110
_MOST_NUMBERED = 20
_MOST_NAMED = 60
_LONGEST_NAME = 24


@dataclass(frozen=True)
class Curve:
    """One measure of a training, called `name`. `train` and `validation` hold its values, step by step."""

    name: str
    train: Sequence[float]
    validation: Sequence[float]


def draw_curves(path: Path, step: str, curves: Sequence[Curve]) -> None:
    """Draw one chart for each curve, side by side. `step` is the name of a step on the axis. Raises OSError."""
    figure = _figure(4.5 * len(curves), 3.6)
    for axes, curve in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        steps = range(1, len(curve.train) + 1)
        axes.plot(steps, curve.train, marker=".", label="train")
        axes.plot(steps, curve.validation, marker=".", label="validation")
        axes.set(title=curve.name, xlabel=step)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    _save(figure, path)


def draw_confusion(path: Path, names: Sequence[str], matrix: Sequence[Sequence[int]]) -> None:
    """Draw a confusion matrix with a row for each class. Colours show shares of the row's images. Raises OSError."""
    side = max(3.5, min(0.5 * len(names) + 2, 14))
    figure = _figure(side + 0.8, side)
    axes = figure.subplots()
    shares = [[count / max(sum(row), 1) for count in row] for row in matrix]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="taken for", ylabel="is")
    if len(names) <= _MOST_NAMED:
        shown = [_shortened(name) for name in names]
        axes.set_xticks(range(len(names)), shown, rotation=45, ha="right", parse_math=False)
        axes.set_yticks(range(len(names)), shown, parse_math=False)
    if len(names) <= _MOST_NUMBERED:
        for y, row in enumerate(matrix):
            for x, count in enumerate(row):
                colour = "white" if shares[y][x] > 0.5 else "black"
                axes.text(x, y, str(count), ha="center", va="center", color=colour)
    _save(figure, path)


def draw_bars(path: Path, names: Sequence[str], values: Sequence[float], title: str) -> None:
    """Draw one bar for each name. Raises OSError."""
    figure = _figure(7, 0.5 * len(names) + 1.4)
    axes = figure.subplots()
    bars = axes.barh(range(len(names)), values)
    axes.set_yticks(range(len(names)), [_shortened(name) for name in names], parse_math=False)
    axes.bar_label(bars, fmt="%.3g", padding=3)
    axes.set_title(title)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    _save(figure, path)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _figure(width: float, height: float) -> Any:
    """Return a figure of this size in inches. It needs no screen."""
    give_libraries_homes()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=_DPI, layout="constrained")


def _save(figure: Any, path: Path) -> None:
    """Write a new PNG file. Letters that the font does not have become boxes, which needs no warning."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    picture = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure.savefig(picture, format="png")
    with open(path, "xb") as handle:
        handle.write(picture.getvalue())
