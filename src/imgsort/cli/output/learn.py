"""Prints the results of the commands that learn, as tables on stdout."""

from typing import TYPE_CHECKING

import click

from imgsort.cli.output.filing import print_filing, print_unreadable
from imgsort.cli.output.text import print_columns, printable, shown_path

if TYPE_CHECKING:
    from pathlib import Path

    from imgsort.jobs.learn.auditing.findings import AuditFinding
    from imgsort.jobs.learn.classify import ClassifyResult
    from imgsort.jobs.learn.compare import CompareResult
    from imgsort.jobs.learn.evaluate import EvaluateResult
    from imgsort.jobs.learn.explain import Explanation
    from imgsort.jobs.learn.export import ExportResult
    from imgsort.jobs.learn.predict import Answers
    from imgsort.jobs.learn.steps.predictions import Prediction
    from imgsort.jobs.learn.steps.report import Mistake
    from imgsort.jobs.learn.train import TrainResult
    from imgsort.learning.result.evaluation import Evaluation

_MOST_MATRIX = 12
_MOST_MISTAKES = 5
_MOST_LEFT_OUT = 20


def print_training(result: "TrainResult") -> None:
    """Print how many images were used, how good the classifier is on the test images, and where it is."""
    rows = [("class", "train", "validation", "test")]
    rows += [(printable(row.name), str(row.train), str(row.validation), str(row.test)) for row in result.classes]
    print_columns(rows, right=(1, 2, 3))
    if result.evaluation is not None:
        click.echo()
        print_figures(result.evaluation)
        print_mistakes(result.mistakes)
    if result.left_out:
        click.echo()
        print_left_out(result.left_out)
    print_unreadable(result.unreadable)
    click.echo()
    trained = f"trained in {result.seconds:.1f} s" + (", interrupted" if result.status == "interrupted" else "")
    click.echo(
        f"{printable(shown_path(result.classifier))}: {result.model} at {result.size_px} px, {trained}; "
        f"more in {printable(shown_path(result.report))}."
    )


def print_left_out(left_out: "tuple[AuditFinding, ...]") -> None:
    """Print the images that training left out, because they seem to lie in the wrong class."""
    rows = [("left out of training", "class", "looks like", "probability")]
    rows += [
        (printable(row.path), printable(row.is_of), printable(row.suggested), f"{row.probability:.3f}")
        for row in left_out[:_MOST_LEFT_OUT]
    ]
    print_columns(rows, right=(3,))
    if len(left_out) > _MOST_LEFT_OUT:
        click.echo(f"... and {len(left_out) - _MOST_LEFT_OUT} more: --json shows all.")


def print_evaluate(result: "EvaluateResult") -> None:
    """Print how good a classifier is."""
    print_figures(result.evaluation)
    print_matrix(result.evaluation)
    print_mistakes(result.mistakes)
    print_unreadable(result.unreadable)
    _print_report(result.report)


def _print_report(report: "Path | None") -> None:
    """Say where the report is, if there is one."""
    if report is not None:
        click.echo()
        click.echo(f"more in {printable(shown_path(report))}.")


def print_figures(evaluation: "Evaluation") -> None:
    """Print precision, recall and F1 of each class and their means, and then the overall figures."""
    rows: list[tuple[str, ...]] = [("class", "precision", "recall", "F1", "images")]
    rows += [
        (printable(row.name), f"{row.precision:.3f}", f"{row.recall:.3f}", f"{row.f1:.3f}", str(row.support))
        for row in evaluation.per_class
    ]
    means = (evaluation.macro_precision, evaluation.macro_recall, evaluation.macro_f1)
    rows.append(("mean", *(f"{mean:.3f}" for mean in means), str(evaluation.images)))
    print_columns(rows, right=(1, 2, 3, 4))
    figures = [("accuracy", evaluation.accuracy), ("loss", evaluation.loss), ("ECE", evaluation.calibration_error)]
    others = [("ROC AUC", evaluation.roc_auc), ("top-5 accuracy", evaluation.top5_accuracy)]
    figures += [(name, figure) for name, figure in others if figure is not None]
    click.echo("  ".join(f"{name} {figure:.3f}" for name, figure in figures))


def print_matrix(evaluation: "Evaluation") -> None:
    """Print the confusion matrix, unless there are too many classes for a screen."""
    if len(evaluation.per_class) > _MOST_MATRIX:
        return
    names = [printable(row.name) for row in evaluation.per_class]
    rows: list[tuple[str, ...]] = [("is / taken for", *names)]
    rows += [
        (name, *(str(count) for count in counts))
        for name, counts in zip(names, evaluation.confusion_matrix, strict=True)
    ]
    click.echo()
    print_columns(rows, right=tuple(range(1, len(names) + 1)))


def print_mistakes(mistakes: "tuple[Mistake, ...]") -> None:
    """Print the worst mistakes."""
    if not mistakes:
        return
    rows = [("worst mistakes", "is", "taken for", "confidence")]
    rows += [
        (printable(row.path), printable(row.is_of), printable(row.taken_for), f"{row.confidence:.3f}")
        for row in mistakes[:_MOST_MISTAKES]
    ]
    click.echo()
    print_columns(rows, right=(3,))


def print_comparison(result: "CompareResult") -> None:
    """Print a row for each model. If a model is not available or cannot be trained, print why."""
    rows: list[tuple[str, ...]] = [("model", "accuracy", "loss", "F1", "parameters", "seconds", "images/s")]
    for row in result.models:
        figures = [
            (row.accuracy, ".3f"),
            (row.loss, ".3f"),
            (row.macro_f1, ".3f"),
            (row.parameters, ",d"),
            (row.seconds, ".1f"),
            (row.images_per_second, ".0f"),
        ]
        cells = tuple("" if figure is None else format(figure, spec) for figure, spec in figures)
        rows.append((row.model, *cells))
    print_columns(rows, right=(1, 2, 3, 4, 5, 6))
    for row in result.models:
        if row.error:
            click.echo(f"{row.model}: {printable(row.error)}")
    print_unreadable(result.unreadable)
    _print_report(result.report)


def print_classified(result: "ClassifyResult", *, verbose: bool) -> None:
    """Print what was filed. With `verbose`, also print what each image shows."""
    if verbose and result.predictions:
        _print_predictions(result.predictions)
        click.echo()
    print_filing(result.filing, verbose=verbose)


def print_answers(result: "Answers") -> None:
    """Print what single files show."""
    if result.predictions:
        _print_predictions(result.predictions)
    print_unreadable(result.unreadable)


def _print_predictions(predictions: "tuple[Prediction, ...]") -> None:
    rows = [
        (
            printable(prediction.path),
            *(f"{printable(guess.name)} {guess.confidence:.3f}" for guess in prediction.guesses),
        )
        for prediction in predictions
    ]
    print_columns(rows)


def print_explanation(result: "Explanation") -> None:
    """Print which class the picture explains, and where the picture is."""
    picture = printable(shown_path(result.picture))
    click.echo(
        f"{printable(result.path)}: {printable(result.guess.name)} {result.guess.confidence:.3f}; see {picture}."
    )


def print_export(result: "ExportResult") -> None:
    """Print what was written, and how well its answers agree with those of the classifier."""
    click.echo(
        f"{printable(shown_path(result.exported))}: the same answers on {result.samples} images, "
        f"within {result.difference:.1g}; {printable(shown_path(result.description))} names the classes."
    )
