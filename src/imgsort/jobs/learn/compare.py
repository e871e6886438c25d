"""`imgsort compare`: trains several models on one split, and shows how good each is and what it costs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from imgsort.csv_file import write_csv
from imgsort.errors import ImgsortError, UsageError
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Unreadable, require_folder
from imgsort.jobs.learn.steps.fitting import Fitted, fit
from imgsort.jobs.learn.steps.report import end_of_json, report_folder, write_json
from imgsort.jobs.learn.steps.settings import FROM_NOTHING, LearnOptions, LearnSettings, require_learnable
from imgsort.jobs.learn.steps.training_data import TrainingData, TrainingReader
from imgsort.jobs.learn.steps.training_task import TrainingTask
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import start_of_json
from imgsort.jobs.settings import parted
from imgsort.learning.data.pixels import squares_of
from imgsort.learning.network.networks import SMALL_NETWORK
from imgsort.learning.network.training import in_batches
from imgsort.report.charts import draw_bars

DEFAULT_MODELS = ("cnn", "resnet50v2", "inceptionv3", "efficientnet-lite0")

_TIMED_IMAGES = 128
_BATCH = 32


class CompareOptions(LearnOptions, total=False):
    """The options of training. The models in `models` replace the option `model`."""


@dataclass(frozen=True)
class ModelComparison:
    """How good a model is on the test images, and what it costs.

    `error`: why the model is not available or cannot be trained. In this case the figures are None.
    `seconds`: the time for training, from the files to the trained network.
    `images_per_second`: the speed of prediction with Keras, for squares that are already read.
    """

    model: str
    accuracy: float | None = None
    loss: float | None = None
    macro_f1: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    images_per_second: float | None = None
    error: str = ""


@dataclass(frozen=True)
class CompareResult:
    """What `compare` found.

    `models`: one row for each model, in the order in which they were asked for.
    `report`: the folder that was written, if any.
    `status`: `done`, or `interrupted` if Ctrl-C ended the command. The models after that have no rows.
    """

    status: str
    collection: Path
    models: tuple[ModelComparison, ...]
    report: Path | None
    unreadable: tuple[Unreadable, ...]
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **start_of_json("compare", self.status),
            "collection": str(self.collection),
            "models": [vars(row) for row in self.models],
            **end_of_json(self.report, self.unreadable, self.notices),
        }


def compare(
    folder: str | Path,
    *,
    models: Sequence[str] = DEFAULT_MODELS,
    output: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[CompareOptions],
) -> CompareResult:
    """Train each of `models` on the classes of `folder`, and judge them by the same test images.

    The images are divided only once.
    `output`: a new folder for the table, as CSV and JSON, and for a bar chart.
    If a model is not available, its row says why. The other options are those of training. Raises ImgsortError:
    CollectionError, TooFewImagesError, UsageError, DeviceError.
    """
    hearing = Remembering(listener)
    settings, read = parted(options, LearnSettings, ReadSettings)
    _require_models(models, settings)
    root = require_folder(Path(folder))
    report = report_folder(output, root)
    data = TrainingReader(settings, read, hearing).read_classes(root)
    rows: list[ModelComparison] = []
    for name in models:
        row = _row(name, data, settings, read, hearing)
        if row is None:
            break
        rows.append(row)
    if report is not None and rows:
        _write(report, rows)
    status = "done" if len(rows) == len(models) else "interrupted"
    return CompareResult(status, root, tuple(rows), report if rows else None, data.unreadable, tuple(hearing.notices))


def _require_models(models: Sequence[str], settings: LearnSettings) -> None:
    """Raise UsageError if the models cannot be compared.

    This is so if there is no model, a model occurs twice, a model is unknown, there are no test images, or the weights
    come from a file.
    """
    if not models or len(set(models)) < len(models):
        raise UsageError(f"models {', '.join(models)!r}: give at least one model, and each model only once.")
    for name in models:
        if name != SMALL_NETWORK:
            require_learnable(name)
    if settings.test_dir is None and settings.split[2] == 0:
        raise UsageError("the third share of the split is 0: no image is left for the test. Give it a share.")
    if settings.weights not in (None, FROM_NOTHING):
        raise UsageError("--weights: a file fits one model only. Leave out the option, or use `imgsort train`.")


def _row(
    name: str,
    data: TrainingData,
    settings: LearnSettings,
    read: ReadSettings,
    listener: Listener,
) -> ModelComparison | None:
    """Train a model and judge it.

    If this is not possible, the row says why, and the other models are still compared. Returns None if Ctrl-C stopped
    the training.
    """
    listener.notice(f"{name}:")
    own = replace(settings, model=name)
    if name == SMALL_NETWORK:
        own = replace(settings, model=name, weights=None, fine_tune=False)
    try:
        fitted = fit(TrainingTask(data, own, read, listener))
    except ImgsortError as error:
        listener.notice(f"{name} is left out: {error}")
        return ModelComparison(name, error=str(error))
    if not fitted.is_whole:
        return None
    evaluation = fitted.evaluation
    assert evaluation is not None
    return ModelComparison(
        model=name,
        accuracy=evaluation.accuracy,
        loss=evaluation.loss,
        macro_f1=evaluation.macro_f1,
        parameters=int(fitted.network.count_params()),
        seconds=round(fitted.seconds, 2),
        images_per_second=round(_speed(fitted, data, read), 1),
    )


def _speed(fitted: Fitted, data: TrainingData, read: ReadSettings) -> float:
    """Return how many images the network predicts in a second.

    The first batch prepares the network, so it does not count.
    """
    import numpy as np

    test = data.split.test
    few = test.take(np.arange(min(len(test.files), _TIMED_IMAGES)))
    pixels = squares_of(few, fitted.classifier.network.size_px, read, lambda done, total: None)
    pixels = np.resize(pixels, (_TIMED_IMAGES, *pixels.shape[1:]))
    in_batches(fitted.network, pixels[:_BATCH], _BATCH)
    began = time.monotonic()
    in_batches(fitted.network, pixels, _BATCH)
    return _TIMED_IMAGES / (time.monotonic() - began)


def _write(folder: Path, rows: Sequence[ModelComparison]) -> None:
    """Write the table and a bar chart of accuracy. Raises OSError."""
    folder.mkdir(exist_ok=True)
    names = list(vars(rows[0]))
    write_csv(folder / "comparison.csv", names, [tuple(vars(row).values()) for row in rows])
    write_json(folder / "comparison.json", {"models": [vars(row) for row in rows]})
    had = [row for row in rows if row.accuracy is not None]
    if had:
        draw_bars(folder / "comparison.png", [row.model for row in had], [row.accuracy or 0 for row in had], "accuracy")
