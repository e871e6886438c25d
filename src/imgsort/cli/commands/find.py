"""`find`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import types
from imgsort.cli.options.finding import wanted_options
from imgsort.cli.running import done_by_filing, exit_for, filing_keywords, run, show


@click.command(short_help="Find the images that look most like another one.")
@click.argument("query", nargs=-1, required=True, type=types.GivenPath(path_type=Path), metavar="QUERY...")
@click.option(
    "--in",
    "folder",
    required=True,
    type=types.GivenPath(path_type=Path),
    metavar="DIR",
    help="Folder to search, with its subfolders.",
)
@wanted_options
@click.option("--move", is_flag=True, help="Move what is found to a folder with the name of QUERY.")
@click.option("--csv", type=types.GivenPath(path_type=Path, dir_okay=False), help="Write the matches to this new file.")
@options.model_options
@options.searching_options
@options.report
@options.quiet
@options.as_json
def find(query: tuple[Path, ...], *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Find the images in DIR that look most like QUERY: an image file, several (their mean), or a folder of images.

    The table shows path and cosine distance, the most alike first. The images of QUERY themselves are left out.
    QUERY may lie in DIR or elsewhere. Nothing is touched without --move, --copy, --hardlink or --symlink. These file
    what is found in a folder with the name of QUERY; if QUERY is a folder of DIR, in this folder.
    """
    from imgsort.cli.output.find import print_found
    from imgsort.jobs.look.find import find as job

    given = [name for name in ("copy", "hardlink", "symlink") if settings[name]]
    if settings["move"] and given:
        raise click.UsageError(f"--move and --{given[0]} do not go together.")
    result = run(job, quiet, query=query, **filing_keywords(settings))
    show(
        result,
        lambda found: print_found(found, verbose=verbose),
        as_json=as_json,
        done=done_by_filing(result.filing, settings["csv"]),
    )
    exit_for(result.refused)
