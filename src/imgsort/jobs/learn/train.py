"""`imgsort train`: learns from the folders that a person made, and writes a classifier."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from imgsort.csv_file import require_new
from imgsort.errors import UsageError
from imgsort.filing.planning.site import site_of
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Unreadable, require_folder
from imgsort.jobs.learn.auditing.findings import AuditFinding
from imgsort.jobs.learn.steps.class_folders import require_outside
from imgsort.jobs.learn.steps.fitting import fit
from imgsort.jobs.learn.steps.report import (
    Mistake,
    mistakes_in,
    require_new_folder,
    write_evaluation,
    write_training,
)
from imgsort.jobs.learn.steps.settings import LearnOptions, LearnSettings
from imgsort.jobs.learn.steps.training_data import TrainingData, TrainingReader
from imgsort.jobs.learn.steps.training_task import TrainingTask
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import start_of_json
from imgsort.jobs.settings import parted
from imgsort.jobs.study import Judged, Study
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.result.classifier_file import SUFFIX, save_classifier
from imgsort.learning.result.evaluation import Evaluation


@dataclass(frozen=True)
class ClassCount:
    """A class, and how many of its images are in each part of the split."""

    name: str
    train: int
    validation: int
    test: int


@dataclass(frozen=True)
class TrainResult:
    """What `train` wrote and measured.

    `classifier`: the file that was written.
    `report`: the folder with the report on the training.
    `status`: `done`, or `interrupted` if Ctrl-C ended training early.
    `evaluation`: the figures on the test images, or None if there are no test images.
    `confidence`: the lowest confidence at which `classify` files an image in the folder of its class.
    `seconds`: the time for the whole command.
    `left_out`: with `audit`, the images that were left out of training and validation, the highest score first.
    """

    status: str
    collection: Path
    classifier: Path
    report: Path
    model: str
    size_px: int
    classes: tuple[ClassCount, ...]
    history: tuple[HistoryRow, ...]
    evaluation: Evaluation | None
    mistakes: tuple[Mistake, ...]
    confidence: float
    seconds: float
    unreadable: tuple[Unreadable, ...]
    notices: tuple[str, ...]
    left_out: tuple[AuditFinding, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **start_of_json("train", self.status),
            "collection": str(self.collection),
            "classifier": str(self.classifier),
            "report": str(self.report),
            "model": {"name": self.model, "size_px": self.size_px},
            "classes": [vars(row) for row in self.classes],
            "history": [vars(row) for row in self.history],
            "evaluation": None if self.evaluation is None else self.evaluation.to_json(),
            "mistakes": [vars(row) for row in self.mistakes],
            "confidence": self.confidence,
            "seconds": round(self.seconds, 2),
            "unreadable": [vars(row) for row in self.unreadable],
            "notices": list(self.notices),
            **({} if self.left_out is None else {"left_out": [finding.to_json() for finding in self.left_out]}),
        }


def train(
    folder: str | Path,
    *,
    output: str | Path,
    listener: Listener | None = None,
    **options: Unpack[LearnOptions],
) -> TrainResult:
    """Learn the classes of `folder`, one for each subfolder, and write the classifier to the new file `output`.

    A folder `NAME_training` appears beside it. It holds the history, the curves, the split and the evaluation on the
    test images. No image is changed. With `audit`, images that seem to lie in the wrong class are left out of training
    and validation, but not of the test. The other options are those of
    `imgsort.jobs.learn.steps.settings.LearnOptions`. Raises ImgsortError: CollectionError, TooFewImagesError,
    UsageError, WeightsError, DeviceError, MissingPackageError.
    """
    began = time.monotonic()
    hearing = Remembering(listener)
    settings, read = parted(options, LearnSettings, ReadSettings)
    root = require_folder(Path(folder))
    path, report = _places(require_outside(Path(output), root))
    data = TrainingReader(settings, read, hearing).read_classes(root)
    fitted = fit(TrainingTask(data, settings, read, hearing))
    save_classifier(path, fitted.network, fitted.classifier)
    write_training(report, data.classes, data.split, fitted.history)
    mistakes: tuple[Mistake, ...] = ()
    if fitted.evaluation is not None and fitted.predictions is not None:
        test = data.split.test
        mistakes = mistakes_in(test, fitted.predictions, data.classes)
        judged = Judged(tuple(data.classes), test.labels, fitted.predictions.probabilities)
        hearing.studied(Study("train", site_of(test.root), tuple(test.files), tuple(test.contents), (), judged=judged))
        write_evaluation(report, fitted.evaluation, mistakes)
    return TrainResult(
        status="done" if fitted.is_whole else "interrupted",
        collection=root,
        classifier=path,
        report=report,
        model=settings.model,
        size_px=settings.size_px,
        classes=_class_counts(data),
        history=fitted.history,
        evaluation=fitted.evaluation,
        mistakes=mistakes,
        confidence=fitted.classifier.reference.confidence,
        seconds=time.monotonic() - began,
        unreadable=data.unreadable,
        notices=tuple(hearing.notices),
        left_out=data.left_out if settings.audit else None,
    )


def _places(output: Path) -> tuple[Path, Path]:
    """Return the paths of the classifier and of its report. Raises UsageError if either cannot be made."""
    if output.suffix != SUFFIX:
        raise UsageError(f"{output}: give a name that ends in {SUFFIX}; Keras needs it.")
    return require_new(output), require_new_folder(output.with_name(f"{output.stem}_training"))


def _class_counts(data: TrainingData) -> tuple[ClassCount, ...]:
    import numpy as np

    counts = [np.bincount(part.labels, minlength=len(data.classes)) for part in data.split.parts]
    return tuple(ClassCount(name, *(int(part[label]) for part in counts)) for label, name in enumerate(data.classes))
