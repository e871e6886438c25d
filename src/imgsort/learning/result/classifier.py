"""What was learned, and what it says of images: the head, the classes, and how its validation images looked to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from imgsort.grouping.centres import distances_to
from imgsort.grouping.directions import unit_rows
from imgsort.learning.network.head import Examples, Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Of what is filed this share is to be right.
_PRECISION = 0.95
_MAJORITY = 0.5
_NEVER = 2.0
_EDGE = 0.05
# Chance alone does not put so many of the images beyond the edge.
_FAR_TOO_MANY = 0.25
_FEWEST_TO_JUDGE = 10


@dataclass(frozen=True)
class NetworkRecord:
    """Which network gives the features that the head sees.

    `name`: of a backbone, or `cnn`; `size_px`: the side of its square input; `is_stock`: it is a backbone as its
    weights were published, whose hash is `weights_sha256`: features that are kept of it may be used. Otherwise the
    network that travels with the classifier gives them.
    """

    name: str
    size_px: int
    is_stock: bool
    weights_sha256: str


@dataclass(frozen=True)
class Predictions:
    """`probabilities`: float32 (n, classes); `distances`: float64 (n,), to the nearest centre of a class."""

    probabilities: "NDArray[np.float32]"
    distances: "NDArray[np.float64]"

    @property
    def confidences(self) -> "NDArray[np.float32]":
        """The probability of the likeliest class of each image, float32 (n,)."""
        confidences: NDArray[np.float32] = self.probabilities.max(axis=1)
        return confidences

    @property
    def labels(self) -> "NDArray[np.intp]":
        """The number of the likeliest class of each image, intp (n,)."""
        labels: NDArray[np.intp] = self.probabilities.argmax(axis=1)
        return labels


@dataclass(frozen=True)
class Reference:
    """How the validation images looked to the classifier, to tell images that are unlike them.

    `confidence`: from this on 95 % of them were classified rightly; 2, which is never reached, where they never were.
    One in twenty of them had a confidence below `low_confidence`, one in twenty a distance above `far_distance`.
    """

    confidence: float
    low_confidence: float
    far_distance: float


@dataclass(frozen=True)
class Classifier:
    """`classes`: their names, in the order of the head's outputs; `centres`: float32 (classes, d), at unit length.

    `trained_on`: hashes of the content of the images that it learned from, those of its validation included;
    `provenance`: how it came to be, for people.
    """

    classes: tuple[str, ...]
    network: NetworkRecord
    head: Head
    centres: "NDArray[np.float32]"
    reference: Reference
    trained_on: frozenset[str]
    provenance: dict[str, Any]

    def predict(self, features: "NDArray[np.float32]") -> Predictions:
        """Say of which class each image is, by its features, float32 (n, d)."""
        return predictions_of(self.head, self.centres, features)

    def unlikeness(self, predictions: Predictions) -> Literal["distance", "confidence"] | None:
        """Say by what the images look unlike those that it was validated with, or None where they look alike."""
        if len(predictions.labels) < _FEWEST_TO_JUDGE:
            return None
        if (predictions.distances > self.reference.far_distance).mean() > _FAR_TOO_MANY:
            return "distance"
        if (predictions.confidences < self.reference.low_confidence).mean() > _FAR_TOO_MANY:
            return "confidence"
        return None


def predictions_of(head: Head, centres: "NDArray[np.float32]", features: "NDArray[np.float32]") -> Predictions:
    """Return what a head and the classes' centres say of features, float32 (n, d)."""
    distances = distances_to(centres, unit_rows(features)).min(axis=1)
    return Predictions(head.probabilities(features), distances)


def centres_of_classes(train: Examples) -> "NDArray[np.float32]":
    """Return the mean of each class's rows at unit length, float32 (classes, d)."""
    import numpy as np

    rows = unit_rows(train.features)
    return np.array([rows[train.labels == label].mean(axis=0) for label in range(train.labels.max() + 1)])


def reference_of(predictions: Predictions, labels: "NDArray[np.intp]") -> Reference:
    """Learn from the validation images, with their classes, intp (n,)."""
    import numpy as np

    return Reference(
        confidence=_sure_from(predictions.confidences, predictions.labels == labels),
        low_confidence=float(np.quantile(predictions.confidences, _EDGE)),
        far_distance=float(np.quantile(predictions.distances, 1 - _EDGE)),
    )


def _sure_from(confidences: "NDArray[np.float32]", right: "NDArray[np.bool_]") -> float:
    """Return the lowest confidence from which on nearly all are right, or one that no image has.

    Where that is the lowest there is, less would do as well, as far as is known: then an image is to be likelier of
    its class than of all others together, no more.
    """
    import numpy as np

    order = np.argsort(-confidences, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Rows of one confidence are filed together or not at all.
    is_last_of_its_kind = np.append(np.diff(confidences[order]) != 0, True)
    good = np.flatnonzero((shares >= _PRECISION) & is_last_of_its_kind)
    if not len(good):
        return _NEVER
    lowest = float(confidences[order[good[-1]]])
    return min(lowest, _MAJORITY) if good[-1] == len(order) - 1 else lowest
