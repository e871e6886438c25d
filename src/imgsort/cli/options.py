"""Every option that two commands share, once: each is a decorator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

# Names of the table in features/backbones.py, which is not imported here: it would be slow. A test compares.
MODEL_NAMES = ("vgg16", "resnet50", "efficientnet-lite0")


class GivenPath(click.Path):
    """A path that is not empty: an unset variable in a script must not become the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the argument into a Path."""
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


folder = click.argument("folder", type=GivenPath(path_type=Path))
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout and nothing else.")
seed = click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of K-Means.")
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress and no notices.")

_model = (
    click.option(
        "--model",
        type=click.Choice(MODEL_NAMES),
        help="Model that looks at the images. Pinned by this: if it cannot be had, that is an error.",
    ),
    click.option(
        "--weights",
        type=GivenPath(path_type=Path, dir_okay=False),
        help="File of weights for the model, brought by hand: .h5 as Keras publishes it, or .weights.h5.",
    ),
    click.option(
        "--pooling",
        type=click.Choice(["avg", "max", "none"]),
        default="avg",
        show_default=True,
        help="How the model's map becomes features: a mean or maximum per channel, or the whole map.",
    ),
    click.option("--size", type=click.IntRange(32, 2048), help="Side of the square that the model sees, in pixels."),
    click.option("--batch-size", type=click.IntRange(min=1), help="Images that go through the model at a time."),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "gpu"]),
        default="auto",
        show_default=True,
        help="Where the model runs; auto takes a CUDA GPU if TensorFlow sees one.",
    ),
)

_filing = (
    click.option(
        "--output",
        type=GivenPath(path_type=Path),
        help="Folder in which the new folders appear; by default the collection itself.",
    ),
    click.option("--copy", is_flag=True, help="Copy instead of moving. Needs --output."),
    click.option("--hardlink", is_flag=True, help="Make hard links instead of moving. Needs --output."),
    click.option("--symlink", is_flag=True, help="Make symbolic links instead of moving. Needs --output."),
    click.option("-n", "--dry-run", is_flag=True, help="Show what would be done and touch nothing."),
    click.option("-r", "--recursive", is_flag=True, help="Take the images in all subfolders too."),
    click.option("--strict", is_flag=True, help="Exit 3, with nothing moved, if an image cannot be read."),
    click.option("-v", "--verbose", is_flag=True, help="Show every move."),
)


def model_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which model looks at the images, and how."""
    return _apply(_model, function)


def filing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that files images."""
    return _apply(_filing, function)


def _apply(decorators: tuple[Decorator, ...], function: Callable[..., Any]) -> Callable[..., Any]:
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
