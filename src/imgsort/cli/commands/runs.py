"""`apply`, `undo`, `history`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli import running
from imgsort.cli.options import common as options
from imgsort.cli.options import listing, places, types


@click.command(short_help="Carry out a plan that --plan wrote.")
@click.argument("plan", type=types.GivenPath(path_type=Path, dir_okay=False))
@listing.sidecar
@listing.no_sidecars
@places.journal
@places.unsafe
@options.dry_run
@options.verbose
@options.quiet
@options.as_json
def apply(plan: Path, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Carry out the plan in the file PLAN, CSV or Parquet.

    You may edit the plan first. Change the target of a line to file the image elsewhere or under another name. Or
    change its category and empty its target. If you empty both, or remove the line, the file stays.

    Every line is checked before anything moves. If a line is wrong, all wrong lines are listed and nothing moves.

    A plan for an object store copies the objects below the prefix of their category, and overwrites none.
    """
    from imgsort.jobs.organize.apply import apply as carry_out

    result = running.run(carry_out, quiet, plan=plan, **running.positive(settings))
    running.show_filing(result, verbose=verbose, as_json=as_json)


@click.command(short_help="Take back the last run, or the run that you name.")
@places.place
@click.argument("run", required=False)
@places.journal
@options.quiet
@options.as_json
def undo(folder: Any, run: str | None, *, journal: Path | None, quiet: bool, as_json: bool) -> None:
    """Take back the last run on FOLDER, or the run with the id RUN.

    Every file goes back to its old name and place. Empty folders that the run made are removed. Files that were
    changed since are named and stay as they are (exit code 4). Give the command again for the run before.

    FOLDER may be an address such as s3://bucket/prefix: copies below it are removed, if their originals are there.
    """
    from imgsort.cli.output.filing import print_undo, undone_text
    from imgsort.jobs.organize.undo import undo as take_back

    result = running.run(take_back, quiet, folder=folder, run=run, journal=journal)
    running.show(result, print_undo, as_json=as_json, done=undone_text(result))
    running.exit_for(result.refused)


@click.command(short_help="List the runs on a folder.")
@places.place
@places.journal
@options.as_json
def history(folder: Any, *, journal: Path | None, as_json: bool) -> None:
    """List the runs on FOLDER, the oldest first, and what became of each."""
    from imgsort.cli.output.filing import print_history
    from imgsort.jobs.organize.history import history as list_runs

    running.show(list_runs(folder, journal=journal), print_history, as_json=as_json, done="")
