"""`classify`, `explain`, `export`: what a classifier is used for."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import judging, types
from imgsort.cli.options import learn as learn_options
from imgsort.cli.running import done_by_filing, exit_for, filing_keywords, positive, run, show, written


@click.command(short_help="File every image into the folder of its class.")
@click.argument("paths", nargs=-1, required=True, type=types.Place(), metavar="FOLDER|FILE...")
@learn_options.classifier
@judging.confidence
@click.option(
    "--top",
    type=click.IntRange(min=1),
    help="How many classes to show for each image.  [default: 1; for single files 5]",
)
@click.option(
    "--csv",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    help="Write a line for each image to this new file.",
)
@options.add_running
@options.filing_options
@options.report
@options.quiet
@options.as_json
def classify(
    paths: tuple[Any, ...],
    *,
    confidence: float | None,
    top: int | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """File every image of FOLDER into the folder of its class, in FOLDER or in --output.

    Images already in a class folder stay there. Images that the classifier is not sure of go to Unsure. If you give
    one or more FILEs instead, imgsort says what they show and moves nothing.
    """
    from imgsort.cli.output.learn import print_answers, print_classified
    from imgsort.jobs.learn.classify import classify as job
    from imgsort.jobs.learn.predict import predict

    local = [path for path in paths if isinstance(path, Path)]
    if local == list(paths) and all(path.is_file() for path in local):
        looking = {name: settings[name] for name in _LOOKING}
        _require_default({**settings, "confidence": confidence is not None})
        result = run(predict, quiet, files=paths, top=top or 5, **positive(looking))
        show(result, print_answers, as_json=as_json, done=written(settings["csv"]))
        return
    if len(paths) > 1 and len(local) < len(paths):
        address = next(path for path in paths if not isinstance(path, Path))
        raise click.UsageError(f"{address}: an address stands alone. Give one folder, one address, or some files.")
    if len(paths) > 1 or (local and local[0].suffix and not local[0].exists()):
        missing = [path for path in local if not path.exists()]
        raise click.UsageError(
            f"{missing[0]}: there is no such file." if missing else "give one folder, or one or more files."
        )
    filing = filing_keywords(settings)
    classified = run(job, quiet, folder=paths[0], confidence=confidence, top=top or 1, **filing)
    show(
        classified,
        lambda shown: print_classified(shown, verbose=verbose),
        as_json=as_json,
        done=done_by_filing(classified.filing, settings["csv"]),
    )
    exit_for(classified.refused)


@click.command(short_help="Draw where in an image a classifier sees its class.")
@click.argument("image", type=types.GivenPath(path_type=Path, dir_okay=False))
@learn_options.classifier
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    help="New PNG file.  [default: NAME_explained.png in the current folder]",
)
@click.option("--class", "name", help="Class to look for. By default the class that the classifier chooses.")
@options.add_reading
@options.quiet
@options.as_json
def explain(*, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Write a picture of IMAGE whose colours show what speaks for its class (Grad-CAM). Red counts most."""
    from imgsort.cli.output.learn import print_explanation
    from imgsort.cli.terminal import without_chatter
    from imgsort.jobs.learn.explain import explain as job

    with without_chatter():
        result = job(**settings)
    show(result, print_explanation, as_json=as_json, done=written(result.picture))


@click.command(short_help="Write a classifier in another format.")
@click.argument("classifier", type=types.GivenPath(path_type=Path, dir_okay=False))
@click.option("--format", type=click.Choice(["savedmodel", "onnx", "tflite"]), required=True, help="Format to write.")
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path),
    help="New file or folder. By default the name of the classifier with another suffix.",
)
@click.option(
    "--samples",
    type=types.GivenPath(path_type=Path, file_okay=False),
    help="Folder of images to compare the answers on. By default crops of two photographs.",
)
@options.add_rules
@options.quiet
@options.as_json
def export(*, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Write CLASSIFIER in another format, and check that the result gives the same answers.

    A JSON file beside it names the classes and describes input and output.
    """
    from imgsort.cli.output.learn import print_export
    from imgsort.jobs.learn.export import export as job

    result = run(job, quiet, **settings)
    show(result, print_export, as_json=as_json, done=written(result.exported, result.description))


_OPTIONS = {"sidecar_patterns": "sidecar", "report_file": "report"}
_LOOKING = ("classifier", "csv", "device", "no_cache", "verify", "engine", "ray_address", "max_pixels", "truncated")


def _require_default(settings: dict[str, Any]) -> None:
    """Raise a usage error for an option that says how to file, where nothing is filed."""
    for name, value in settings.items():
        if name not in _LOOKING and value:
            option = _OPTIONS.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{option} needs a folder: single files are not moved.")
