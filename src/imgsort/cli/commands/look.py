"""`find` and `report`: commands that look, and touch nothing unless they are asked to."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import types
from imgsort.cli.options.finding import wanted_options
from imgsort.cli.running import done_by_filing, exit_for, filing_keywords, show, written
from imgsort.cli.running import run as run_job


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
@options.features
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
    from imgsort.cli.output.look import print_found
    from imgsort.jobs.look.find import find as job

    given = [name for name in ("copy", "hardlink", "symlink") if settings[name]]
    if settings["move"] and given:
        raise click.UsageError(f"--move and --{given[0]} do not go together.")
    result = run_job(job, quiet, query=query, **filing_keywords(settings))
    show(
        result,
        lambda found: print_found(found, verbose=verbose),
        as_json=as_json,
        done=done_by_filing(result.filing, settings["csv"]),
    )
    exit_for(result.refused)


@click.command(short_help="Write a page with the pictures of a past run.")
@options.folder
@click.argument("run", required=False)
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="New file for the page.  [default: FOLDER_RUN.html in the current folder]",
)
@options.quiet
@options.as_json
def report(folder: Path, run: str | None, output: Path | None, *, quiet: bool, as_json: bool) -> None:
    """Write a page for a browser with the pictures of the last run on FOLDER, or of the run with the id RUN.

    It shows each folder's images, a map of them and how the run was made, and needs no network. The images are shown
    as they lie now. Nothing is moved. `imgsort history FOLDER` lists the runs.
    """
    from imgsort.cli.output.look import print_report
    from imgsort.jobs.look.report import report_run as job

    result = run_job(job, quiet, folder=folder, run=run, output=output)
    show(result, print_report, as_json=as_json, done=written(result.file))
