"""Writes the files about a training or an evaluation: tables as CSV, figures as JSON, pictures as PNG."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from imgsort.csv_file import require_new, write_csv
from imgsort.errors import UsageError
from imgsort.images.finding.find import Unreadable
from imgsort.jobs.learn.steps.class_folders import require_outside
from imgsort.learning.data.dataset import PARTS, LabelledImages, Split
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.result.classifier import Predictions
from imgsort.learning.result.evaluation import Evaluation, worst_mistakes
from imgsort.report.charts import Curve, draw_confusion, draw_curves

MOST_MISTAKES = 20


@dataclass(frozen=True)
class Mistake:
    """An image that is classified wrongly.

    `path`: relative to the folder of classes.
    `confidence`: the probability of the class that the image is taken for.
    """

    path: str
    is_of: str
    taken_for: str
    confidence: float


def require_new_folder(path: Path) -> Path:
    """Return `path`. Raises UsageError if no new folder can be made there."""
    if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
        return path
    try:
        return require_new(path)
    except UsageError as error:
        raise UsageError(str(error).replace("this file exists", "this exists")) from error


def report_folder(output: str | Path | None, root: Path) -> Path | None:
    """Return the new folder for a report, or None if nobody asked for a report.

    Raises UsageError if the folder is not new, or if it does not lie outside the classes of `root`.
    """
    return None if output is None else require_new_folder(require_outside(Path(output), root))


def end_of_json(report: Path | None, unreadable: Sequence[Unreadable], notices: Sequence[str]) -> dict[str, Any]:
    """Return the last keys of the object that `--json` prints for a command that may write a report."""
    return {
        "report": None if report is None else str(report),
        "unreadable": [vars(row) for row in unreadable],
        "notices": list(notices),
    }


def write_training(folder: Path, classes: Sequence[str], split: Split, history: Sequence[HistoryRow]) -> None:
    """Write how the training went, and which image is in which part. Raises OSError."""
    folder.mkdir(exist_ok=True)
    write_csv(folder / "history.csv", *_table(HistoryRow, history))
    rows: list[tuple[str, ...]] = [
        (str(part.root), file.path, classes[label], name, content)
        for name, part in zip(PARTS, split.parts, strict=True)
        for file, label, content in zip(part.files, part.labels, part.contents, strict=True)
    ]
    write_csv(folder / "split.csv", ("folder", "file", "class", "part", "content"), rows)
    last = [row for row in history if row.stage == history[-1].stage]
    curves = [
        Curve("accuracy", [row.accuracy for row in last], [row.validation_accuracy for row in last]),
        Curve("loss", [row.loss for row in last], [row.validation_loss for row in last]),
    ]
    draw_curves(folder / "curves.png", "epoch" if last[0].stage == "network" else "step", curves)


def write_evaluation(folder: Path, evaluation: Evaluation, mistakes: Sequence[Mistake]) -> None:
    """Write the figures, the confusion matrix (table and picture) and the worst mistakes. Raises OSError."""
    folder.mkdir(exist_ok=True)
    names = [row.name for row in evaluation.per_class]
    write_json(folder / "evaluation.json", {**evaluation.to_json(), "mistakes": [vars(row) for row in mistakes]})
    matrix: list[tuple[Any, ...]] = [
        (name, *counts) for name, counts in zip(names, evaluation.confusion_matrix, strict=True)
    ]
    write_csv(folder / "confusion_matrix.csv", ("is", *names), matrix)
    draw_confusion(folder / "confusion_matrix.png", names, evaluation.confusion_matrix)
    write_csv(folder / "mistakes.csv", *_table(Mistake, mistakes))


def _table(kind: Any, rows: Sequence[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the header and the rows of a table of dataclasses."""
    names = [field.name for field in fields(kind)]
    return names, [tuple(getattr(row, name) for name in names) for row in rows]


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a new file with one JSON object. Raises OSError."""
    with open(path, "x", encoding="ascii") as handle:
        json.dump(value, handle, indent=1)


def mistakes_in(images: LabelledImages, predictions: Predictions, classes: Sequence[str]) -> tuple[Mistake, ...]:
    """Return the worst mistakes among images whose classes are known, the worst first."""
    rows = worst_mistakes(predictions.probabilities, images.labels, MOST_MISTAKES)
    return tuple(
        Mistake(
            images.files[row].path,
            classes[images.labels[row]],
            classes[predictions.labels[row]],
            round(float(predictions.confidences[row]), 4),
        )
        for row in rows
    )
