"""Makes the features that a classifier needs.

They come from the classifier's backbone, whose features may be in the cache, or from the classifier's own network.
"""

from dataclasses import replace

from imgsort.errors import ClassifierError, UsageError
from imgsort.features.extract import Features
from imgsort.features.keras_backend import Device
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.choose import ChosenModel
from imgsort.features.models.pooled_model import FeatureModel, PooledModel
from imgsort.features.runtimes.interface import Way
from imgsort.jobs.engine_settings import EngineOptions
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.settings import ModelSettings, ReadOptions
from imgsort.learning.result.classifier_file import ClassifierFile
from imgsort.learning.result.trained_network import TrainedNetwork


class PredictOptions(ReadOptions, EngineOptions, total=False):
    """Options that say how a classifier is run. The defaults are those of `ModelSettings`."""

    batch_size: int | None
    device: Device
    cache: bool
    verify: bool


def feature_model(file: ClassifierFile) -> FeatureModel:
    """Return the model that gives the features for a classifier.

    This is the backbone as it was published, if the classifier uses it and its weights are on this machine. Otherwise
    it is the network in the file.
    """
    network = file.classifier.network
    backbone = BACKBONES.get(network.name)
    if not network.is_stock or backbone is None:
        return TrainedNetwork(file)
    weights = backbone.weights.found()
    if weights is None or not weights.is_known_as(network.weights_sha256):
        return TrainedNetwork(file)
    return PooledModel(ChosenModel(backbone, weights), network.size_px)


def as_trained(settings: ModelSettings) -> ModelSettings:
    """Return the settings with the precision that classifiers are trained in."""
    return replace(settings, precision="float32")


def require_fitting(file: ClassifierFile, features: Features) -> None:
    """Raise ClassifierError if the features are not of the kind that the head has learned."""
    width = len(file.classifier.head.kernel)
    if features.files and features.matrix.shape[1] != width:
        raise ClassifierError(
            f"{file.path}: its network gives {features.matrix.shape[1]} features, and its head takes {width}. "
            "It was altered; train it again."
        )


def record_of(file: ClassifierFile, way: Way) -> ModelRecord:
    """Describe the classifier as the model that made a result."""
    network = file.classifier.network
    return ModelRecord(
        network.name, str(file.path), file.sha256, None, way.precision, way.runtime, "avg", network.size_px
    )


def require_numbers(confidence: float | None, top: int) -> None:
    """Raise UsageError if `confidence` is not from 0 to 1, or if `top` is less than 1."""
    if (confidence is not None and not 0 <= confidence <= 1) or top < 1:
        raise UsageError(
            f"confidence {confidence} and top {top}: the first must be from 0 to 1, the second at least 1."
        )
