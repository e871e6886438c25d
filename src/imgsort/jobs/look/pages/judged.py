"""Makes the parts of the page of a classifier: confusion matrix, curves, mistakes, and models side by side."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from imgsort.jobs.learn.compare import ModelComparison
from imgsort.jobs.learn.steps.report import Mistake
from imgsort.jobs.study import Judged, Study
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.result.evaluation import Evaluation
from imgsort.report.page_data import ClassFigures, CurveSection, EvaluationSection, MistakeRow, TableSection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STEPS = 101


def evaluation_section(
    study: Study, judged: Judged, evaluation: Evaluation, mistakes: Sequence[Mistake], heats: Mapping[str, int]
) -> EvaluationSection:
    """Return the figures of a classifier, with the images behind each cell of its confusion matrix.

    `heats`: the number of the Grad-CAM picture of each path that has one.
    """
    predicted = judged.probabilities.argmax(axis=1)
    everyone = range(len(judged.classes))
    cells = tuple(tuple(_rows(judged.labels, predicted, true, told) for told in everyone) for true in everyone)
    figures = tuple(
        ClassFigures(row.name, row.precision, row.recall, row.f1, row.support) for row in evaluation.per_class
    )
    row_of = {file.path: row for row, file in enumerate(study.files)}
    shown = tuple(
        MistakeRow(row_of[row.path], row.is_of, row.taken_for, row.confidence, heats.get(row.path)) for row in mistakes
    )
    return EvaluationSection(judged.classes, cells, figures, evaluation.accuracy, shown)


def _rows(labels: "NDArray[np.intp]", predicted: "NDArray[np.intp]", true: int, told: int) -> tuple[int, ...]:
    import numpy as np

    return tuple(int(row) for row in np.flatnonzero((labels == true) & (predicted == told)))


def confidence_curve(judged: Judged) -> CurveSection:
    """Return, for each percent of confidence, how many images have at least that much, and how many of them are right.

    Where no image is left, the share that is right is that of the step before.
    """
    confidences = judged.probabilities.max(axis=1)
    is_right = judged.probabilities.argmax(axis=1) == judged.labels
    shares, right, last = [], [], 1.0
    for percent in range(_STEPS):
        there = confidences >= percent / 100
        last = float(is_right[there].mean()) if there.any() else last
        shares.append(round(float(there.mean()), 4))
        right.append(round(last, 4))
    return CurveSection(
        "images above a confidence", "confidence, %", {"share of the images": shares, "of these right": right}, first=0
    )


def training_curves(history: Sequence[HistoryRow]) -> tuple[CurveSection, ...]:
    """Return accuracy and loss of the last stage of a training, step by step."""
    if not history:
        return ()
    last = [row for row in history if row.stage == history[-1].stage]
    step = "epoch" if last[0].stage == "network" else "step"
    return (
        CurveSection(
            "accuracy",
            step,
            {"train": [row.accuracy for row in last], "validation": [row.validation_accuracy for row in last]},
        ),
        CurveSection(
            "loss", step, {"train": [row.loss for row in last], "validation": [row.validation_loss for row in last]}
        ),
    )


def comparison_table(models: Sequence[ModelComparison]) -> TableSection:
    """Return the models that were compared, one row for each."""
    columns = ("model", "accuracy", "loss", "macro F1", "parameters", "seconds", "images per second", "")
    rows = tuple(
        (row.model, row.accuracy, row.loss, row.macro_f1, row.parameters, row.seconds, row.images_per_second, row.error)
        for row in models
    )
    return TableSection("Models", columns, rows)
