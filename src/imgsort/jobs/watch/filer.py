"""Files one batch of an inbox after another, with a model that stays loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self, Unpack

from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.learn.classify import Sorting, file_by_class
from imgsort.jobs.learn.steps.predicting import PredictOptions, require_numbers
from imgsort.jobs.listener import Listener
from imgsort.jobs.organize.categorize import DEFAULT_MODEL
from imgsort.jobs.organize.update import file_new_images
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session.collection import open_collection
from imgsort.jobs.settings import FilingSettings, ModelOptions, ModelSettings, RuleOptions, parted
from imgsort.jobs.watch.kept_models import KeptClassifier, KeptModel

COMMAND = "watch"


class Filer(Protocol):
    """Files batches of an inbox. The first batch loads the model, and the others use it again."""

    def file(self, names: Sequence[str], listener: Listener | None = None) -> FilingResult:
        """File the images of the inbox with these names, and their sidecars, as one run of the command `watch`.

        `names`: of files directly in the inbox. An image that is gone is left out. What is not in the result's `moves`
        stays where it is: it is `refused` or `unreadable`, or a notice says why. The inbox is locked only meanwhile.
        Raises ImgsortError, for example LockedError, JournalError, and StoppedError with a `result`; and OSError.
        """

    def close(self) -> None:
        """Let go of the model."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


class _FilingOptions(RuleOptions, total=False):
    mode: str
    strict: bool
    sidecars: bool
    sidecar_patterns: Sequence[str]
    dry_run: bool


class ClassOptions(PredictOptions, _FilingOptions, total=False):
    """Options of a filer by class. They are those of `classify`."""


class CategoryOptions(ModelOptions, _FilingOptions, total=False):
    """Options of a filer into categories. They are those of `categorize`."""


def classifier_filer(
    inbox: str | Path,
    *,
    classifier: str | Path,
    output: str | Path,
    confidence: float | None = None,
    **options: Unpack[ClassOptions],
) -> Filer:
    """Return a filer that puts images of `inbox` into the folders of their classes in `output`.

    `classifier`: the file that `train` wrote. A new classifier at this path is used from the next batch on.
    `confidence`: images with a lower confidence go to `Unsure`, by default the classifier's own.
    Raises UsageError for options that are not allowed. A wrong classifier is an error of the first batch.
    """
    filing, model, read = parted({**options, "output": output}, FilingSettings, ModelSettings, ReadSettings)
    require_numbers(confidence, top=1)
    return _ClassifierFiler(Path(inbox), KeptClassifier(Path(classifier), model, read), filing, confidence)


def category_filer(inbox: str | Path, *, into: str | Path, **options: Unpack[CategoryOptions]) -> Filer:
    """Return a filer that puts images of `inbox` into the categories of the collection `into`, which may be the inbox.

    It does what `categorize --update` does. Raises UsageError for options that are not allowed.
    """
    filing, model, read = parted({**options, "output": into}, FilingSettings, ModelSettings, ReadSettings)
    return _CategoryFiler(Path(inbox), filing, model, read)


class _Closing:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        raise NotImplementedError


class _ClassifierFiler(_Closing):
    def __init__(self, inbox: Path, kept: KeptClassifier, settings: FilingSettings, confidence: float | None) -> None:
        self._inbox, self._kept, self._settings, self._confidence = inbox, kept, settings, confidence

    def file(self, names: Sequence[str], listener: Listener | None = None) -> FilingResult:
        kept = self._kept
        with open_collection(
            self._inbox, COMMAND, self._settings, kept.read, listener, named=frozenset(names)
        ) as collection:
            file, prepared = kept.now(collection.hearing)
            sure = file.classifier.reference.confidence if self._confidence is None else self._confidence
            return file_by_class(collection, Sorting(file, kept.settings, sure, prepared=prepared)).filing

    def close(self) -> None:
        self._kept.forget()


class _CategoryFiler(_Closing):
    def __init__(self, inbox: Path, settings: FilingSettings, model: ModelSettings, read: ReadSettings) -> None:
        self._inbox, self._settings, self._model, self._read = inbox, settings, model, read
        self._kept = KeptModel()

    def file(self, names: Sequence[str], listener: Listener | None = None) -> FilingResult:
        with open_collection(
            self._inbox, COMMAND, self._settings, self._read, listener, named=frozenset(names)
        ) as collection:
            return file_new_images(collection, self._model, DEFAULT_MODEL, self._kept)

    def close(self) -> None:
        self._kept.forget()
