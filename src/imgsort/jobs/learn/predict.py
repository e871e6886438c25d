"""`imgsort classify FILE`: says what single files show, and moves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from imgsort.csv_file import require_new
from imgsort.features.engine import FolderImages
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Unreadable, named_file
from imgsort.jobs.learn.steps.predicting import (
    PredictOptions,
    as_trained,
    feature_model,
    require_fitting,
    require_numbers,
)
from imgsort.jobs.learn.steps.predictions import Prediction, predictions_for, write_predictions
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import start_of_json
from imgsort.jobs.session.extracting import extract_by
from imgsort.jobs.settings import ModelSettings, parted
from imgsort.learning.result.classifier_file import load_classifier


@dataclass(frozen=True)
class Answers:
    """What single files show. Nothing is filed.

    `confidence`: the lowest confidence at which `classify` files an image in the folder of its class.
    """

    classifier: Path
    predictions: tuple[Prediction, ...]
    confidence: float
    unreadable: tuple[Unreadable, ...]
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **start_of_json("classify"),
            "classifier": str(self.classifier),
            "confidence": self.confidence,
            "predictions": [prediction.to_json() for prediction in self.predictions],
            "unreadable": [vars(row) for row in self.unreadable],
            "notices": list(self.notices),
        }


def predict(
    files: Sequence[str | Path],
    *,
    classifier: str | Path,
    top: int = 5,
    csv: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[PredictOptions],
) -> Answers:
    """Say what each of the `files` shows, and move nothing.

    `top`: how many classes to name for each file. `csv`: a new file for the predictions.
    The other options are those of `imgsort.jobs.learn.steps.predicting.PredictOptions`. Raises ImgsortError:
    ClassifierError, CollectionError, UsageError, DeviceError.
    """
    hearing = Remembering(listener)
    settings, read = parted(options, ModelSettings, ReadSettings)
    require_numbers(None, top)
    table = None if csv is None else require_new(Path(csv))
    file = load_classifier(Path(classifier))
    images = [named_file(Path(path)) for path in files]
    distinct = FolderImages(Path(), tuple(dict.fromkeys(images)))
    features, _ = extract_by(feature_model(file), distinct, as_trained(settings), read=read, listener=hearing)
    require_fitting(file, features)
    found = file.classifier.predict(features.matrix) if features.files else None
    told = dict(zip(features.files, predictions_for(file.classifier, features, found, top, None), strict=True))
    reasons = {row.path: row.reason for row in features.unreadable}
    # A person may name a file twice, or name a link to it.
    named = list(zip(map(str, files), images, strict=True))
    predictions = tuple(replace(told[image], path=name) for name, image in named if image in told)
    unreadable = tuple(Unreadable(name, reasons[image.path]) for name, image in named if image.path in reasons)
    if table is not None:
        write_predictions(table, predictions, top)
    sure = file.classifier.reference.confidence
    return Answers(file.path, predictions, sure, unreadable, tuple(hearing.notices))
