"""Keeps a model ready from one batch to the next, and makes another ready if the file or the settings change."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import ClassifierError
from imgsort.features.models.pooled_model import FeatureModel, PooledModel
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.learn.classify import prepare_classifier
from imgsort.jobs.listener import Listener
from imgsort.jobs.session.extracting import Prepared, prepare_chosen
from imgsort.jobs.settings import ModelSettings
from imgsort.learning.result.classifier_file import ClassifierFile, load_classifier


class KeptModel:
    """Makes the model of the categories ready, and gives the same one as long as it is asked for in the same way."""

    def __init__(self) -> None:
        self._asked_for: object = None
        self._prepared: Prepared[PooledModel] | None = None

    def __call__(
        self, settings: ModelSettings, default: str, read: ReadSettings, listener: Listener
    ) -> Prepared[PooledModel]:
        """Return the model, ready. `imgsort.jobs.session.extracting.Preparing` describes it."""
        asked_for = (settings, default, read, None if settings.weights is None else _stamp(settings.weights))
        if self._prepared is None or asked_for != self._asked_for:
            self.forget()  # two models at once may be more than fits into memory
            self._prepared = prepare_chosen(settings, default, read, listener)
            self._asked_for = asked_for
        return self._prepared

    def forget(self) -> None:
        """Let go of the model."""
        self._prepared = None


@dataclass(frozen=True)
class _Loaded:
    """A classifier in memory. `stamp`: what its file looked like when it was read."""

    file: ClassifierFile
    prepared: Prepared[FeatureModel]
    stamp: Any


class KeptClassifier:
    """Gives the classifier that lies at `path` now, with its model. They are loaded again only if the file changes."""

    def __init__(self, path: Path, settings: ModelSettings, read: ReadSettings) -> None:
        self.path, self.settings, self.read = path, settings, read
        self._loaded: _Loaded | None = None

    def now(self, listener: Listener) -> tuple[ClassifierFile, Prepared[FeatureModel]]:
        """Return the classifier and its model, ready.

        If a new classifier cannot be read, for example because it is only half copied, the earlier one is used, and a
        notice says so. Raises ClassifierError if there is no earlier one, and DeviceError.
        """
        stamp, loaded = _stamp(self.path), self._loaded
        if loaded is None:
            loaded = self._load(stamp, listener)
        elif stamp != loaded.stamp:
            loaded = self._renewed(loaded, stamp, listener)
        self._loaded = loaded
        return loaded.file, loaded.prepared

    def forget(self) -> None:
        """Let go of the classifier."""
        self._loaded = None

    def _renewed(self, earlier: _Loaded, stamp: Any, listener: Listener) -> _Loaded:
        """Return the classifier that lies there now, or the earlier one if the new one cannot be used."""
        try:
            file = load_classifier(self.path)
            if file.sha256 == earlier.file.sha256:
                return _Loaded(earlier.file, earlier.prepared, stamp)
            listener.notice(f"{self.path}: this is a new classifier. It is used from now on.")
            return _Loaded(file, prepare_classifier(file, self.settings, self.read, listener), stamp)
        except ClassifierError as error:
            listener.notice(f"{error} The classifier read earlier is used.")
            return earlier

    def _load(self, stamp: Any, listener: Listener) -> _Loaded:
        file = load_classifier(self.path)
        return _Loaded(file, prepare_classifier(file, self.settings, self.read, listener), stamp)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is replaced or written: inode, size and time. None if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
