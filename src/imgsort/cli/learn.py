"""`train`, `evaluate`, `compare`, `classify`, `explain`, `export`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from imgsort.cli import learn_options, options
from imgsort.cli.organize import as_keywords, exit_for, positive


@click.command(short_help="Learn the folders that a person made.")
@options.folder
@click.option(
    "-o",
    "--output",
    type=options.GivenPath(path_type=Path, dir_okay=False),
    required=True,
    help="New file for the classifier: NAME.keras. The folder NAME_training beside it tells how it went.",
)
@click.option(
    "--model",
    type=click.Choice(learn_options.LEARNABLE_NAMES),
    default=learn_options.LEARNABLE_NAMES[0],
    show_default=True,
    help="Network: a backbone that has learned ImageNet, or cnn, a small one from scratch.",
)
@learn_options.training_options
@options.quiet
@options.as_json
def train(folder: Path, *, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Learn the classes of FOLDER, a subfolder each, and write a classifier.

    A head is fitted on the features of a backbone, which takes seconds; --fine-tune trains the backbone too, and
    --model cnn a small network from scratch. Outlayers, Rejected, Unsorted and Unsure are no classes. Near
    duplicates are kept on one side of the split. No image is touched. The options marked "Network" have no effect
    where a head alone is fitted.
    """
    from imgsort.cli.learn_output import print_training
    from imgsort.jobs.learn.train import train as job

    result = _run(job, quiet, {"folder": folder, **positive(settings)})
    _print(result, print_training, as_json)
    _exit_if_interrupted(result.status)


@click.command(short_help="Say what a classifier is worth.")
@click.argument("classifier", type=options.GivenPath(path_type=Path, dir_okay=False))
@options.folder
@click.option(
    "-o",
    "--output",
    type=options.GivenPath(path_type=Path, file_okay=False),
    help="New folder for the figures, the confusion matrix as CSV and PNG, and the worst mistakes.",
)
@options.add_running
@options.add_reading
@options.quiet
@options.as_json
def evaluate(*, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Compare what CLASSIFIER says of the images of FOLDER with the subfolders that they lie in.

    Accuracy, precision, recall and F1 by class and on average; of two classes the area under the ROC curve, of many
    the top five; how far its confidence is to be believed (ECE); what it takes for what; the worst mistakes.
    """
    from imgsort.cli.learn_output import print_evaluate
    from imgsort.jobs.learn.evaluate import evaluate as job

    _print(_run(job, quiet, positive(settings)), print_evaluate, as_json)


@click.command(short_help="Train several models on one split.")
@options.folder
@click.option(
    "--models",
    type=learn_options.Names(),
    default="cnn,resnet50v2,inceptionv3,efficientnet-lite0",
    show_default=True,
    help="Models, with commas between them.",
)
@click.option(
    "-o",
    "--output",
    type=options.GivenPath(path_type=Path, file_okay=False),
    help="New folder for the table, as CSV and JSON, and a bar chart.",
)
@learn_options.training_options
@options.quiet
@options.as_json
def compare(folder: Path, *, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Train several models on the classes of FOLDER, divided once, and show what each is worth and what it costs.

    One that cannot be had, for its weights are not here and there is no network, is a row that says why. The options
    are those of `imgsort train`, for each model.
    """
    from imgsort.cli.learn_output import print_comparison
    from imgsort.jobs.learn.compare import compare as job

    result = _run(job, quiet, {"folder": folder, **positive(settings)})
    _print(result, print_comparison, as_json)
    _exit_if_interrupted(result.status)


@click.command(short_help="File every image in the folder of its class.")
@click.argument("paths", nargs=-1, required=True, type=options.GivenPath(path_type=Path), metavar="FOLDER|FILE...")
@learn_options.classifier
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1),
    help="What is less sure goes to Unsure; by default what was right for 95 % of the validation images.",
)
@click.option("--top", type=click.IntRange(min=1), help="Classes to tell of each image.  [default: 1; of files 5]")
@click.option(
    "--csv",
    type=options.GivenPath(path_type=Path, dir_okay=False),
    help="Write a line for each image to this new file.",
)
@options.add_running
@options.filing_options
@options.quiet
@options.as_json
def classify(
    paths: tuple[Path, ...],
    *,
    confidence: float | None,
    top: int | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """File every image of FOLDER in the folder of its class, in FOLDER or --output.

    Images that lie in a class's folder already stay. What the classifier is not sure of goes to Unsure. Of a FILE,
    or several, it is said what they show, and nothing is moved.
    """
    from imgsort.cli.learn_output import print_answers, print_classified
    from imgsort.jobs.learn.classify import classify as job
    from imgsort.jobs.learn.predict import predict

    if all(path.is_file() for path in paths):
        looking = {name: settings[name] for name in _LOOKING}
        _require_default({**settings, "confidence": confidence is not None})
        result = _run(predict, quiet, {"files": paths, "top": top or 5, **positive(looking)})
        _print(result, print_answers, as_json)
        return
    if len(paths) > 1 or (paths[0].suffix and not paths[0].exists()):
        missing = [path for path in paths if not path.exists()]
        raise click.UsageError(f"{missing[0]}: there is none." if missing else "one folder is due, or files alone.")
    keywords = {"folder": paths[0], "confidence": confidence, "top": top or 1, **as_keywords(settings)}
    classified = _run(job, quiet, keywords)
    _print(classified, lambda shown: print_classified(shown, verbose=verbose), as_json)
    exit_for(classified.refused)


@click.command(short_help="Show where in an image a classifier sees its class.")
@click.argument("image", type=options.GivenPath(path_type=Path, dir_okay=False))
@learn_options.classifier
@click.option(
    "-o",
    "--output",
    type=options.GivenPath(path_type=Path, dir_okay=False),
    help="New PNG.  [default: IMAGE_explained.png]",
)
@click.option("--class", "name", help="Class to look for; by default the one that the image is taken for.")
@options.add_reading
@options.quiet
@options.as_json
def explain(*, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Write a picture of IMAGE on which colour shows what speaks for its class (Grad-CAM): red is most."""
    from imgsort.cli.learn_output import print_explanation
    from imgsort.cli.terminal import without_chatter
    from imgsort.jobs.learn.explain import explain as job

    with without_chatter():
        result = job(**settings)
    _print(result, print_explanation, as_json)


@click.command(short_help="Write a classifier in another format.")
@click.argument("classifier", type=options.GivenPath(path_type=Path, dir_okay=False))
@click.option("--format", type=click.Choice(["savedmodel", "onnx", "tflite"]), required=True, help="Format to write.")
@click.option(
    "-o",
    "--output",
    type=options.GivenPath(path_type=Path),
    help="New file or folder; by default the classifier's name with another end.",
)
@click.option(
    "--samples",
    type=options.GivenPath(path_type=Path, file_okay=False),
    help="Folder of images to compare the answers on; by default two photographs' crops.",
)
@options.quiet
@options.as_json
def export(*, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Write CLASSIFIER in another format, and check that it gives the same answers there.

    A JSON file beside it says what goes in and comes out, and names the classes.
    """
    from imgsort.cli.learn_output import print_export
    from imgsort.jobs.learn.export import export as job

    _print(job(**settings), print_export, as_json)


_LOOKING = ("classifier", "csv", "device", "no_cache", "verify", "max_pixels", "truncated")


def _require_default(settings: dict[str, Any]) -> None:
    """Raise a usage error for an option that says how to file, where nothing is filed."""
    for name, value in settings.items():
        if name not in _LOOKING and value:
            raise click.UsageError(f"--{name.replace('_', '-')} files images, and of single files none is filed.")


def _run(job: Callable[..., Any], quiet: bool, keywords: dict[str, Any]) -> Any:
    """Run a job with a listener on this terminal."""
    from imgsort.cli.terminal import TerminalListener, without_chatter

    listener = TerminalListener(quiet=quiet)
    try:
        with without_chatter():
            return job(listener=listener, **keywords)
    finally:
        listener.close_training()


def _exit_if_interrupted(status: str) -> None:
    if status == "interrupted":
        raise click.exceptions.Exit(130)


def _print(result: Any, show: Callable[[Any], None], as_json: bool) -> None:
    from imgsort.cli.output import print_json

    print_json(result.to_json()) if as_json else show(result)
