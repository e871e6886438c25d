"""The options that say which images `find` looks for."""

from collections.abc import Callable
from typing import Any

import click

from imgsort.cli.options.common import add

_wanted = (
    click.option(
        "--top",
        type=click.IntRange(min=1),
        help="Find at most this many images.  [default: 20; with --distance or --same-scene all]",
    ),
    click.option(
        "--distance",
        type=click.FloatRange(0, 2),
        help="Find the images that are not farther than this cosine distance, 0 to 2.",
    ),
    click.option(
        "--same-scene",
        is_flag=True,
        help="Find only copies of the very shot: resized, encoded again, brightened, a little cropped.",
    ),
)


def wanted_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which images are looked for."""
    return add(_wanted, function)
