"""Defines a classifier and its predictions: the head, the classes, and figures from the validation images."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from imgsort.grouping.centres import distances_to
from imgsort.grouping.directions import unit_rows
from imgsort.learning.network.head import Examples, Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# This share of the filed images should be right.
_PRECISION = 0.95
_MAJORITY = 0.5
_NEVER = 2.0
_EDGE = 0.05
# Chance alone does not put this share of the images beyond the edge.
_FAR_TOO_MANY = 0.25
_FEWEST_TO_JUDGE = 10


@dataclass(frozen=True)
class NetworkRecord:
    """Names the network that gives the features for the head.

    `name` is the name of a backbone, or `cnn`. `size_px` is the side of the network's square input. `is_stock` means
    that the network is a backbone with its published weights, whose hash is `weights_sha256`. Then its kept features
    may be used. Otherwise the network in the classifier's file gives the features.
    """

    name: str
    size_px: int
    is_stock: bool
    weights_sha256: str


@dataclass(frozen=True)
class Predictions:
    """The predictions for images.

    `probabilities` is float32 (n, classes). `distances` is float64 (n,): from each image to the nearest centre of a
    class.
    """

    probabilities: "NDArray[np.float32]"
    distances: "NDArray[np.float64]"

    @property
    def confidences(self) -> "NDArray[np.float32]":
        """The probability of the most likely class of each image, float32 (n,)."""
        confidences: NDArray[np.float32] = self.probabilities.max(axis=1)
        return confidences

    @property
    def labels(self) -> "NDArray[np.intp]":
        """The number of the most likely class of each image, intp (n,)."""
        labels: NDArray[np.intp] = self.probabilities.argmax(axis=1)
        return labels


@dataclass(frozen=True)
class Reference:
    """Figures from the validation images, which help to recognise images that are unlike them.

    95 % of the validation images with at least this `confidence` were classified correctly. `confidence` is 2, which no
    image reaches, if there is no such confidence. One in twenty of the validation images had a confidence below
    `low_confidence`, and one in twenty had a distance above `far_distance`.
    """

    confidence: float
    low_confidence: float
    far_distance: float


@dataclass(frozen=True)
class Classifier:
    """A head with everything that is needed to use it.

    `classes` holds the names of the classes, in the order of the head's outputs. `centres` is float32 (classes, d): the
    mean of each class's features, which were scaled to unit length. `trained_on` holds the content hashes of the images
    that the classifier learned from, including its validation images. `provenance` tells people how it was made.
    """

    classes: tuple[str, ...]
    network: NetworkRecord
    head: Head
    centres: "NDArray[np.float32]"
    reference: Reference
    trained_on: frozenset[str]
    provenance: dict[str, Any]

    def predict(self, features: "NDArray[np.float32]") -> Predictions:
        """Return the predictions for images with these features, float32 (n, d)."""
        return predictions_of(self.head, self.centres, features)

    def unlikeness(self, predictions: Predictions) -> Literal["distance", "confidence"] | None:
        """Return by what the images are unlike the validation images, or None if they are alike.

        The answer is also None if there are too few images to judge.
        """
        if len(predictions.labels) < _FEWEST_TO_JUDGE:
            return None
        if (predictions.distances > self.reference.far_distance).mean() > _FAR_TOO_MANY:
            return "distance"
        if (predictions.confidences < self.reference.low_confidence).mean() > _FAR_TOO_MANY:
            return "confidence"
        return None


def predictions_of(head: Head, centres: "NDArray[np.float32]", features: "NDArray[np.float32]") -> Predictions:
    """Return the predictions for features, float32 (n, d), by a head and the centres of the classes."""
    distances = distances_to(centres, unit_rows(features)).min(axis=1)
    return Predictions(head.probabilities(features), distances)


def centres_of_classes(train: Examples) -> "NDArray[np.float32]":
    """Return the mean of each class's rows, scaled to unit length before, float32 (classes, d)."""
    import numpy as np

    rows = unit_rows(train.features)
    return np.array([rows[train.labels == label].mean(axis=0) for label in range(train.labels.max() + 1)])


def reference_of(predictions: Predictions, labels: "NDArray[np.intp]") -> Reference:
    """Compute the reference from the validation images, whose classes are `labels`, intp (n,)."""
    import numpy as np

    return Reference(
        confidence=_sure_from(predictions.confidences, predictions.labels == labels),
        low_confidence=float(np.quantile(predictions.confidences, _EDGE)),
        far_distance=float(np.quantile(predictions.distances, 1 - _EDGE)),
    )


def _sure_from(confidences: "NDArray[np.float32]", right: "NDArray[np.bool_]") -> float:
    """Return the lowest confidence from which on nearly all images are right, or one that no image has.

    If this is the lowest confidence of all images, a lower one may be enough too: the images do not show it. Then an
    image only needs to be more likely of its class than of all other classes together.
    """
    import numpy as np

    order = np.argsort(-confidences, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Rows with the same confidence are filed together or not at all.
    is_last_of_its_kind = np.append(np.diff(confidences[order]) != 0, True)
    good = np.flatnonzero((shares >= _PRECISION) & is_last_of_its_kind)
    if not len(good):
        return _NEVER
    lowest = float(confidences[order[good[-1]]])
    return min(lowest, _MAJORITY) if good[-1] == len(order) - 1 else lowest
