"""`imgsort classify`: files every image in the folder of its class; or says of single files what they show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from imgsort.csv_file import require_new, write_csv
from imgsort.errors import CollectionError, UsageError
from imgsort.features.extract import Features
from imgsort.filing.paths import is_at_or_above, join, parent_of
from imgsort.filing.planning.plan import Refusal
from imgsort.filing.planning.site import Site
from imgsort.images.finding.find import ImageFile, Listing, Unreadable
from imgsort.jobs.extracting import extract_by
from imgsort.jobs.learn.steps.predicting import PredictOptions, as_trained, feature_model, record_of, require_fitting
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.placing import place, rounded
from imgsort.jobs.results import JSON_VERSION, FilingResult
from imgsort.jobs.session import Session, filing_session
from imgsort.jobs.settings import (
    FilingOptions,
    FilingSettings,
    ModelSettings,
    require_none_left,
    take,
    take_read_settings,
)
from imgsort.learning.result.classifier import Classifier, Predictions
from imgsort.learning.result.classifier_file import ClassifierFile, load_classifier

UNSURE_FOLDER = "Unsure"

_CSV_HEADER = ("file", "class", "confidence", "distance", "folder")


class ClassifyOptions(PredictOptions, FilingOptions, total=False):
    """How a classifier is run, and where files go."""


@dataclass(frozen=True)
class Guess:
    """A class, and how probable it is."""

    name: str
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """What an image shows: `guesses`, the likeliest first. `distance`: how far it is from the nearest class's centre.

    `folder`: the one that it belongs in, None where nothing is filed.
    """

    path: str
    guesses: tuple[Guess, ...]
    distance: float
    folder: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints for it."""
        best = self.guesses[0]
        filed = {} if self.folder is None else {"folder": self.folder}
        guesses = [{"class": guess.name, "confidence": guess.confidence} for guess in self.guesses]
        return {
            "path": self.path,
            "class": best.name,
            "confidence": best.confidence,
            "distance": self.distance,
            **filed,
            "classes": guesses,
        }


@dataclass(frozen=True)
class ClassifyResult:
    """What images show, and what was filed. `confidence`: from which on an image is filed by its class."""

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


@dataclass(frozen=True)
class Answers:
    """What single files show; nothing is filed. `confidence` as above."""

    classifier: Path
    predictions: tuple[Prediction, ...]
    confidence: float
    unreadable: tuple[Unreadable, ...]
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "version": JSON_VERSION,
            "command": "classify",
            "status": "done",
            "classifier": str(self.classifier),
            "confidence": self.confidence,
            "predictions": [prediction.to_json() for prediction in self.predictions],
            "unreadable": [vars(row) for row in self.unreadable],
            "notices": list(self.notices),
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
    """File every image of `folder` in the folder of the class that `classifier` takes it for.

    Images that lie in a class's folder already stay: a person's word counts for more. `confidence`: what is less
    sure goes to `Unsure`; by default what was right for 95 % of the validation images. `top`: how many classes are
    told of each image; `csv`: a new file for them. The other options are those of ClassifyOptions. Raises
    ImgsortError: ClassifierError, CollectionError, UsageError, StrictError, DeviceError, LockedError, JournalError,
    StoppedError.
    """
    left = dict(options)
    filing, model, read = take(left, FilingSettings), take(left, ModelSettings), take_read_settings(left)
    require_none_left(left)
    _require_numbers(confidence, top)
    table = None if csv is None else require_new(Path(csv))
    file = load_classifier(Path(classifier))
    sure = file.classifier.reference.confidence if confidence is None else confidence
    with filing_session(folder, "classify", filing, read, listener or Listener()) as session:
        session.listing = _unfiled(session.site, session.listing, file.classifier.classes)
        features = _extract(session, file, model)
        found = _predict(file, features, session)
        predictions = _told(file.classifier, features, found, top, sure)
        if table is not None:
            write_csv(table, *_table(predictions, top))
        rows = zip(features.files, features.contents, predictions, strict=True)
        placements = [
            place(image, content, told.folder or UNSURE_FOLDER, told.distance, told.guesses[0].confidence)
            for image, content, told in rows
        ]
        placements.sort(key=lambda placement: (placement.folder == UNSURE_FOLDER, placement.folder))
        filed = session.carry_out(placements, shared={*file.classifier.classes, UNSURE_FOLDER})
    return ClassifyResult(filed, predictions, sure)


def _extract(session: Session, file: ClassifierFile, model: ModelSettings) -> Features:
    """Return the features of the images that are not filed yet, if there are any."""
    import numpy as np

    if not session.listing.files:
        session.looked_at(0, session.listing.unreadable)
        return Features((), (), np.empty((0, 0), np.float32), session.listing.unreadable)
    features = session.extract_by(feature_model(file), as_trained(model), lambda way: record_of(file, way))
    require_fitting(file, features)
    return features


def predict(
    files: Sequence[str | Path],
    *,
    classifier: str | Path,
    top: int = 5,
    csv: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[PredictOptions],
) -> Answers:
    """Say of single `files` what they show, and move nothing. Options and errors are as of `classify`."""
    hearing = Remembering(listener)
    left = dict(options)
    settings, read = as_trained(take(left, ModelSettings)), take_read_settings(left)
    require_none_left(left)
    _require_numbers(None, top)
    table = None if csv is None else require_new(Path(csv))
    file = load_classifier(Path(classifier))
    images = [image_file(Path(path)) for path in files]
    listing = Listing(tuple(dict.fromkeys(images)), ())
    features, _ = extract_by(
        feature_model(file), Path(), listing, settings, read=read, listener=hearing, notice=hearing.notice
    )
    require_fitting(file, features)
    found = file.classifier.predict(features.matrix) if features.files else None
    told = dict(zip(features.files, _told(file.classifier, features, found, top, None), strict=True))
    reasons = {row.path: row.reason for row in features.unreadable}
    # A file may be named twice, and go by the name of a link to it.
    named = list(zip(map(str, files), images, strict=True))
    predictions = tuple(replace(told[image], path=name) for name, image in named if image in told)
    unreadable = tuple(Unreadable(name, reasons[image.path]) for name, image in named if image.path in reasons)
    if table is not None:
        write_csv(table, *_table(predictions, top))
    sure = file.classifier.reference.confidence
    return Answers(file.path, predictions, sure, unreadable, tuple(hearing.notices))


def _require_numbers(confidence: float | None, top: int) -> None:
    if (confidence is not None and not 0 <= confidence <= 1) or top < 1:
        raise UsageError(f"confidence {confidence} and top {top}: they are from 0 to 1, and at least 1.")


def image_file(path: Path) -> ImageFile:
    """Return a file that a person named. Raises CollectionError where there is none."""
    try:
        status = path.stat()
    except OSError as error:
        raise CollectionError(f"{path}: this file cannot be read ({error.strerror}).") from error
    return ImageFile(str(path.resolve()), status.st_size, status.st_mtime_ns)


def _unfiled(site: Site, listing: Listing, classes: Sequence[str]) -> Listing:
    """Return the images that lie in no class's folder."""
    if not site.is_within:
        return listing
    folders = [join(site.prefix, name) for name in classes]
    files = [file for file in listing.files if not _is_in_any(parent_of(file.path), folders)]
    return replace(listing, files=tuple(files))


def _is_in_any(folder: str, folders: Sequence[str]) -> bool:
    return any(is_at_or_above(above, folder) for above in folders)


def _predict(file: ClassifierFile, features: Features, session: Session) -> Predictions | None:
    """Return what the classifier says, and tell where it may be out of its depth; None where nothing can be read."""
    if not features.files:
        return None
    predictions = file.classifier.predict(features.matrix)
    unlike = file.classifier.unlikeness(predictions)
    if unlike is not None:
        what = "look farther from its classes" if unlike == "distance" else "leave it less sure"
        session.notice(
            f"many of these images {what} than those that {file.path.name} was validated with: "
            "it may need training again, with images like these."
        )
    return predictions


def _told(
    classifier: Classifier, features: Features, found: Predictions | None, top: int, sure: float | None
) -> tuple[Prediction, ...]:
    """Return what there is to tell of each image. `sure`: from which confidence on it is filed, None for no filing."""
    if found is None:
        return ()
    order = (-found.probabilities).argsort(axis=1, kind="stable")[:, :top]
    told = []
    for row, file in enumerate(features.files):
        guesses = tuple(
            Guess(classifier.classes[label], rounded(found.probabilities[row, label])) for label in order[row]
        )
        folder = None
        if sure is not None:
            folder = guesses[0].name if found.confidences[row] >= sure else UNSURE_FOLDER
        told.append(Prediction(file.path, guesses, rounded(found.distances[row]), folder))
    return tuple(told)


def _table(predictions: Sequence[Prediction], top: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the header and rows of a table: a line for each image, further classes in further columns."""
    most = max((len(prediction.guesses) for prediction in predictions), default=1)
    header = [*_CSV_HEADER, *(f"{name} {n}" for n in range(2, min(top, most) + 1) for name in ("class", "confidence"))]
    rows = []
    for told in predictions:
        best, *others = told.guesses
        further = [cell for guess in others for cell in (guess.name, guess.confidence)]
        rows.append((told.path, best.name, best.confidence, told.distance, told.folder or "", *further))
    return header, rows
