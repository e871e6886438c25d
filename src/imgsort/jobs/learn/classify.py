"""`imgsort classify FOLDER`: files every image in the folder of its class."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from imgsort.csv_file import require_new
from imgsort.features.extract import Features
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.filing.paths import is_at_or_above, join, parent_of
from imgsort.filing.planning.plan import Refusal
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.learn.steps.predicting import (
    PredictOptions,
    as_trained,
    feature_model,
    record_of,
    require_fitting,
    require_numbers,
)
from imgsort.jobs.learn.steps.predictions import UNSURE_FOLDER, Prediction, predictions_for, write_predictions
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session.collection import OpenCollection, open_collection
from imgsort.jobs.session.extracting import Prepared, prepare
from imgsort.jobs.session.filing import carry_out
from imgsort.jobs.session.looking import Extracted, look, looked_at_none
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import FilingOptions, FilingSettings, ModelSettings, parted
from imgsort.jobs.study import Study
from imgsort.learning.result.classifier import Predictions
from imgsort.learning.result.classifier_file import ClassifierFile, load_classifier


class ClassifyOptions(PredictOptions, FilingOptions, total=False):
    """Options that say how a classifier is run and where files go."""


@dataclass(frozen=True)
class ClassifyResult:
    """What the images show, and what was filed.

    `confidence`: the lowest confidence at which an image is filed in the folder of its class.
    """

    filing: FilingResult
    predictions: tuple[Prediction, ...]
    confidence: float

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The files of the plan that were left as they are."""
        return self.filing.refused

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **self.filing.to_json(),
            "confidence": self.confidence,
            "predictions": [prediction.to_json() for prediction in self.predictions],
        }


def classify(
    folder: str | Path,
    *,
    classifier: str | Path,
    confidence: float | None = None,
    top: int = 1,
    csv: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[ClassifyOptions],
) -> ClassifyResult:
    """File every image of `folder` in the folder of the class that `classifier` gives it.

    Images that are already in a class folder stay there.
    `confidence`: images with a lower confidence go to `Unsure`. By default, 95 % of the validation images with this
    confidence or more were classified correctly.
    `top`: how many classes are reported for each image.
    `csv`: a new file for these classes.
    The other options are those of ClassifyOptions. Raises ImgsortError: ClassifierError, CollectionError, UsageError,
    StrictError, DeviceError, LockedError, JournalError, StoppedError.
    """
    filing, model, read = parted(options, FilingSettings, ModelSettings, ReadSettings)
    require_numbers(confidence, top)
    table = None if csv is None else require_new(Path(csv))
    file = load_classifier(Path(classifier))
    sure = file.classifier.reference.confidence if confidence is None else confidence
    with open_collection(folder, "classify", filing, read, listener) as whole:
        collection = _without_filed(whole, file.classifier.classes)
        return file_by_class(collection, Sorting(file, model, sure, top, table))


@dataclass(frozen=True)
class Sorting:
    """How images are filed by class: the classifier's file, how it runs, and the lowest confidence for a class folder.

    `top`: how many classes are reported for each image. `table`: a new file for these classes, or None. `prepared`: the
    classifier's model if it is ready already.
    """

    file: ClassifierFile
    model: ModelSettings
    sure: float
    top: int = 1
    table: Path | None = None
    prepared: Prepared[FeatureModel] | None = None


def file_by_class(collection: OpenCollection, sorting: Sorting) -> ClassifyResult:
    """File every listed image of an open collection in the folder of its class.

    Raises ClassifierError, StrictError, DeviceError, JournalError and StoppedError.
    """
    file = sorting.file
    extracted = _extract(collection, sorting)
    features = extracted.features
    found = _predict(file, features, collection.hearing)
    predictions = predictions_for(file.classifier, features, found, sorting.top, sorting.sure)
    if sorting.table is not None:
        write_predictions(sorting.table, predictions, sorting.top)
    rows = zip(features.files, features.contents, predictions, strict=True)
    placements = [
        place(image, content, told.folder or UNSURE_FOLDER, told.distance, told.guesses[0].confidence)
        for image, content, told in rows
    ]
    placements.sort(key=lambda placement: (placement.folder == UNSURE_FOLDER, placement.folder))
    shared = frozenset({*file.classifier.classes, UNSURE_FOLDER})
    model = extracted.looked.model
    study = Study.of(collection.command, collection.site, features, placements, model=model, shared=shared)
    collection.hearing.studied(replace(study, is_by_class=True))
    filed = carry_out(collection, extracted.looked, placements, shared=shared)
    return ClassifyResult(filed, predictions, sorting.sure)


def prepare_classifier(
    file: ClassifierFile, model: ModelSettings, read: ReadSettings, listener: Listener
) -> Prepared[FeatureModel]:
    """Make the model ready that gives the features for a classifier. Raises ClassifierError and DeviceError."""
    return prepare(feature_model(file), as_trained(model), read, listener)


def _without_filed(collection: OpenCollection, classes: Sequence[str]) -> OpenCollection:
    """Return the collection without the images that are already in a class folder."""
    site, listing = collection.site, collection.listing
    if not site.is_within:
        return collection
    folders = [join(site.prefix, name) for name in classes]
    files = [file for file in listing.files if not _is_in_any(parent_of(file.path), folders)]
    return replace(collection, listing=replace(listing, files=tuple(files)))


def _is_in_any(folder: str, folders: Sequence[str]) -> bool:
    return any(is_at_or_above(above, folder) for above in folders)


def _extract(collection: OpenCollection, sorting: Sorting) -> Extracted:
    """Return the features of the images that are not filed yet. There may be no such images."""
    import numpy as np

    if not collection.listing.files:
        none = Features((), (), np.empty((0, 0), np.float32), collection.listing.unreadable)
        return Extracted(none, looked_at_none(collection))
    file, model = sorting.file, sorting.model
    prepared = sorting.prepared or prepare_classifier(file, model, collection.read, collection.hearing)
    extracted = look(collection, prepared, model, record_of(file, prepared.way))
    require_fitting(file, extracted.features)
    return extracted


def _predict(file: ClassifierFile, features: Features, hearing: Listener) -> Predictions | None:
    """Return the predictions of the classifier, or None if no image can be read.

    Give a notice if many images are unlike those that the classifier was validated with.
    """
    if not features.files:
        return None
    predictions = file.classifier.predict(features.matrix)
    unlike = file.classifier.unlikeness(predictions)
    if unlike is not None:
        what = "look farther from its classes" if unlike == "distance" else "leave it less sure"
        hearing.notice(
            f"many of these images {what} than the validation images of {file.path.name}: "
            "train it again with images like these."
        )
    return predictions
