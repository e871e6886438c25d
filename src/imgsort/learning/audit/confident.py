"""Finds rows whose label is wrong, by the rule of confident learning.

Source: Northcutt, Jiang & Chuang, "Confident learning: estimating uncertainty in dataset labels" (Journal of Artificial
Intelligence Research 70, 2021). A row counts as of class j if its probability of j reaches the threshold of j, which is
the mean probability of j over the rows that are labelled j. A row that counts as another class than its label says is
wrong. Here the class must also be the likeliest of all.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imgsort.learning.audit.probabilities import out_of_fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Judgement:
    """What features say of labels. All arrays have n rows.

    `probabilities`: float64 (n, classes), by heads that never saw the row. `suggested`: intp, the likeliest class that
    is not the row's own. `scores`: float64, by how much the probability of the suggested class is above that of the
    row's own, -1 to 1. `is_wrong`: bool, by the rule of confident learning. `plain`: float64 (n, classes), the
    probabilities before rows with a wrong label were left out of learning.
    """

    probabilities: "NDArray[np.float64]"
    suggested: "NDArray[np.intp]"
    scores: "NDArray[np.float64]"
    is_wrong: "NDArray[np.bool_]"
    plain: "NDArray[np.float64]"


def judge_labels(rows: "NDArray[np.float32]", labels: "NDArray[np.intp]", parts: "NDArray[np.intp]") -> Judgement:
    """Judge the `labels`, intp (n,), of `rows`, float32 (n, d), as `coordinates` returns them, of two or more classes.

    `parts` is intp (n,): a row is judged by the rows of the other parts. It is judged twice: the second time, rows
    that were wrong the first time teach nothing.
    """
    import numpy as np

    first = judgement_of(out_of_fold(rows, labels, parts, np.ones(len(labels), bool)), labels)
    second = judgement_of(out_of_fold(rows, labels, parts, ~first.is_wrong), labels)
    return replace(second, plain=first.probabilities)


def judgement_of(probabilities: "NDArray[np.float64]", labels: "NDArray[np.intp]") -> Judgement:
    """Apply the rule to the probabilities, float64 (n, classes), of rows with `labels`, intp (n,)."""
    import numpy as np

    numbers = np.arange(len(labels))
    own = probabilities[numbers, labels]
    others = probabilities.copy()
    others[numbers, labels] = -1.0
    suggested = others.argmax(axis=1)
    likeliest = others[numbers, suggested]
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    thresholds = np.where(counts, np.bincount(labels, own, minlength=classes) / np.maximum(counts, 1), np.inf)
    scores = likeliest - own
    is_wrong = (scores > 0) & (likeliest >= thresholds[suggested])
    return Judgement(probabilities, suggested, scores, is_wrong, probabilities)
