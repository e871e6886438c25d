"""`train`, `evaluate`, `compare`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import learn as learn_options
from imgsort.cli.options import types
from imgsort.cli.running import exit_if_interrupted, positive, run, show, written


@click.command(short_help="Learn your folders, and write a classifier.")
@options.folder
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    required=True,
    help="New file for the classifier: NAME.keras. A report goes to the folder NAME_training beside it.",
)
@click.option(
    "--model",
    type=types.LearnableNames(),
    default="efficientnet-lite0",
    show_default=True,
    help="A backbone that was trained on ImageNet, or cnn: a small network from scratch.",
)
@click.option(
    "--audit",
    is_flag=True,
    help="Leave out of training and validation the images that `imgsort audit` marks. Test images all stay.",
)
@learn_options.training_options
@options.features
@options.report
@options.quiet
@options.as_json
def train(folder: Path, *, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Learn the classes of FOLDER, one subfolder each, and write a classifier.

    imgsort fits a new last layer, the head, on the features of a backbone. That takes seconds. --fine-tune also
    trains the backbone, and --model cnn trains a small network from scratch. Options marked "Network" matter only
    then.

    Outlayers, Rejected, Unsorted, Unsure and system folders such as #recycle are not classes. Near duplicates stay
    on one side of the split. No image is touched.
    """
    from imgsort.cli.output.learn import print_training
    from imgsort.jobs.learn.train import train as job

    result = run(job, quiet, folder=folder, **positive(settings))
    show(result, print_training, as_json=as_json, done=written(result.classifier, result.report))
    exit_if_interrupted(result.status)


@click.command(short_help="Test a classifier on sorted folders.")
@click.argument("classifier", type=types.GivenPath(path_type=Path, dir_okay=False))
@options.folder
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path, file_okay=False),
    help="New folder for the figures, the confusion matrix as CSV and PNG, and the worst mistakes.",
)
@options.add_rules
@options.add_running
@options.add_reading
@options.report
@options.quiet
@options.as_json
def evaluate(*, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Compare what CLASSIFIER says of the images of FOLDER with the subfolders that they are in.

    Prints precision, recall and F1 of each class and their mean, the accuracy and the loss; the error of its
    confidence (ECE); with two classes the area under the ROC curve, with more than five the top-5 accuracy; which
    classes it confuses; and the worst mistakes.
    """
    from imgsort.cli.output.learn import print_evaluate
    from imgsort.jobs.learn.evaluate import evaluate as job

    result = run(job, quiet, **positive(settings))
    show(result, print_evaluate, as_json=as_json, done=written(result.report))


@click.command(short_help="Train several models on one split.")
@options.folder
@click.option(
    "--models",
    type=types.Names(),
    default="cnn,resnet50v2,inceptionv3,efficientnet-lite0",
    show_default=True,
    help="Names of models, with commas between them.",
)
@click.option(
    "-o",
    "--output",
    type=types.GivenPath(path_type=Path, file_okay=False),
    help="New folder for the table, as CSV and JSON, and a bar chart.",
)
@learn_options.training_options
@options.report
@options.quiet
@options.as_json
def compare(folder: Path, *, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Train several models on the same split of FOLDER, and show how good and how fast each one is.

    A model whose weights cannot be had is a row that says why. The options are those of `imgsort train`; they apply
    to each model.
    """
    from imgsort.cli.output.learn import print_comparison
    from imgsort.jobs.learn.compare import compare as job

    result = run(job, quiet, folder=folder, **positive(settings))
    show(result, print_comparison, as_json=as_json, done=written(result.report))
    exit_if_interrupted(result.status)
