"""Trains one model on images that are divided already: what `train` does once, and `compare` for each model."""

import datetime
import importlib.metadata
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.errors import UnreadableImageError
from imgsort.features.keras_backend import importing_keras, require_gpu, use_device
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.choose import ChosenModel
from imgsort.features.models.pooled_model import PooledModel
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Listing
from imgsort.jobs.extracting import chosen_model, extract_by
from imgsort.jobs.learn.steps.settings import LearnSettings
from imgsort.jobs.listener import Listener
from imgsort.learning.data.dataset import LabelledImages, Split
from imgsort.learning.data.pixels import squares_of
from imgsort.learning.network.head import MOST_STEPS, Examples, Head, fit_again, fit_head, together
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.network.networks import (
    SMALL_NETWORK,
    build_on_backbone,
    build_small_network,
    features_part,
    freeze_normalisation,
    head_of,
    set_head,
)
from imgsort.learning.network.training import Squares, in_batches, seed_everything, tensorboard_logs, train_network
from imgsort.learning.result.classifier import (
    Classifier,
    NetworkRecord,
    Predictions,
    centres_of_classes,
    predictions_of,
    reference_of,
)
from imgsort.learning.result.evaluation import Evaluation, evaluate_predictions
from imgsort.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PACKAGES = ("keras", "tensorflow", "scikit-learn", "numpy")


@dataclass(frozen=True)
class Fitted:
    """A classifier, the Keras network that belongs to it, and how well they do on the test images.

    `evaluation` and `predictions` are None where no images were left to test with; `is_whole`: training was not
    interrupted; `seconds`: what it took, from files to the trained network.
    """

    network: Any
    classifier: Classifier
    history: tuple[HistoryRow, ...]
    evaluation: Evaluation | None
    predictions: Predictions | None
    is_whole: bool
    seconds: float


@dataclass(frozen=True)
class _Learned:
    """What either way of training gives. `features`: of each part, train, validation, test.

    `validated`: the head that has not seen the validation images, by which they tell what it is worth.
    """

    network: Any
    record: NetworkRecord
    head: Head
    validated: Head
    features: "tuple[NDArray[np.float32], ...]"
    is_whole: bool = True


@dataclass
class Fitting:
    """One model at its training."""

    split: Split
    classes: tuple[str, ...]
    settings: LearnSettings
    read: ReadSettings
    listener: Listener

    def __post_init__(self) -> None:
        self._history: list[HistoryRow] = []

    def fit(self) -> Fitted:
        """Train, and judge by the test images. Raises UsageError, WeightsError, DeviceError, UnreadableImageError."""
        began = time.monotonic()
        learned = self._network_from_nothing() if self.settings.from_nothing else self._head_on_backbone()
        seconds = time.monotonic() - began
        train, validation, test = self.split.parts
        of_train, of_validation, of_test = learned.features
        centres = centres_of_classes(Examples(of_train, train.labels))
        classifier = Classifier(
            classes=self.classes,
            network=learned.record,
            head=learned.head,
            centres=centres,
            reference=reference_of(predictions_of(learned.validated, centres, of_validation), validation.labels),
            trained_on=frozenset((*train.contents, *validation.contents)),
            provenance=self._provenance(),
        )
        predictions = classifier.predict(of_test) if len(test.labels) else None
        return Fitted(
            learned.network,
            classifier,
            tuple(self._history),
            None if predictions is None else evaluate_predictions(predictions.probabilities, test.labels, self.classes),
            predictions,
            learned.is_whole,
            seconds,
        )

    def _network_from_nothing(self) -> _Learned:
        settings = self.settings
        _use(settings)
        seed_everything(settings.seed)
        if settings.model == SMALL_NETWORK:
            network = build_small_network(settings.size_px, len(self.classes))
        else:
            network = build_on_backbone(_without_weights(settings), len(self.classes))
        squares = self._squares()
        is_whole = self._train(network, squares)
        record = NetworkRecord(settings.model, settings.size_px, is_stock=False, weights_sha256="")
        return self._learned(network, record, squares, is_whole)

    def _head_on_backbone(self) -> _Learned:
        """Fit a head on the features of the backbone as it is, and then, if so asked, train the two on together."""
        settings = self.settings
        pooled = chosen_model(settings.features, settings.model, listener=self.listener, notice=self.listener.notice)
        features = self._features(pooled)
        train, validation = (
            Examples(rows, part.labels) for rows, part in zip(features[:2], self.split.parts[:2], strict=True)
        )
        balanced = settings.class_weights == "balanced"
        with importing_keras():
            found = fit_head(train, validation, balanced=balanced, seed=settings.seed, hear=self._hearing(MOST_STEPS))
            head = fit_again(together(train, validation), found.strength, balanced=balanced, seed=settings.seed)
        if settings.fine_tune:
            return self._fine_tuned(pooled, found.head)
        logs = tensorboard_logs(settings.tensorboard)
        for row in self._history:
            logs(row)
        network = build_on_backbone(pooled, len(self.classes))
        set_head(network, head)
        is_stock = pooled.model.origin == "imagenet"
        record = NetworkRecord(pooled.name, pooled.size_px, is_stock, pooled.sha256)
        return _Learned(network, record, head, found.head, features)

    def _fine_tuned(self, pooled: PooledModel, head: Head) -> _Learned:
        _use(self.settings)
        seed_everything(self.settings.seed)
        network = build_on_backbone(pooled, len(self.classes))
        set_head(network, head)
        freeze_normalisation(network)
        squares = self._squares()
        is_whole = self._train(network, squares)
        record = NetworkRecord(pooled.name, pooled.size_px, is_stock=False, weights_sha256=pooled.sha256)
        return self._learned(network, record, squares, is_whole)

    def _train(self, network: Any, squares: "Sequence[NDArray[np.uint8]]") -> bool:
        train, validation = (
            Squares(pixels, part.labels) for pixels, part in zip(squares[:2], self.split.parts[:2], strict=True)
        )
        training = self.settings.training
        is_whole = train_network(network, train, validation, training, self._hearing(training.epochs))
        if not is_whole:
            self.listener.notice("interrupted: training ends here, and the best epoch so far is kept.")
        return is_whole

    def _hearing(self, total: int) -> Callable[[HistoryRow], None]:
        def hear(row: HistoryRow) -> None:
            self._history.append(row)
            self.listener.trained(row, total)

        return hear

    def _squares(self) -> "list[NDArray[np.uint8]]":
        """Return the pixels of each part."""
        progress = partial(self.listener.progress, "reading")
        return [squares_of(part, self.settings.size_px, self.read, progress) for part in self.split.parts]

    def _learned(
        self, network: Any, record: NetworkRecord, squares: "Sequence[NDArray[np.uint8]]", is_whole: bool
    ) -> _Learned:
        """Describe a network that was trained: its head, and the features that it gives by now."""
        head = head_of(network)
        return _Learned(network, record, head, head, self._features_by(network, squares), is_whole)

    def _features_by(self, network: Any, squares: "Sequence[NDArray[np.uint8]]") -> "tuple[NDArray[np.float32], ...]":
        part = features_part(network)
        return tuple(in_batches(part, pixels, self.settings.training.batch_size) for pixels in squares)

    def _features(self, pooled: PooledModel) -> "tuple[NDArray[np.float32], ...]":
        """Return the features of each part, those of one folder extracted at once."""
        train, validation, test = self.split.parts
        if test.root == train.root:
            rows = self._extract(pooled, (train, validation, test))
        else:
            rows = [*self._extract(pooled, (train, validation)), *self._extract(pooled, (test,))]
        return tuple(rows)

    def _extract(self, pooled: PooledModel, parts: Sequence[LabelledImages]) -> "list[NDArray[np.float32]]":
        files = tuple(file for part in parts for file in part.files)
        features, _ = extract_by(
            pooled,
            parts[0].root,
            Listing(files, ()),
            self.settings.features,
            read=self.read,
            listener=self.listener,
            notice=self.listener.notice,
        )
        if features.unreadable:
            row = features.unreadable[0]
            raise UnreadableImageError(f"{parts[0].root / row.path}: {row.reason}. It could be read a moment ago.")
        ends = [sum(len(part.files) for part in parts[: count + 1]) for count in range(len(parts))]
        return [features.matrix[end - len(part.files) : end] for end, part in zip(ends, parts, strict=True)]

    def _provenance(self) -> dict[str, Any]:
        settings = self.settings
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
                "train": len(self.split.train.files),
                "validation": len(self.split.validation.files),
                "test": len(self.split.test.files),
            },
        }


def _use(settings: LearnSettings) -> None:
    """Make TensorFlow ready for the device asked for. Raises DeviceError."""
    if settings.device == "gpu":
        require_gpu()
    use_device("cpu" if settings.device == "cpu" else "gpu")


def _without_weights(settings: LearnSettings) -> PooledModel:
    """Return the backbone, to begin with random weights."""
    backbone = replace(BACKBONES[settings.model], load=lambda model, file: None)
    return PooledModel(ChosenModel(backbone, Path(), "imagenet", ""), settings.size_px)
