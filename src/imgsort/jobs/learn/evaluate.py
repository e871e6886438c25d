"""`imgsort evaluate`: measures how good a classifier is on a folder of classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from imgsort.errors import ClassifierError, CollectionError
from imgsort.features.engine import FolderImages
from imgsort.filing.planning.site import site_of
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import ImageFile, Unreadable, require_folder
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.learn.steps.class_folders import find_classes, only_classes, tell_of_shared_images
from imgsort.jobs.learn.steps.predicting import (
    PredictOptions,
    as_trained,
    feature_model,
    record_of,
    require_fitting,
)
from imgsort.jobs.learn.steps.report import Mistake, end_of_json, mistakes_in, report_folder, write_evaluation
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import start_of_json
from imgsort.jobs.session.extracting import extract_by
from imgsort.jobs.settings import ModelSettings, RuleOptions, parted
from imgsort.jobs.study import Judged, Study
from imgsort.learning.data.dataset import LabelledImages
from imgsort.learning.result.classifier_file import load_classifier
from imgsort.learning.result.evaluation import Evaluation, evaluate_predictions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_NAMED = 10


class EvaluateOptions(PredictOptions, RuleOptions, total=False):
    """Options that say how a classifier is run, and which images count."""


@dataclass(frozen=True)
class EvaluateResult:
    """What `evaluate` found.

    `learned_from`: how many of the images the classifier was trained with.
    `report`: the folder that was written, if any.
    """

    collection: Path
    classifier: Path
    evaluation: Evaluation
    mistakes: tuple[Mistake, ...]
    learned_from: int
    report: Path | None
    unreadable: tuple[Unreadable, ...]
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **start_of_json("evaluate"),
            "collection": str(self.collection),
            "classifier": str(self.classifier),
            **self.evaluation.to_json(),
            "mistakes": [vars(row) for row in self.mistakes],
            "learned_from": self.learned_from,
            **end_of_json(self.report, self.unreadable, self.notices),
        }


def evaluate(
    classifier: str | Path,
    folder: str | Path,
    *,
    output: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[EvaluateOptions],
) -> EvaluateResult:
    """Compare what `classifier` says about the images of `folder` with the subfolders that they lie in.

    `output`: a new folder for the figures, the confusion matrix and the worst mistakes.
    Subfolders that are not classes of the classifier are left out, and a notice names them. The other options are those
    of EvaluateOptions. Raises ImgsortError: ClassifierError, CollectionError, UsageError, DeviceError.
    """
    hearing = Remembering(listener)
    settings, read, rules = parted(options, ModelSettings, ReadSettings, Rules)
    root = require_folder(Path(folder))
    report = report_folder(output, root)
    file = load_classifier(Path(classifier))
    classes = file.classifier.classes
    folders, unknown = only_classes(find_classes(root, rules), classes)
    hearing.notice_of(folders.listing.left_out)
    if not folders.classes:
        raise ClassifierError(f"{root}: none of its folders is a class of {file.path}, which knows {_some(classes)}.")
    if unknown:
        hearing.notice(f"left out, because {file.path.name} does not know these classes: {_some(unknown)}.")
    features, way = extract_by(
        feature_model(file),
        FolderImages(root, folders.listing.files),
        as_trained(settings),
        read=read,
        listener=hearing,
        unreadable=folders.listing.unreadable,
    )
    if not features.files:
        raise CollectionError(f"{root}: none of its images can be read.")
    require_fitting(file, features)
    images = LabelledImages(root, features.files, features.contents, _labels(features.files, classes))
    tell_of_shared_images(hearing, images)
    learned_from = sum(content in file.classifier.trained_on for content in images.contents)
    if learned_from:
        hearing.notice(f"the classifier was trained with {learned_from} of these images, so the figures are too good.")
    predictions = file.classifier.predict(features.matrix)
    evaluation = evaluate_predictions(predictions.probabilities, images.labels, classes)
    mistakes = mistakes_in(images, predictions, classes)
    judged = Judged(classes, images.labels, predictions.probabilities)
    study = Study.of("evaluate", site_of(root), features, [], model=record_of(file, way), shared=frozenset())
    hearing.studied(replace(study, judged=judged))
    if report is not None:
        write_evaluation(report, evaluation, mistakes)
    return EvaluateResult(
        root, file.path, evaluation, mistakes, learned_from, report, features.unreadable, tuple(hearing.notices)
    )


def _labels(files: Sequence[ImageFile], classes: tuple[str, ...]) -> "NDArray[np.intp]":
    import numpy as np

    return np.array([classes.index(file.path.partition("/")[0]) for file in files], dtype=np.intp)


def _some(names: Sequence[str]) -> str:
    """Return the first names of a list that may be long, and say how many more there are."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
