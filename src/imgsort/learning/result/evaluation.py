"""Measures how good a classifier is, on images whose classes are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsort.learning.network.measures import accuracy, cross_entropy, expected_calibration_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOP = 5


@dataclass(frozen=True)
class ClassFigures:
    """The figures of one class. `support` is the number of its images."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """The figures of a classifier on images whose classes are known.

    `confusion_matrix` has a row for each class, and a column for each class that the images were taken for. `macro_*`
    is the mean over the classes that have images. `weighted_f1` is a mean that weights each class by the number of its
    images.

    `roc_auc` and `binary_accuracy` exist only for two classes, else they are None. `binary_accuracy` is the accuracy at
    a probability of one half. `top5_accuracy` exists only for more than five classes, else it is None.
    `measures.expected_calibration_error` explains `calibration_error`.
    """

    images: int
    accuracy: float
    loss: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    weighted_f1: float
    calibration_error: float
    binary_accuracy: float | None
    roc_auc: float | None
    top5_accuracy: float | None
    per_class: tuple[ClassFigures, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **vars(self),
            "classes": [row.name for row in self.per_class],
            "per_class": [vars(row) for row in self.per_class],
            "confusion_matrix": [list(row) for row in self.confusion_matrix],
        }


def evaluate_predictions(
    probabilities: "NDArray[np.float32]", labels: "NDArray[np.intp]", classes: Sequence[str]
) -> Evaluation:
    """Compare probabilities, float32 (n, classes), with the right classes, intp (n,). n is at least 1."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    everyone = range(len(classes))
    predicted = probabilities.argmax(axis=1)
    rows = precision_recall_fscore_support(labels, predicted, labels=everyone, zero_division=0.0)
    per_class = tuple(
        ClassFigures(name, float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in zip(classes, *rows, strict=True)
    )
    there = [row for row in per_class if row.support]
    matrix = confusion_matrix(labels, predicted, labels=everyone)
    return Evaluation(
        images=len(labels),
        accuracy=accuracy(probabilities, labels),
        loss=cross_entropy(probabilities, labels),
        macro_precision=_mean([row.precision for row in there]),
        macro_recall=_mean([row.recall for row in there]),
        macro_f1=_mean([row.f1 for row in there]),
        weighted_f1=sum(row.f1 * row.support for row in there) / len(labels),
        calibration_error=expected_calibration_error(probabilities, labels),
        binary_accuracy=accuracy(probabilities, labels) if len(classes) == 2 else None,
        roc_auc=_roc_auc(probabilities, labels),
        top5_accuracy=_top_accuracy(probabilities, labels) if len(classes) > _TOP else None,
        per_class=per_class,
        confusion_matrix=tuple(tuple(int(count) for count in row) for row in matrix),
    )


def _mean(figures: Sequence[float]) -> float:
    return sum(figures) / len(figures)


def _roc_auc(probabilities: "NDArray[np.float32]", labels: "NDArray[np.intp]") -> float | None:
    """Return the area under the ROC curve of the second of two classes.

    Return None if there are not two classes, or if all images are of one class.
    """
    from sklearn.metrics import roc_auc_score

    if probabilities.shape[1] != 2 or len(set(labels.tolist())) < 2:
        return None
    return float(roc_auc_score(labels, probabilities[:, 1]))


def _top_accuracy(probabilities: "NDArray[np.float32]", labels: "NDArray[np.intp]") -> float:
    """Return the share of images whose class is among the five most likely classes."""
    import numpy as np

    likeliest = np.argpartition(-probabilities, _TOP - 1, axis=1)[:, :_TOP]
    return float((likeliest == labels[:, None]).any(axis=1).mean())


def worst_mistakes(probabilities: "NDArray[np.float32]", labels: "NDArray[np.intp]", most: int) -> "NDArray[np.intp]":
    """Return the rows that are classified wrongly, at most `most`, intp (k,).

    The rows whose own class seemed least likely come first.
    """
    import numpy as np

    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    own = probabilities[wrong, labels[wrong]]
    return wrong[np.argsort(own, kind="stable")][:most]
