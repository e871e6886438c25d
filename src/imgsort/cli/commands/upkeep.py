"""`cache info`, `cache clear`, `cache prune`, `models list` and `models pull`: what imgsort keeps on this machine."""

from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import types

_SOURCES = {"keras": "from Keras", "package index": "from package index", "package": "installed"}


@click.group(short_help="Show the cache, or make it smaller.")
def cache() -> None:
    """Show or clear what imgsort keeps between runs: features of images, converted models, weights, and
    thumbnails.

    They make a second look quick, and imgsort can make all of them again. IMGSORT_CACHE_DIR names another folder
    for them.
    """


@cache.command(short_help="Show what the cache holds.")
@options.as_json
def info(*, as_json: bool) -> None:
    """Show where the cache is, what it holds and how large it is."""
    from imgsort.jobs.upkeep.cache import cache_info

    _show("cache info", cache_info(), as_json=as_json, done="")


@cache.command(short_help="Remove features, models, weights, thumbnails, or all.")
@click.option("--features", is_flag=True, help="Remove only the features.")
@click.option("--models", is_flag=True, help="Remove only the converted models.")
@click.option("--weights", is_flag=True, help="Remove only the weights that came from the package index.")
@click.option("--thumbnails", is_flag=True, help="Remove only the thumbnails and maps of pages.")
@options.as_json
def clear(*, as_json: bool, **parts: bool) -> None:
    """Empty the cache, or one part of it. The next run makes again what it needs."""
    from imgsort.jobs.upkeep.cache import clear_cache

    left = clear_cache(**{name: is_named or not any(parts.values()) for name, is_named in parts.items()})
    _show("cache clear", left, as_json=as_json, done="The cache was cleared.")


@cache.command(short_help="Remove what was not used for the longest time.")
@click.option("--max-size", required=True, metavar="SIZE", help="Size that may stay, for example 500MB or 2GB.")
@options.as_json
def prune(max_size: str, *, as_json: bool) -> None:
    """Remove what was not used for the longest time, until the rest fits into --max-size. Thumbnails go first."""
    from imgsort.jobs.upkeep.cache import prune_cache

    _show("cache prune", prune_cache(max_size), as_json=as_json, done="The cache was made smaller.")


def _show(command: str, info: Any, *, as_json: bool, done: str) -> None:
    from imgsort.cli.output.result import print_json, require_output
    from imgsort.cli.output.upkeep import print_cache

    if as_json:
        print_json({"version": 1, "command": command, **info.to_json()})
    else:
        print_cache(info)
    require_output(done)


@click.group(short_help="List models and fetch their weights.")
def models() -> None:
    """Show the models that look at images, and fetch their weights."""


@models.command("list", short_help="List the models and where their weights are.")
@options.as_json
def list_(*, as_json: bool) -> None:
    """List the models: input size, number of features, and where the weights are or would be."""
    from imgsort.cli.output.result import print_json
    from imgsort.cli.output.text import printable
    from imgsort.jobs.upkeep.models import list_models

    rows = list_models()
    if as_json:
        print_json({"version": 1, "command": "models list", "models": [row.to_json() for row in rows]})
        return
    for row in rows:
        state = _SOURCES[row.source] if row.source else "not there"
        click.echo(
            f"{row.name:<18}  {row.size_px:>3} px  {row.width:>4} features  {state:<18}  {printable(row.weights)}"
        )


@models.command(short_help="Fetch the weights of a model ahead of time.")
@click.argument("name", type=types.ModelNames(), metavar="NAME")
@options.quiet
@options.as_json
def pull(name: str, *, quiet: bool, as_json: bool) -> None:
    """Fetch the weights of the model NAME ahead of time, and check them. `imgsort models list` shows the names."""
    from imgsort.cli.output.result import print_json, require_output
    from imgsort.cli.output.text import printable
    from imgsort.cli.terminal import TerminalListener
    from imgsort.jobs.upkeep.models import pull_model

    file = pull_model(name, TerminalListener(quiet=quiet))
    if as_json:
        print_json({"version": 1, "command": "models pull", "model": name, "weights": str(file)})
    else:
        click.echo(f"{name}: {printable(file)}")
    require_output(f"{printable(file)} is there.")
