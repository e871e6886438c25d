"""The options that say which images are outliers, faulty, or sure enough of their class."""

from collections.abc import Callable
from typing import Any

import click

from imgsort.cli.options import types
from imgsort.cli.options.common import REASONS, add

# The defaults are those of images/judging/quality.py. It is heavy, so it is not imported here. A test compares them.
_limits = (
    click.option(
        "--min-side",
        "min_side_px",
        type=click.IntRange(min=0),
        default=64,
        show_default=True,
        help="too-small: the shorter side has fewer pixels than this.",
    ),
    click.option(
        "--min-contrast",
        type=float,
        default=8.0,
        show_default=True,
        help="blank: the colours (0-255) vary by less than this.",
    ),
    click.option(
        "--max-aspect",
        type=float,
        default=4.0,
        show_default=True,
        help="odd-aspect: the longer side is more than this many times the shorter side.",
    ),
    click.option(
        "--min-highlights",
        type=float,
        default=140.0,
        show_default=True,
        help="too-dark: even the brightest pixels (0-255) are darker than this.",
    ),
    click.option(
        "--max-overexposure",
        type=float,
        default=0.26,
        show_default=True,
        help="too-bright: a larger share than this is pure white; a white backdrop does not count.",
    ),
    click.option(
        "--min-sharpness",
        type=float,
        default=0.23,
        show_default=True,
        help="blurred: even the sharpest edges are softer than this (contrast share per pixel).",
    ),
    click.option(
        "--max-distance",
        type=click.IntRange(0, 64),
        default=8,
        show_default=True,
        help="near-duplicate: perceptual hashes differ in at most this many of 64 bits.",
    ),
)
_neighbors = click.option(
    "--neighbors",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="With knn: how many neighbours count.",
)
_outliers = (
    click.option(
        "--max",
        "max_outliers",
        type=click.IntRange(min=1),
        default=8,
        show_default=True,
        help="Move at most this many images.",
    ),
    click.option(
        "--method",
        type=click.Choice(["two-clusters", "knn"]),
        default="two-clusters",
        show_default=True,
        help="two-clusters: as the original program. knn: images far from their nearest neighbours; finds more.",
    ),
    _neighbors,
    click.option(
        "--threshold",
        type=types.AutoOr(click.FloatRange(0, 2)),
        metavar="FLOAT|auto",
        help="With knn, instead of --max: all images with a larger distance (0 to 2). auto takes those that stand out.",
    ),
)
_reasons = click.option(
    "--reason",
    "reasons",
    multiple=True,
    type=click.Choice(REASONS),
    metavar="REASON",
    help="Report and move files with this reason only. May be given several times.",
)
confidence = click.option(
    "--confidence",
    type=click.FloatRange(0, 1),
    help=(
        "Images with less confidence go to Unsure. By default 95 % of the validation images above this limit "
        "were right."
    ),
)


def outlier_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which images are outliers."""
    return add(_outliers, function)


def outlier_options_beside_grouping(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which images are outliers, but for --neighbors, which the options of grouping have."""
    return add(tuple(option for option in _outliers if option is not _neighbors), function)


def fault_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which files are faulty."""
    return _reasons(add(_limits, function))
