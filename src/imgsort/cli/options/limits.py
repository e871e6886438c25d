"""The options that say beyond which limits a measure shows a fault."""

from collections.abc import Callable
from typing import Any

import click

from imgsort.cli.options.common import add

# The defaults are those of images/judging/quality.py, which is slow to import. A test compares them.
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


def limits(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the limits beyond which a measure shows a fault."""
    return add(_limits, function)
