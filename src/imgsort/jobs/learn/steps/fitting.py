"""Trains one model on images that are already divided. `train` does this once, `compare` for each model."""

import datetime
import importlib.metadata
import time
from dataclasses import dataclass
from typing import Any

from imgsort.jobs.learn.steps.backbone_fitting import fit_on_backbone
from imgsort.jobs.learn.steps.network_fitting import train_from_nothing
from imgsort.jobs.learn.steps.training_task import TrainingTask
from imgsort.learning.network.head import Examples
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.result.classifier import (
    Classifier,
    Predictions,
    centres_of_classes,
    predictions_of,
    reference_of,
)
from imgsort.learning.result.evaluation import Evaluation, evaluate_predictions
from imgsort.version import __version__

_PACKAGES = ("keras", "tensorflow", "scikit-learn", "numpy")


@dataclass(frozen=True)
class Fitted:
    """A classifier, the Keras network that belongs to it, and how good they are on the test images.

    `evaluation` and `predictions`: None if there are no test images.
    `is_whole`: training was not interrupted.
    `seconds`: the time for training, from the files to the trained network.
    """

    network: Any
    classifier: Classifier
    history: tuple[HistoryRow, ...]
    evaluation: Evaluation | None
    predictions: Predictions | None
    is_whole: bool
    seconds: float


def fit(task: TrainingTask) -> Fitted:
    """Train a model, and judge it by the test images.

    Raises UsageError, WeightsError, DeviceError and UnreadableImageError.
    """
    began = time.monotonic()
    learned = train_from_nothing(task) if task.settings.from_nothing else fit_on_backbone(task)
    seconds = time.monotonic() - began
    classes = task.data.classes
    train, validation, test = task.data.split.parts
    of_train, of_validation, of_test = learned.features
    centres = centres_of_classes(Examples(of_train, train.labels))
    classifier = Classifier(
        classes=classes,
        network=learned.record,
        head=learned.head,
        centres=centres,
        reference=reference_of(predictions_of(learned.validated, centres, of_validation), validation.labels),
        trained_on=frozenset((*train.contents, *validation.contents)),
        provenance=_provenance(task),
    )
    predictions = classifier.predict(of_test) if len(test.labels) else None
    evaluation = None
    if predictions is not None:
        evaluation = evaluate_predictions(predictions.probabilities, test.labels, classes)
    return Fitted(learned.network, classifier, learned.history, evaluation, predictions, learned.is_whole, seconds)


def _provenance(task: TrainingTask) -> dict[str, Any]:
    """Return how the classifier was made, for people who find its file."""
    settings, split = task.settings, task.data.split
    return {
        "imgsort": __version__,
        **{package: importlib.metadata.version(package) for package in _PACKAGES},
        "trained": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "model": settings.model,
        "weights": "none" if settings.from_nothing else "by hand" if settings.weights else "imagenet",
        "fine_tuned": settings.fine_tune,
        "seed": settings.seed,
        "class_weights": settings.class_weights,
        "augment": settings.training.augment if settings.trains_network else "none",
        "images": {
            "train": len(split.train.files),
            "validation": len(split.validation.files),
            "test": len(split.test.files),
        },
    }
