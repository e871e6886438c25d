"""Says which classes are mixed up with each other, and which two of them look like one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.learning.audit.confident import Judgement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The area under the ROC curve is 0.5 for two halves of one class, and 1 for classes that nobody confuses.
# Parts of a class that is divided at random reach about 0.6 at most; the hardest pair of real classes, happy and sad
# faces, reaches 0.84. `benchmarks/audit_quality.py --halves` prints such figures.
_ONE_CLASS_AREA = 0.7
_LEAST_IMAGES = 10


@dataclass(frozen=True)
class Mixed:
    """Two classes, the smaller number first, and how many rows of both look like the other one.

    `share`: these rows as a share of the rows of both. `is_one`: the two classes look like one.
    """

    first: int
    second: int
    count: int
    share: float
    is_one: bool


def mixed_pairs(judgement: Judgement, labels: "NDArray[np.intp]") -> list[Mixed]:
    """Return the pairs of classes with rows that look like the other one, the largest share first."""
    import numpy as np

    doubtful = judgement.scores > 0
    pairs = np.sort(np.stack([labels[doubtful], judgement.suggested[doubtful]], axis=1), axis=1)
    sizes = np.bincount(labels, minlength=judgement.probabilities.shape[1])
    found = []
    for (first, second), count in zip(*np.unique(pairs, axis=0, return_counts=True), strict=True):
        share = count / (sizes[first] + sizes[second])
        is_one = _look_like_one(judgement, labels, first, second)
        found.append(Mixed(int(first), int(second), int(count), float(share), is_one))
    return sorted(found, key=lambda pair: (-pair.share, -pair.count, pair.first, pair.second))


def _look_like_one(judgement: Judgement, labels: "NDArray[np.intp]", first: int, second: int) -> bool:
    """Say whether the probabilities tell the rows of two classes hardly better apart than chance."""
    if min((labels == first).sum(), (labels == second).sum()) < _LEAST_IMAGES:
        return False
    return area_between(judgement, labels, first, second) < _ONE_CLASS_AREA


def area_between(judgement: Judgement, labels: "NDArray[np.intp]", first: int, second: int) -> float:
    """Return the area under the ROC curve of the rows of two classes, by how probable the second class is.

    The probabilities are the plain ones: what is left out of learning depends on the labels, so that afterwards even
    two halves of one class can be told apart a little.
    """
    import numpy as np
    from sklearn.metrics import roc_auc_score

    rows = np.flatnonzero((labels == first) | (labels == second))
    of_both = judgement.plain[rows][:, [first, second]]
    sums = of_both.sum(axis=1)
    shares = np.where(sums > 0, of_both[:, 1] / np.where(sums > 0, sums, 1), 0.5)
    return float(roc_auc_score(labels[rows] == second, shares))
