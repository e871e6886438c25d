"""Prints what the cache holds."""

from typing import TYPE_CHECKING

import click

from imgsort.cli.output.text import printable

if TYPE_CHECKING:
    from imgsort.features.cache.upkeep import CacheInfo


def print_cache(info: "CacheInfo") -> None:
    """Print what the cache holds."""
    click.echo(f"cache       {printable(info.folder)}")
    click.echo(f"features    {_images(info.rows)}, {_megabytes(info.features_bytes)}")
    click.echo(f"tables      {info.tables} for find, {_megabytes(info.tables_bytes)}")
    click.echo(f"models      {info.models} converted, {_megabytes(info.models_bytes)}")
    click.echo(f"weights     {info.weights} fetched, {_megabytes(info.weights_bytes)}")
    click.echo(f"thumbnails  {_images(info.thumbnails)}, {_megabytes(info.thumbnails_bytes)}")


def _images(count: int | None) -> str:
    return "cannot be read" if count is None else f"{count} images"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
