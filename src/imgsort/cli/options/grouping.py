"""The options that say how images are grouped into categories."""

from collections.abc import Callable
from typing import Any

import click

from imgsort.cli.options import types
from imgsort.cli.options.common import add

_grouping = (
    click.option(
        "-k",
        "--clusters",
        type=types.AutoOr(click.IntRange(min=1)),
        metavar="INTEGER|auto",
        default=8,
        show_default=True,
        help="Number of categories. auto takes the number that fits best and shows the candidates.",
    ),
    click.option(
        "--min-clusters",
        type=click.IntRange(min=2),
        default=2,
        show_default=True,
        help="With auto: the smallest number to try.",
    ),
    click.option(
        "--max-clusters",
        type=click.IntRange(min=2),
        default=15,
        show_default=True,
        help="With auto: the largest number to try.",
    ),
    click.option(
        "--algorithm",
        type=click.Choice(["kmeans", "graph", "agglomerative", "hdbscan"]),
        help="How categories are made. graph finds large and small ones side by side. hdbscan finds their number "
        "itself; images without a category go to Unsorted.  [default: kmeans; with --quality high graph]",
    ),
    click.option(
        "--neighbors",
        type=click.IntRange(min=1),
        help="With graph: how many neighbours an image has.  [default: what suits the number of images]",
    ),
    click.option(
        "--quality",
        type=click.Choice(["plain", "high"]),
        default="plain",
        show_default=True,
        help="plain: as the original program. high: groups better, with the best model and graph; takes longer.",
    ),
    click.option(
        "--names", is_flag=True, help="Name each category after what it shows, for example category_3_studio_couch."
    ),
    click.option(
        "--update",
        is_flag=True,
        help="File only new images, into the categories that are there. Images unlike all of them go to Unsorted.",
    ),
    click.option(
        "--variance",
        type=click.FloatRange(0, 1, min_open=True),
        default=0.95,
        show_default=True,
        help="Share of the features' variance that PCA keeps.",
    ),
)


def add_grouping(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how images are grouped."""
    return add(_grouping, function)
