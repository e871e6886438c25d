"""Makes features for `find`: of the images that are looked for, and of those of the collection, by one model."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imgsort.errors import UsageError
from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache, NoCache, opened_cache
from imgsort.features.engine import LOCAL, Engine, FolderImages
from imgsort.features.extract import Features, extract_rows
from imgsort.features.extraction import Extraction
from imgsort.features.models.pooled_model import PooledModel
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.extracting import prepare_chosen
from imgsort.jobs.session.ready_features import ReadyFeatures, contents_of
from imgsort.jobs.settings import ModelSettings


@dataclass(frozen=True)
class Seeing:
    """A model that is ready to look at images, the engine that looks at a folder, and the cache of the features."""

    model: PooledModel
    extraction: Extraction
    engine: Engine
    cache: FeatureCache | NoCache
    hearing: Listener

    @property
    def record(self) -> ModelRecord:
        """The model as a result names it."""
        return ModelRecord.of(self.model, self.extraction.way)

    @property
    def recipe(self) -> str:
        """The recipe of the features."""
        return self.extraction.recipe

    def features_of_query(self, files: Sequence[ImageFile]) -> Features:
        """Return the features of the images that are looked for. Their paths are absolute."""
        return self._features_of(LOCAL, Path(), files, "looking at the query")

    def features_of(self, root: Path, files: Sequence[ImageFile], *, task: str) -> Features:
        """Return the features of these files of the folder `root`, from the cache or by the engine."""
        return self._features_of(self.engine, root, files, task)

    def _features_of(self, engine: Engine, root: Path, files: Sequence[ImageFile], task: str) -> Features:
        return extract_rows(
            FolderImages(root, files),
            self.extraction,
            partial(self.hearing.progress, task),
            engine=engine,
            cache=self.cache,
            onlooker=self.hearing.onlooker,
        )


@dataclass(frozen=True)
class SeeingByDataset:
    """Features that are ready in a dataset. Only a query that is not in it needs the model that made them."""

    ready: ReadyFeatures
    read: ReadSettings
    hearing: Listener
    cache: NoCache = NO_CACHE

    @property
    def record(self) -> ModelRecord:
        """The model that made the features, as a result names it."""
        return self.ready.record

    @property
    def recipe(self) -> str:
        """The recipe of the features."""
        return self.ready.dataset.head.recipe

    def features_of_query(self, files: Sequence[ImageFile]) -> Features:
        """Return the features of the images that are looked for. Their paths are absolute.

        If one has no row, the model looks at them. Raises UsageError if it sees other things here than it did then,
        and WeightsError and DeviceError.
        """
        contents, _ = contents_of(FolderImages(Path(), files), self.ready.settings, self.hearing)
        rows = self.ready.dataset.rows_of(contents).tolist()
        if all(row >= 0 for content, row in zip(contents, rows, strict=True) if content):
            return self.features_of(Path(), files, task="")
        with _looking(self.ready.settings_of_model(), self.record.name, self.read, self.hearing) as seeing:
            if seeing.recipe != self.recipe:
                raise UsageError(
                    f"{self.ready.folder}: an image of the query has no features there, and {self.record.name} does "
                    "not see here what it saw then: a version or an option is another one. Make a new dataset."
                )
            return seeing.features_of_query(files)

    def features_of(self, root: Path, files: Sequence[ImageFile], *, task: str) -> Features:
        """Return the features of these files of the folder `root`. Raises DatasetError if one has no row."""
        return self.ready.features_of(FolderImages(root, files), (), self.hearing)


@contextlib.contextmanager
def opened_eyes(
    settings: ModelSettings, default: str, read: ReadSettings, hearing: Listener
) -> Iterator[Seeing | SeeingByDataset]:
    """Open the dataset that the settings name, or make a model ready: the one that they name, or `default`.

    Raises UsageError, WeightsError, DeviceError and DatasetError.
    """
    if settings.features is not None:
        yield SeeingByDataset(ReadyFeatures.opened(settings.features, settings), read, hearing)
        return
    with _looking(settings, default, read, hearing) as seeing:
        yield seeing


@contextlib.contextmanager
def _looking(settings: ModelSettings, default: str, read: ReadSettings, hearing: Listener) -> Iterator[Seeing]:
    prepared = prepare_chosen(settings, default, read, hearing)
    extraction, notice = prepared.extraction, hearing.notice
    with opened_cache(extraction.recipe, is_wanted=settings.cache, notice=notice, verify=settings.verify) as cache:
        yield Seeing(prepared.model, extraction, settings.chosen_engine(notice), cache, hearing)
