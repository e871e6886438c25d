"""Measures how good probabilities are. Each measure is one number."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Keras' own bound: no probability counts as closer to 0 than this.
_EPSILON = 1e-7
ECE_BINS = 15


def accuracy(probabilities: "NDArray[np.float32]", labels: "NDArray[np.intp]") -> float:
    """Return the share of rows, float32 (n, classes), whose most likely class is the one in `labels`, intp (n,)."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def cross_entropy(probabilities: "NDArray[np.float32]", labels: "NDArray[np.intp]") -> float:
    """Return the mean negative logarithm of the probability of each row's class."""
    import numpy as np

    own = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(own, _EPSILON, 1)).mean())


def expected_calibration_error(probabilities: "NDArray[np.float32]", labels: "NDArray[np.intp]") -> float:
    """Return the mean difference between confidence and accuracy, over fifteen bins of equal width.

    It is 0 if the confidence is right: for example, 80 % of the images with 80 % confidence are classified correctly.
    Source: Guo et al., On Calibration of Modern Neural Networks (2017), arXiv:1706.04599.
    """
    import numpy as np

    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(np.intp), ECE_BINS - 1)
    gaps = np.abs(np.bincount(bins, right, ECE_BINS) - np.bincount(bins, confidence, ECE_BINS))
    return float(gaps.sum() / len(labels))
