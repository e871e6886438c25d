"""Prints what the cache holds."""

from typing import TYPE_CHECKING

import click

from imgsort.cli.output.text import printable

if TYPE_CHECKING:
    from imgsort.features.cache.upkeep import CacheInfo


def print_cache(info: "CacheInfo") -> None:
    """Print what the cache holds."""
    rows = "cannot be read" if info.rows is None else f"{info.rows} images"
    click.echo(f"cache     {printable(info.folder)}")
    click.echo(f"features  {rows}, {_megabytes(info.features_bytes)}")
    click.echo(f"models    {info.models} converted, {_megabytes(info.models_bytes)}")
    click.echo(f"weights   {info.weights} fetched, {_megabytes(info.weights_bytes)}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
