"""`apply`, `undo`, `history`."""

from pathlib import Path

import click

from imgsort.cli import running
from imgsort.cli.options import common as options
from imgsort.cli.options import types


@click.command(short_help="Carry out a plan that --plan wrote, edited or not.")
@click.argument("plan", type=types.GivenPath(path_type=Path, dir_okay=False))
@options.no_sidecars
@options.dry_run
@options.verbose
@options.quiet
@options.as_json
def apply(plan: Path, *, no_sidecars: bool, dry_run: bool, verbose: bool, quiet: bool, as_json: bool) -> None:
    """Carry out the plan in the CSV file PLAN.

    Change a line's target to have its file filed there, under another name too; or change its category and empty
    the target. A file without either stays, as does one whose line was removed. Every line is checked first:
    where any is wrong all that is wrong is listed, and nothing is moved.
    """
    from imgsort.jobs.organize.apply import apply as carry_out

    result = running.run(carry_out, quiet, plan=plan, sidecars=not no_sidecars, dry_run=dry_run)
    running.show_filing(result, verbose=verbose, as_json=as_json)


@click.command(short_help="Take back the last run, or the one named.")
@options.folder
@click.argument("run", required=False)
@options.quiet
@options.as_json
def undo(folder: Path, run: str | None, *, quiet: bool, as_json: bool) -> None:
    """Take back the last run on FOLDER that is still in force, or the one named RUN.

    Every file goes back to its old name and place, and folders that the run made are removed if empty. What
    was changed since is named and left alone (exit 4). Again for the run before.
    """
    from imgsort.cli.output.filing import print_undo
    from imgsort.jobs.organize.undo import undo as take_back

    result = running.run(take_back, quiet, folder=folder, run=run)
    running.show(result, print_undo, as_json=as_json)
    running.exit_for(result.refused)


@click.command(short_help="List the runs on a folder.")
@options.folder
@options.as_json
def history(folder: Path, *, as_json: bool) -> None:
    """List the runs on FOLDER, oldest first, with what became of them."""
    from imgsort.cli.output.filing import print_history
    from imgsort.jobs.organize.history import history as list_runs

    running.show(list_runs(folder), print_history, as_json=as_json)
