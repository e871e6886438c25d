"""`train`, `evaluate`, `compare`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import learn as learn_options
from imgsort.cli.options import types
from imgsort.cli.running import exit_if_interrupted, positive, run, show


@click.command(short_help="Learn the folders that a person made.")
@options.folder
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    required=True,
    help="New file for the classifier: NAME.keras. The folder NAME_training beside it tells how it went.",
)
@click.option(
    "--model",
    type=types.LearnableNames(),
    default="efficientnet-lite0",
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
    from imgsort.cli.output.learn import print_training
    from imgsort.jobs.learn.train import train as job

    result = run(job, quiet, folder=folder, **positive(settings))
    show(result, print_training, as_json=as_json)
    exit_if_interrupted(result.status)


@click.command(short_help="Say what a classifier is worth.")
@click.argument("classifier", type=types.GivenPath(path_type=Path, dir_okay=False))
@options.folder
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path, file_okay=False),
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
    from imgsort.cli.output.learn import print_evaluate
    from imgsort.jobs.learn.evaluate import evaluate as job

    show(run(job, quiet, **positive(settings)), print_evaluate, as_json=as_json)


@click.command(short_help="Train several models on one split.")
@options.folder
@click.option(
    "--models",
    type=types.Names(),
    default="cnn,resnet50v2,inceptionv3,efficientnet-lite0",
    show_default=True,
    help="Models, with commas between them.",
)
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path, file_okay=False),
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
    from imgsort.cli.output.learn import print_comparison
    from imgsort.jobs.learn.compare import compare as job

    result = run(job, quiet, folder=folder, **positive(settings))
    show(result, print_comparison, as_json=as_json)
    exit_if_interrupted(result.status)
