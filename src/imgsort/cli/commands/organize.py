"""`categorize`, `outliers`, `check`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import judging, types
from imgsort.cli.options.grouping import add_grouping
from imgsort.cli.running import done_by_filing, exit_for, filing_keywords, run, show, show_filing


@click.command(short_help="Group images that look alike into category folders.")
@options.folder
@add_grouping
@options.seed
@options.model_options
@options.features
@options.filing_options
@options.report
@options.quiet
@options.as_json
def categorize(folder: Path, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Group the images of FOLDER that look alike into category folders.

    A model turns each image into features; PCA and K-Means group them, or with --quality high the graph of the images'
    nearest neighbours. Categories are numbered by size:
    category_1 is the largest. imgsort takes the images directly in FOLDER and in category folders that it made.
    If you sort again, nothing moves.

    With --update, folders that you renamed keep their names and images that you moved stay where they are.
    Options that say how to group have no effect then.
    """
    from imgsort.jobs.organize.categorize import categorize as job

    result = run(job, quiet, folder=folder, **filing_keywords(settings))
    show_filing(result, verbose=verbose, as_json=as_json)


@click.command(short_help="Move the images that do not belong to Outlayers.")
@options.folder
@judging.outlier_options
@options.seed
@options.model_options
@options.features
@options.filing_options
@options.report
@options.quiet
@options.as_json
def outliers(folder: Path, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Move the images of FOLDER that do not belong to the folder Outlayers.

    A model turns each image into features; K-Means makes two clusters of them. The images of the smaller cluster
    are the outliers. If there are more than --max, those farthest from its centre are taken.

    With --method knn, the outliers are the images with the largest mean cosine distance to their nearest
    neighbours, leaving out the nearest third of these. This finds more, and --threshold auto chooses how many.

    The table shows for each outlier its distance (higher means odder), its score (it stands out from 2.5 on), the
    image most like it, and the folder whose images are least like it.
    """
    from imgsort.jobs.organize.outliers import find_outliers

    result = run(find_outliers, quiet, folder=folder, **filing_keywords(settings))
    show_filing(result, verbose=verbose, as_json=as_json)


@click.command(short_help="Find damaged, blurred, dark and duplicate files.")
@options.folder
@click.option("--move", is_flag=True, help="Move faulty files to Rejected/REASON. Of duplicates the best one stays.")
@judging.fault_options
@click.option("--csv", type=types.GivenPath(path_type=Path), help="Also write the findings to this new file.")
@options.filing_options
@options.report
@options.quiet
@options.as_json
def check(folder: Path, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Look at every image of FOLDER and report what is wrong with it.

    Reasons, the weightiest first: unreadable, truncated, too-small, blank, odd-aspect, too-dark, too-bright,
    blurred, duplicate (same bytes), near-duplicate (looks the same), wrong-suffix. Nothing is touched without
    --move. A file with several reasons is filed under the first.
    """
    from imgsort.cli.output.check import print_check
    from imgsort.jobs.organize.check import check as job

    result = run(job, quiet, folder=folder, **filing_keywords(settings))
    show(
        result,
        lambda found: print_check(found, verbose=verbose),
        as_json=as_json,
        done=done_by_filing(result.filing, settings["csv"]),
    )
    exit_for(result.refused)
