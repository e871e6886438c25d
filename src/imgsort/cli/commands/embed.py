"""`embed`."""

from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import types
from imgsort.cli.running import positive, run, show, written


@click.command(short_help="Make the features of many images once, for later commands.")
@click.argument("source", type=types.Place(), metavar="SOURCE")
@click.option(
    "-o",
    "--output",
    type=types.Place(),
    required=True,
    help="Folder for the dataset of features (Parquet), or new file NAME.npz for NumPy.",
)
@click.option("-r", "--recursive", is_flag=True, help="Also take the images in all subfolders.")
@options.add_rules
@options.model_options
@options.add_reading
@click.option("--strict", is_flag=True, help="If an image cannot be read, exit with code 3 at the end.")
@options.quiet
@options.as_json
def embed(source: Any, *, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Make the features of the images of SOURCE, and write them as a dataset.

    `categorize`, `outliers`, `find`, `audit` and `train` take them by --features instead of looking at the images. The
    dataset is a folder of Parquet files, which pandas, polars and DuckDB read too: path, content, size, mtime_ns,
    features, reason.

    SOURCE is a folder, or an address in an object store, such as s3://bucket/prefix.

    A run that was broken off goes on where it was. Images that are in the dataset already are not looked at again,
    unless their size or time differ. No image is touched. By default, the model that groups best looks at the images.
    """
    from imgsort.cli.output.scale import print_embedded
    from imgsort.jobs.scale.embed import embed as job

    result = run(job, quiet, source=source, **positive(settings))
    show(result, print_embedded, as_json=as_json, done=written(result.output))
