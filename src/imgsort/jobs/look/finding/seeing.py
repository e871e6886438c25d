"""Makes features for `find`: of the images that are looked for, and of those of the collection, by one model."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imgsort.features.cache.feature_cache import FeatureCache, NoCache, opened_cache
from imgsort.features.engine import Engine, FolderImages
from imgsort.features.extract import Features, extract_rows
from imgsort.features.extraction import Extraction
from imgsort.features.models.pooled_model import PooledModel
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.extracting import prepare_chosen
from imgsort.jobs.settings import ModelSettings


@dataclass(frozen=True)
class Seeing:
    """A model that is ready to look at images, the engine that it looks with, and the cache of its features."""

    model: PooledModel
    extraction: Extraction
    engine: Engine
    cache: FeatureCache | NoCache
    hearing: Listener

    @property
    def record(self) -> ModelRecord:
        """The model as a result names it."""
        return ModelRecord.of(self.model, self.extraction.way)

    def features_of(self, root: Path, files: Sequence[ImageFile], *, task: str) -> Features:
        """Return the features of these files of the folder `root`, from the cache or by the model."""
        return extract_rows(
            FolderImages(root, files),
            self.extraction,
            partial(self.hearing.progress, task),
            engine=self.engine,
            cache=self.cache,
            onlooker=self.hearing.onlooker,
        )


@contextlib.contextmanager
def opened_eyes(settings: ModelSettings, default: str, read: ReadSettings, hearing: Listener) -> Iterator[Seeing]:
    """Choose a model and make it ready: the one that the settings name, or `default`.

    Raises UsageError, WeightsError and DeviceError.
    """
    prepared = prepare_chosen(settings, default, read, hearing)
    extraction, notice = prepared.extraction, hearing.notice
    with opened_cache(extraction.recipe, is_wanted=settings.cache, notice=notice, verify=settings.verify) as cache:
        yield Seeing(prepared.model, extraction, settings.chosen_engine(notice), cache, hearing)
