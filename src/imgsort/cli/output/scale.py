"""Prints what `embed` wrote."""

from typing import TYPE_CHECKING

import click

from imgsort.cli.output.filing import print_unreadable
from imgsort.cli.output.text import printable, shown_path

if TYPE_CHECKING:
    from imgsort.jobs.scale.embed import EmbedResult


def print_embedded(result: "EmbedResult") -> None:
    """Print how many images have features now, and where they are."""
    print_unreadable(result.unreadable)
    click.echo(
        f"{result.images} images in {printable(shown_path(result.output))}: {result.made} looked at, {result.cached} "
        f"from the cache, {result.there} there before."
    )
    if result.others:
        click.echo(f"{result.others} further images have rows there: they are gone, or lie elsewhere.")
