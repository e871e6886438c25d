"""`categorize`, `outliers`, `check`, `apply`, `undo`, `history`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from imgsort.cli import options

_REFUSED_EXIT_CODE = 4

Result = TypeVar("Result")


@click.command(short_help="Group images that look alike into category folders.")
@options.folder
@click.option(
    "-k",
    "--clusters",
    type=options.AutoOr(click.IntRange(min=1)),
    metavar="INTEGER|auto",
    default=8,
    show_default=True,
    help="Number of categories; auto takes the one that fits best, and shows the candidates.",
)
@click.option("--min-clusters", type=click.IntRange(min=2), default=2, show_default=True, help="auto: the least.")
@click.option("--max-clusters", type=click.IntRange(min=2), default=15, show_default=True, help="auto: the most.")
@click.option(
    "--algorithm",
    type=click.Choice(["kmeans", "agglomerative", "hdbscan"]),
    default="kmeans",
    show_default=True,
    help="How categories are made; hdbscan finds their number itself, and files what is in none under Unsorted.",
)
@click.option(
    "--quality",
    type=click.Choice(["plain", "high"]),
    default="plain",
    show_default=True,
    help="plain: as the original; high: a larger size and features by direction, which group better.",
)
@click.option("--names", is_flag=True, help="Call each category by what is seen most in it: category_3_studio_couch.")
@click.option(
    "--update",
    is_flag=True,
    help="Leave what is filed, and file new images by the categories there are; what is like none goes to Unsorted.",
)
@click.option(
    "--variance",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.95,
    show_default=True,
    help="Share of the features' variance that PCA keeps.",
)
@options.seed
@options.model_options
@options.filing_options
@options.quiet
@options.as_json
def categorize(folder: Path, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Group the images of FOLDER that look alike into category folders.

    Features of a model, PCA, K-Means. Categories are numbered by size: category_1 is the largest. Images
    directly in FOLDER count, and those in category folders that imgsort made; sorting again moves nothing.
    With --update folders that were renamed keep their names, images that were moved stay, and the options that
    say how to group have no effect.
    """
    from imgsort.jobs.organize.categorize import categorize as job

    result = _run(job, folder, quiet, settings)
    _show(result, verbose=verbose, as_json=as_json)


@click.command(short_help="Move the images that do not belong to Outlayers.")
@options.folder
@click.option(
    "--max", "max_outliers", type=click.IntRange(min=1), default=8, show_default=True, help="Outliers at most."
)
@click.option(
    "--method",
    type=click.Choice(["two-clusters", "knn"]),
    default="two-clusters",
    show_default=True,
    help="two-clusters: as the original; knn: what is far from its nearest neighbours, which finds more.",
)
@click.option(
    "--neighbors", type=click.IntRange(min=1), default=10, show_default=True, help="knn: neighbours that count."
)
@click.option(
    "--threshold",
    type=options.AutoOr(click.FloatRange(0, 2)),
    metavar="FLOAT|auto",
    help="knn: in place of --max, all with a larger distance, 0 to 2; auto for those that stand out, maybe none.",
)
@options.seed
@options.model_options
@options.filing_options
@options.quiet
@options.as_json
def outliers(folder: Path, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Move the images of FOLDER that do not belong to the folder Outlayers.

    Features of a model, two clusters; the smaller one's images are the outliers, and if there are more than
    --max of them, those farthest from its centre. With --method knn those whose nearest neighbours are farthest,
    by their mean cosine distance: it finds more, and --threshold auto says how many. The table gives each one's
    distance, higher = odder; its score, from 2.5 on it stands out; the image most like it; and, where the images
    lie in several folders, the one whose images are least like it.
    """
    from imgsort.jobs.organize.outliers import find_outliers

    result = _run(find_outliers, folder, quiet, settings)
    _show(result, verbose=verbose, as_json=as_json)


@click.command(short_help="Find files that are damaged, blurred, too dark, doubled…")
@options.folder
@click.option("--move", is_flag=True, help="File what is faulty into Rejected/REASON; of duplicates all but the best.")
@click.option(
    "--reason",
    "reasons",
    multiple=True,
    type=click.Choice(options.REASONS),
    metavar="REASON",
    help="Report and file this reason only; may be repeated.",
)
@click.option("--csv", type=options.GivenPath(path_type=Path), help="Write the findings to this new file too.")
@options.limits
@options.filing_options
@options.quiet
@options.as_json
def check(folder: Path, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Look at every image of FOLDER and report what is wrong with it, by reason.

    Reasons, the weightiest first: unreadable, truncated, too-small, blank, odd-aspect, too-dark, too-bright,
    blurred, duplicate (same bytes), near-duplicate (looks the same), wrong-suffix. Nothing is touched without
    --move. A file with several reasons is filed under the first.
    """
    from imgsort.cli.output import print_check, print_json
    from imgsort.jobs.organize.check import check as job

    result = _run(job, folder, quiet, settings)
    print_json(result.to_json()) if as_json else print_check(result, verbose=verbose)
    exit_for(result.refused)


@click.command(short_help="Carry out a plan that --plan wrote, edited or not.")
@click.argument("plan", type=options.GivenPath(path_type=Path, dir_okay=False))
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
    from imgsort.cli.terminal import TerminalListener
    from imgsort.jobs.organize.apply import apply as carry_out

    result = carry_out(plan, sidecars=not no_sidecars, dry_run=dry_run, listener=TerminalListener(quiet=quiet))
    _show(result, verbose=verbose, as_json=as_json)


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
    from imgsort.cli.output import print_json, print_undo
    from imgsort.cli.terminal import TerminalListener
    from imgsort.jobs.organize.undo import undo as take_back

    result = take_back(folder, run, listener=TerminalListener(quiet=quiet))
    print_json(result.to_json()) if as_json else print_undo(result)
    exit_for(result.refused)


@click.command(short_help="List the runs on a folder.")
@options.folder
@options.as_json
def history(folder: Path, *, as_json: bool) -> None:
    """List the runs on FOLDER, oldest first, with what became of them."""
    from imgsort.cli.output import print_history, print_json
    from imgsort.jobs.organize.history import history as list_runs

    result = list_runs(folder)
    print_json(result.to_json()) if as_json else print_history(result)


def _run(job: Callable[..., Result], folder: Path, quiet: bool, settings: dict[str, Any]) -> Result:
    """Run a job that reads images, with a listener on this terminal."""
    from imgsort.cli.terminal import TerminalListener, without_chatter

    with without_chatter():
        return job(folder, listener=TerminalListener(quiet=quiet), **as_keywords(settings))


def as_keywords(settings: dict[str, Any]) -> dict[str, Any]:
    """Turn --copy, --hardlink and --symlink into one mode, and --no-sidecars and --no-cache into their opposites.

    Raises a usage error for two modes.
    """
    chosen = [mode for mode in ("copy", "hardlink", "symlink") if settings.pop(mode)]
    if len(chosen) > 1:
        raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} do not go together.")
    return {**positive(settings), "mode": chosen[0] if chosen else "move"}


def positive(settings: dict[str, Any]) -> dict[str, Any]:
    """Turn --no-sidecars and --no-cache into their opposites."""
    said = {name.removeprefix("no_"): not value for name, value in settings.items() if name.startswith("no_")}
    return {**{name: value for name, value in settings.items() if not name.startswith("no_")}, **said}


def _show(result: Any, *, verbose: bool, as_json: bool) -> None:
    from imgsort.cli.output import print_filing, print_json

    print_json(result.to_json()) if as_json else print_filing(result, verbose=verbose)
    exit_for(result.refused)


def exit_for(refused: tuple[Any, ...]) -> None:
    """Exit with the code for files that were left as they are, if there are any."""
    if refused:
        raise click.exceptions.Exit(_REFUSED_EXIT_CODE)
