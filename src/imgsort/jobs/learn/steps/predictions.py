"""The predictions of a classifier, in the form in which people and scripts get them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.csv_file import write_csv
from imgsort.features.extract import Features
from imgsort.jobs.session.placing import rounded
from imgsort.learning.result.classifier import Classifier, Predictions

UNSURE_FOLDER = "Unsure"

_CSV_HEADER = ("file", "class", "confidence", "distance", "folder")


@dataclass(frozen=True)
class Guess:
    """A class, and how probable it is."""

    name: str
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """What an image shows.

    `guesses`: the classes, the likeliest first.
    `distance`: how far the image is from the nearest class's centre.
    `folder`: the folder that the image belongs in, or None if nothing is filed.
    """

    path: str
    guesses: tuple[Guess, ...]
    distance: float
    folder: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints for this image."""
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


def predictions_for(
    classifier: Classifier, features: Features, found: Predictions | None, top: int, sure: float | None
) -> tuple[Prediction, ...]:
    """Return a prediction for each image, with at most `top` classes.

    `found`: what the classifier says about the features, or None if there is no image.
    `sure`: the lowest confidence at which an image is filed in the folder of its class, or None if nothing is filed.
    """
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


def write_predictions(path: Path, predictions: Sequence[Prediction], top: int) -> None:
    """Write a new table with a line for each image. Further classes take further columns. Raises OSError."""
    most = max((len(prediction.guesses) for prediction in predictions), default=1)
    header = [*_CSV_HEADER, *(f"{name} {n}" for n in range(2, min(top, most) + 1) for name in ("class", "confidence"))]
    rows = []
    for told in predictions:
        best, *others = told.guesses
        further = [cell for guess in others for cell in (guess.name, guess.confidence)]
        rows.append((told.path, best.name, best.confidence, told.distance, told.folder or "", *further))
    write_csv(path, header, rows)
