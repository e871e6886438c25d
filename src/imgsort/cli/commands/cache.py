"""`cache info`, `cache clear`, `cache prune`."""

from typing import Any

import click

from imgsort.cli.options import common as options


@click.group(short_help="What is kept between runs, and making it smaller.")
def cache() -> None:
    """Features of images and converted models, kept between runs so that a second look is quick.

    IMGSORT_CACHE_DIR names another folder for them. All of it can be made again.
    """


@cache.command(short_help="Show what the cache holds.")
@options.as_json
def info(*, as_json: bool) -> None:
    """Show where the cache is, what it holds and how much it takes."""
    from imgsort.jobs.upkeep.cache import cache_info

    _show("cache info", cache_info(), as_json=as_json)


@cache.command(short_help="Remove features, converted models, or both.")
@click.option("--features", is_flag=True, help="The features only.")
@click.option("--models", is_flag=True, help="The converted models only.")
@options.as_json
def clear(*, features: bool, models: bool, as_json: bool) -> None:
    """Remove what is kept: without an option all of it. The next run makes what it needs anew."""
    from imgsort.jobs.upkeep.cache import clear_cache

    left = clear_cache(features=features or not models, models=models or not features)
    _show("cache clear", left, as_json=as_json)


@cache.command(short_help="Remove what was not used for longest.")
@click.option("--max-size", required=True, metavar="SIZE", help="What may stay, such as 500MB or 2GB.")
@options.as_json
def prune(max_size: str, *, as_json: bool) -> None:
    """Remove what was not used for longest until the rest fits into --max-size: features first, then models."""
    from imgsort.jobs.upkeep.cache import prune_cache

    _show("cache prune", prune_cache(max_size), as_json=as_json)


def _show(command: str, info: Any, *, as_json: bool) -> None:
    from imgsort.cli.output.result import print_json
    from imgsort.cli.output.upkeep import print_cache

    if as_json:
        print_json({"version": 1, "command": command, **info.to_json()})
    else:
        print_cache(info)
