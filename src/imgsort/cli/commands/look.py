"""`report`."""

from pathlib import Path

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import types
from imgsort.cli.running import run as run_job
from imgsort.cli.running import show, written


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
