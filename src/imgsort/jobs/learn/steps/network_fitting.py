"""Trains a whole network.

The network starts from random weights, or it is a backbone with its head, which is trained gently.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.features.keras_backend import require_gpu, use_device
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.choose import ChosenModel
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.weights.weights_file import WeightsFile
from imgsort.jobs.learn.steps.settings import LearnSettings
from imgsort.jobs.learn.steps.training_task import Learned, TrainingTask
from imgsort.learning.data.pixels import squares_of
from imgsort.learning.network.head import Head
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
from imgsort.learning.network.training import Squares, in_batches, seed_everything, train_network
from imgsort.learning.result.classifier import NetworkRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def train_from_nothing(task: TrainingTask) -> Learned:
    """Train the small network, or a backbone, from random weights.

    Raises UsageError, DeviceError, UnreadableImageError and MissingPackageError.
    """
    settings, classes = task.settings, len(task.data.classes)
    _begin(settings)
    if settings.model == SMALL_NETWORK:
        network = build_small_network(settings.size_px, classes)
    else:
        network = build_on_backbone(_without_weights(settings), classes)
    record = NetworkRecord(settings.model, settings.size_px, is_stock=False, weights_sha256="")
    return _train(task, network, record, [])


def fine_tune(task: TrainingTask, pooled: PooledModel, head: Head, history: list[HistoryRow]) -> Learned:
    """Train a backbone together with the head that was fitted on it.

    `history`: the history of the head.
    Raises UsageError, WeightsError, DeviceError, UnreadableImageError and MissingPackageError.
    """
    _begin(task.settings)
    network = build_on_backbone(pooled, len(task.data.classes))
    set_head(network, head)
    freeze_normalisation(network)
    record = NetworkRecord(pooled.name, pooled.size_px, is_stock=False, weights_sha256=pooled.sha256)
    return _train(task, network, record, history)


def _begin(settings: LearnSettings) -> None:
    """Prepare TensorFlow for the device that was asked for, and make its random numbers depend on the seed.

    Raises DeviceError.
    """
    if settings.device == "gpu":
        require_gpu()
    use_device("cpu" if settings.device == "cpu" else "gpu")
    seed_everything(settings.seed)


def _without_weights(settings: LearnSettings) -> PooledModel:
    """Return the backbone without weights, so that it starts with random ones."""
    backbone = replace(BACKBONES[settings.model], load=lambda model, file: None)
    return PooledModel(ChosenModel(backbone, WeightsFile(Path(), "package")), settings.size_px)


def _train(task: TrainingTask, network: Any, record: NetworkRecord, history: list[HistoryRow]) -> Learned:
    """Train the network. Return it with its head and the features that it gives after the training."""
    squares = _squares(task)
    train, validation = (
        Squares(pixels, part.labels) for pixels, part in zip(squares[:2], task.data.split.parts[:2], strict=True)
    )
    training = task.settings.training
    is_whole = train_network(network, train, validation, training, task.row_receiver(history, training.epochs))
    if not is_whole:
        task.listener.notice("interrupted: training ends here. The best epoch so far is kept.")
    head = head_of(network)
    features = _features_by(network, squares, training.batch_size)
    return Learned(network, record, head, head, features, tuple(history), is_whole)


def _squares(task: TrainingTask) -> "list[NDArray[np.uint8]]":
    """Return the pixels of each part."""
    progress = partial(task.listener.progress, "reading")
    return [squares_of(part, task.settings.size_px, task.read, progress) for part in task.data.split.parts]


def _features_by(
    network: Any, squares: "Sequence[NDArray[np.uint8]]", batch_size: int
) -> "tuple[NDArray[np.float32], ...]":
    part = features_part(network)
    return tuple(in_batches(part, pixels, batch_size) for pixels in squares)
