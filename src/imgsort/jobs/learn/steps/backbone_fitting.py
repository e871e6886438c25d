"""Fits a head on the features of an unchanged backbone, which takes seconds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgsort.errors import UnreadableImageError
from imgsort.features.engine import FolderImages
from imgsort.features.keras_backend import importing_keras
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.interface import Way
from imgsort.jobs.learn.steps.network_fitting import fine_tune
from imgsort.jobs.learn.steps.training_task import Learned, TrainingTask
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.extracting import chosen_model, extract_by
from imgsort.jobs.session.ready_features import ReadyFeatures
from imgsort.learning.data.dataset import LabelledImages
from imgsort.learning.network.head import MOST_STEPS, Examples, fit_again, fit_head, together
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.network.networks import build_on_backbone, set_head
from imgsort.learning.network.training import tensorboard_logs
from imgsort.learning.result.classifier import NetworkRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fit_on_backbone(task: TrainingTask) -> Learned:
    """Fit a head. If the settings ask for it, then train the head and the backbone together.

    Raises UsageError, WeightsError, DeviceError, UnreadableImageError, MissingPackageError.
    """
    settings, split = task.settings, task.data.split
    pooled = chosen_model(settings.model_settings, settings.model, task.listener)
    features = _features(task, pooled)
    train, validation = (Examples(rows, part.labels) for rows, part in zip(features[:2], split.parts[:2], strict=True))
    balanced = settings.class_weights == "balanced"
    history: list[HistoryRow] = []
    with importing_keras():
        hear = task.row_receiver(history, MOST_STEPS)
        found = fit_head(train, validation, balanced=balanced, seed=settings.seed, hear=hear)
        head = fit_again(together(train, validation), found.strength, balanced=balanced, seed=settings.seed)
    if settings.fine_tune:
        return fine_tune(task, pooled, found.head, history)
    logs = tensorboard_logs(settings.tensorboard)
    for row in history:
        logs(row)
    network = build_on_backbone(pooled, len(task.data.classes))
    set_head(network, head)
    is_stock = pooled.model.origin == "imagenet"
    record = NetworkRecord(pooled.name, pooled.size_px, is_stock, pooled.sha256)
    return Learned(network, record, head, found.head, features, tuple(history))


def _features(task: TrainingTask, pooled: PooledModel) -> "tuple[NDArray[np.float32], ...]":
    """Return the features of each part. The parts that lie in one folder are extracted together."""
    train, validation, test = task.data.split.parts
    if test.root == train.root:
        rows = _extract(task, pooled, (train, validation, test))
    else:
        rows = [*_extract(task, pooled, (train, validation)), *_extract(task, pooled, (test,))]
    return tuple(rows)


def _extract(task: TrainingTask, pooled: PooledModel, parts: Sequence[LabelledImages]) -> "list[NDArray[np.float32]]":
    root = parts[0].root
    images = FolderImages(root, tuple(file for part in parts for file in part.files))
    settings = task.settings.model_settings
    if settings.features is None:
        features, _ = extract_by(pooled, images, settings, read=task.read, listener=task.listener)
    else:
        wanted = ModelRecord.of(pooled, Way("", "float32"))
        ready = ReadyFeatures.opened(settings.features, settings, wanted=wanted)
        features = ready.features_of(images, (), task.listener)
    if features.unreadable:
        row = features.unreadable[0]
        raise UnreadableImageError(f"{root / row.path}: {row.reason}. It could be read a moment ago.")
    ends = [sum(len(part.files) for part in parts[: count + 1]) for count in range(len(parts))]
    return [features.matrix[end - len(part.files) : end] for end, part in zip(ends, parts, strict=True)]
