"""Makes features for `find`: of the images that are looked for, and of those of the collection, by one model."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache, NoCache
from imgsort.features.extract import Features, extract_rows
from imgsort.features.extraction import Extraction, prepare_extraction
from imgsort.features.models.pooled_model import PooledModel
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.extracting import chosen_model
from imgsort.jobs.settings import ModelSettings


@dataclass(frozen=True)
class Seeing:
    """A model that is ready to look at images, and the cache of its features."""

    model: PooledModel
    extraction: Extraction
    cache: FeatureCache | NoCache
    read: ReadSettings
    hearing: Listener

    @property
    def record(self) -> ModelRecord:
        """The model as a result names it."""
        return ModelRecord.of(self.model, self.extraction.way)

    def features_of(self, root: Path, files: Sequence[ImageFile], *, task: str) -> Features:
        """Return the features of these files of the folder `root`, from the cache or by the model."""
        return extract_rows(
            root,
            files,
            self.extraction.extractor,
            partial(self.hearing.progress, task),
            square=self.model.square,
            settings=self.read,
            cache=self.cache,
            onlooker=self.hearing.onlooker,
        )


@contextlib.contextmanager
def opened_eyes(settings: ModelSettings, default: str, read: ReadSettings, hearing: Listener) -> Iterator[Seeing]:
    """Choose a model and make it ready: the one that the settings name, or `default`.

    Raises UsageError, WeightsError and DeviceError.
    """
    model = chosen_model(settings, default, hearing)
    extraction = prepare_extraction(
        model,
        read,
        notice=hearing.notice,
        batch_size=settings.batch_size,
        device=settings.device,
        precision=settings.precision,
    )
    way = extraction.way
    hearing.notice(f"{model.name} runs on the {way.device}, in {way.precision}.")
    notice, verify = hearing.notice, settings.verify
    cache = FeatureCache(extraction.recipe, notice=notice, verify=verify) if settings.cache else NO_CACHE
    with contextlib.closing(cache):
        yield Seeing(model, extraction, cache, read, hearing)
