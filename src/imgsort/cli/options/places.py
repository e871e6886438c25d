"""The options of commands that also work in an object store."""

from pathlib import Path

import click

from imgsort.cli.options import types

place = click.argument("folder", type=types.Place(), metavar="FOLDER")
journal = click.option(
    "--journal",
    type=types.GivenPath(path_type=Path, file_okay=False),
    help="Folder of this machine for the journal of an object store. By default one in the user's state folder.",
)
unsafe = click.option(
    "--unsafe-no-conditional",
    is_flag=True,
    help="Copy even in an object store that may overwrite what somebody else writes at the same moment.",
)
