"""`audit`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import types
from imgsort.cli.running import done_by_filing, exit_for, filing_keywords, run, show


@click.command(short_help="Find images that lie in the wrong class folder.")
@options.folder
@click.option("--move", is_flag=True, help="Move the marked images into the folder of the class that they look like.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True),
    help="Mark the images whose score is at least this.  [default: the rule of confident learning]",
)
@click.option(
    "--max",
    "max_marked",
    type=click.IntRange(min=1),
    help="Mark at most this many images, those with the highest scores.",
)
@click.option("--csv", type=types.GivenPath(path_type=Path), help="Also write the findings to this new file.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of the division into five parts.",
)
@options.model_options
@options.features
@options.class_filing_options
@options.report
@options.quiet
@options.as_json
def audit(folder: Path, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Find the images of FOLDER that lie in the wrong class. Each subfolder is a class that you made.

    Every image is judged by a classifier that learned from other images only: five parts, near duplicates in one
    part. The table shows what the image looks like, how probable that is, and the score: by how much that is more than
    the probability of its own class. Images are marked by the rule of confident learning (Northcutt, Jiang & Chuang,
    2021). It also names classes that are mixed up or look like one, images in two classes, and images like no class.

    Nothing is moved without --move. `imgsort review FOLDER --command audit` shows the pictures first.
    """
    from imgsort.cli.output.audit import print_audit
    from imgsort.jobs.learn.audit import audit as job

    result = run(job, quiet, folder=folder, **filing_keywords(settings))
    show(
        result,
        lambda found: print_audit(found, verbose=verbose),
        as_json=as_json,
        done=done_by_filing(result.filing, settings["csv"]),
    )
    exit_for(result.refused)
