"""The options of the commands that learn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import listing, types

classifier = click.option(
    "--classifier",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    required=True,
    help="File that `imgsort train` wrote.",
)
_training = (
    click.option(
        "--weights",
        help="Your own file of weights for the model. `none`: begin with random weights and train everything.",
    ),
    options.size,
    click.option(
        "--split",
        type=types.Shares(),
        default="70/15/15",
        show_default=True,
        help="Shares of the images for training, for choosing settings (validation), and for the test.",
    ),
    click.option(
        "--test-dir",
        type=types.GivenPath(path_type=Path, file_okay=False),
        help="Folder of classes to use for the test, instead of the third share.",
    ),
    click.option(
        "--fine-tune", is_flag=True, help="Also train the backbone, at a low rate. Better, but takes minutes."
    ),
    click.option(
        "--augment",
        type=click.Choice(["none", "light", "strong"]),
        help="How much images are changed at random while a network is trained.  [default: light]",
    ),
    click.option(
        "--class-weights",
        type=click.Choice(["balanced", "none"]),
        default="balanced",
        show_default=True,
        help="balanced: all classes count alike, however many images each has.",
    ),
    click.option(
        "--epochs",
        type=click.IntRange(min=1),
        help="Network: largest number of epochs.  [default: 40; 12 with --fine-tune]",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        help="Network: images in each step.  [default: 16]",
    ),
    click.option(
        "--learning-rate",
        type=click.FloatRange(0, 1, min_open=True),
        help="Network: learning rate at the start.  [default: 0.0005; 0.0001 with --fine-tune]",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        default=0,
        show_default=True,
        help="Seed of the split and of training.",
    ),
    click.option(
        "--tensorboard",
        type=types.GivenPath(path_type=Path, file_okay=False),
        help="Write logs for TensorBoard into this folder.",
    ),
    *listing.rules,
    *options.running,
    options.offline,
    *options.reading,
)


def training_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a classifier is trained."""
    return options.add(_training, function)
