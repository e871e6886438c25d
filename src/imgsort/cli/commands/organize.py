"""`categorize`, `outliers`, `check`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import types
from imgsort.cli.running import exit_for, filing_keywords, run, show, show_filing


@click.command(short_help="Group images that look alike into category folders.")
@options.folder
@click.option(
    "-k",
    "--clusters",
    type=types.AutoOr(click.IntRange(min=1)),
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

    result = run(job, quiet, folder=folder, **filing_keywords(settings))
    show_filing(result, verbose=verbose, as_json=as_json)


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
    type=types.AutoOr(click.FloatRange(0, 2)),
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

    result = run(find_outliers, quiet, folder=folder, **filing_keywords(settings))
    show_filing(result, verbose=verbose, as_json=as_json)


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
@click.option("--csv", type=types.GivenPath(path_type=Path), help="Write the findings to this new file too.")
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
    from imgsort.cli.output.check import print_check
    from imgsort.jobs.organize.check import check as job

    result = run(job, quiet, folder=folder, **filing_keywords(settings))
    show(result, lambda found: print_check(found, verbose=verbose), as_json=as_json)
    exit_for(result.refused)
