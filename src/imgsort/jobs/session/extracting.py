"""Makes features as a command was asked to: with which model, how it runs, and with or without the cache.

A model is prepared once, and can then look at one listing after another. This module knows nothing about the state of a
collection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from imgsort.features.cache.feature_cache import opened_cache
from imgsort.features.engine import Images
from imgsort.features.extract import Features, extract_rows
from imgsort.features.extraction import Extraction, prepare_extraction
from imgsort.features.models.choose import choose_model
from imgsort.features.models.pooled_model import FeatureModel, PooledModel
from imgsort.features.runtimes.interface import Way
from imgsort.features.weights.fetching import Fetching
from imgsort.grouping.preload import preload
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Unreadable
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.ready_features import ReadyFeatures
from imgsort.jobs.settings import ModelSettings

Model = TypeVar("Model", bound=FeatureModel)


@dataclass(frozen=True)
class Prepared(Generic[Model]):
    """A model that is ready to look at images that are read as `read` says. Any number of listings may follow.

    `extraction`: the model in memory, and how it runs.
    """

    model: Model
    extraction: Extraction
    read: ReadSettings

    @property
    def way(self) -> Way:
        """How the model runs."""
        return self.extraction.way


# Makes a model ready: the one that the settings name, or else the default. The listener hears what takes long.
Preparing = Callable[[ModelSettings, str, ReadSettings, Listener], Prepared[PooledModel]]


def extract_with(
    images: Images,
    settings: ModelSettings,
    default: str,
    *,
    read: ReadSettings,
    listener: Listener,
    unreadable: Sequence[Unreadable] = (),
) -> tuple[Features, ModelRecord]:
    """Choose the model, load it and extract the features of every image, or take them from a dataset.

    `unreadable`: what could not even be listed. It comes first in the unreadable rows of the result.
    Raises UsageError, WeightsError, DeviceError and DatasetError.
    """
    source = source_for(settings, default, read, listener)
    return source.features_of(images, unreadable, listener), source.record


@dataclass(frozen=True)
class Source:
    """Where features come from: a model that is ready, or a dataset.

    `record`: the model that makes them, or made them. `features_of`: returns those of images, and the rows that could
    not be listed with the rows that cannot be read. It raises WeightsError, and DatasetError if the dataset lacks an
    image.
    """

    record: ModelRecord
    features_of: Callable[[Images, Sequence[Unreadable], Listener], Features]


def source_for(
    settings: ModelSettings, default: str, read: ReadSettings, listener: Listener, preparing: Preparing | None = None
) -> Source:
    """Open the dataset that the settings name, or make their model ready, by default with `prepare_chosen`.

    Raises UsageError, WeightsError, DeviceError and DatasetError.
    """
    if settings.features is not None:
        ready = ReadyFeatures.opened(settings.features, settings)
        return Source(ready.record, ready.features_of)
    prepared = (preparing or prepare_chosen)(settings, default, read, listener)
    return Source(
        ModelRecord.of(prepared.model, prepared.way),
        lambda images, unreadable, hearing: extract_prepared(prepared, images, settings, hearing, unreadable),
    )


def extract_by(
    model: FeatureModel,
    images: Images,
    settings: ModelSettings,
    *,
    read: ReadSettings,
    listener: Listener,
    unreadable: Sequence[Unreadable] = (),
) -> tuple[Features, Way]:
    """Extract the features of every image, from the cache or by the model.

    `unreadable`: what could not even be listed. Raises WeightsError and DeviceError.
    """
    prepared = prepare(model, settings, read, listener)
    return extract_prepared(prepared, images, settings, listener, unreadable), prepared.way


def chosen_model(settings: ModelSettings, default: str, listener: Listener) -> PooledModel:
    """Return the model that was asked for, or else the model `default`.

    The weights of the model are then on this machine. Raises UsageError and WeightsError.
    """
    fetching = Fetching(listener.notice, listener.download_bar, offline=settings.offline)
    chosen = choose_model(settings.model, default, settings.weights, fetching)
    backbone = chosen.backbone
    usual_fit = backbone.high_quality_fit if settings.is_best else "letterbox"
    return PooledModel(chosen, settings.size or backbone.size_px, settings.pooling, settings.fit or usual_fit)


def prepare_chosen(
    settings: ModelSettings, default: str, read: ReadSettings, listener: Listener
) -> Prepared[PooledModel]:
    """Choose the model and load it. Raises UsageError, WeightsError and DeviceError."""
    return prepare(chosen_model(settings, default, listener), settings, read, listener)


def prepare(model: Model, settings: ModelSettings, read: ReadSettings, listener: Listener) -> Prepared[Model]:
    """Load a model, in the way that suits this machine and the settings. Raises WeightsError and DeviceError."""
    extraction = prepare_extraction(
        model,
        read,
        notice=listener.notice,
        batch_size=settings.batch_size,
        device=settings.device,
        precision=settings.precision,
        runtime=settings.runtime,
        has_gpu=settings.has_gpu,
    )
    way = extraction.way
    listener.notice(f"{model.name} runs on the {way.device}, in {way.precision}.")
    return Prepared(model, extraction, read)


def extract_prepared(
    prepared: Prepared[Model],
    images: Images,
    settings: ModelSettings,
    listener: Listener,
    unreadable: Sequence[Unreadable] = (),
) -> Features:
    """Extract the features of every image, from the cache or by the model.

    `settings`: say whether the cache is used, and where the images are looked at. `unreadable`: what could not even be
    listed. Raises WeightsError.
    """
    with opened_cache(
        prepared.extraction.recipe, is_wanted=settings.cache, notice=listener.notice, verify=settings.verify
    ) as cache:
        features = extract_rows(
            images,
            prepared.extraction,
            partial(listener.progress, "reading"),
            engine=settings.chosen_engine(listener.notice),
            cache=cache,
            onlooker=listener.onlooker,
            meanwhile=preload,
        )
    if features.cached:
        listener.notice(f"the features of {features.cached} of {len(features.files)} images were in the cache.")
    return replace(features, unreadable=(*unreadable, *features.unreadable))
