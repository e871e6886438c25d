"""Measures how good classifiers are on images that they never saw, and how long `imgsort train` takes.

    python benchmarks/learning.py LABELLED [LABELLED ...] [--model NAME] [--size PIXELS] [--seed N] [--fine-tune]
    python benchmarks/learning.py LABELLED [LABELLED ...] --model cnn --curves [--epochs N] [--augment KIND]
    python benchmarks/learning.py LABELLED [LABELLED ...] --seconds [--model NAME]

LABELLED holds a folder for each class. The first form divides its images into five folds. Each fold has its share of
every class, and near duplicates are in one fold. A classifier is trained for each fold as `imgsort train` does it: 85 %
of the other images serve for training and the rest of them for validation. Then it is tested with the fold. Figures are
of all images pooled; "folds" has the accuracy of each fold. "sure" is the share of images that the classifier would
file, because they have its confidence or a higher one.

With --fine-tune, the frozen and the fine-tuned backbone are tested on the same folds. The second table counts the
images that only one of them got right. --curves shows how the loss of the first fold changed. It also shows whether a
second training with the same seed gives the same history to the last digit.

--seconds times the command itself instead: once with a cache that holds no more than weights, and then three times with
the cache of that run. It prints the median of the three. The system's own cache of files is not emptied.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
from machine import described
from numpy.typing import NDArray
from speed import IMGSORT, median, run

from imgsort.errors import ImgsortError, UsageError
from imgsort.features.cache.feature_cache import FeatureCache
from imgsort.features.cache.weights_store import kept_weights, weights_folder
from imgsort.grouping.duplicates import connected_near_duplicates
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import require_folder
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE
from imgsort.images.judging.same_picture import same_pictures
from imgsort.jobs.learn.steps.class_folders import find_classes, require_two
from imgsort.jobs.learn.steps.fitting import fit
from imgsort.jobs.learn.steps.settings import LearnSettings
from imgsort.jobs.learn.steps.training_data import TrainingData
from imgsort.jobs.learn.steps.training_task import TrainingTask
from imgsort.jobs.listener import Listener
from imgsort.learning.data.dataset import LabelledImages, Split, divide, labelled
from imgsort.learning.data.looks import Looks, look_at, looks_recipe
from imgsort.learning.data.split import split_rows
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.network.networks import Augmentation
from imgsort.learning.result.classifier import Predictions
from imgsort.learning.result.evaluation import Evaluation, evaluate_predictions

FOLDS = 5
REST = (85.0, 15.0)
WARM_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Photographs:
    """A folder of classes as training sees it. In `groups`, intp (n,), near duplicates have one number."""

    classes: tuple[str, ...]
    images: LabelledImages
    hashes: NDArray[np.uint64]
    tiny_images: NDArray[np.uint8]
    groups: NDArray[np.intp]

    @classmethod
    def read(cls, folder: Path) -> "Photographs":
        """List the classes and look at every image. Raises CollectionError, TooFewImagesError and UsageError."""
        found = require_two(find_classes(require_folder(folder)))
        cache = FeatureCache(looks_recipe(DEFAULTS), notice=tell)
        try:
            looks = look_at(found.root, found.listing.files, DEFAULTS, cache, lambda done, total: None)
        finally:
            cache.close()
        groups = connected_near_duplicates(looks.hashes, MAX_DISTANCE, partial(same_pictures, looks.tiny_images))
        return cls(found.classes, labelled(found.root, looks, found.classes), looks.hashes, looks.tiny_images, groups)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.images.root.name

    def folds(self, seed: int) -> list[Split]:
        """Return a split for each fold, which tests this fold. Raises TooFewImagesError."""
        fold_of = split_rows(self.images.labels, self.groups, [1.0] * FOLDS, seed)
        return [self._testing(fold_of == fold, seed) for fold in range(FOLDS)]

    def _testing(self, is_tested: NDArray[np.bool_], seed: int) -> Split:
        rest = self.images.take(np.flatnonzero(~is_tested))
        looks = Looks(rest.files, rest.contents, self.hashes[~is_tested], self.tiny_images[~is_tested], ())
        train, validation = divide(rest, looks, self.classes, REST, seed, notice=print)
        return Split(train, validation, self.images.take(np.flatnonzero(is_tested)))


@dataclass(frozen=True, eq=False)
class Tested:
    """What a classifier said of the images that it was tested with.

    `labels`, intp (n,), are the classes of these images. The classifier files an image at `confidence` or above.
    """

    predictions: Predictions
    labels: NDArray[np.intp]
    confidence: float
    history: tuple[HistoryRow, ...]

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Which images the classifier got right, bool (n,)."""
        return self.predictions.labels == self.labels

    @property
    def is_sure(self) -> NDArray[np.bool_]:
        """Which images the classifier would file, bool (n,)."""
        return self.predictions.confidences >= self.confidence


def train(photographs: Photographs, split: Split, settings: LearnSettings) -> Tested:
    """Train as `imgsort train` does, and test.

    Raises ImgsortError. Raises KeyboardInterrupt after an interrupted training, because training defers it.
    """
    data = TrainingData(photographs.classes, split, unreadable=())
    fitted = fit(TrainingTask(data, settings, DEFAULTS, Listener()))
    if not fitted.is_whole:
        raise KeyboardInterrupt
    return Tested(fitted.predictions, split.test.labels, fitted.classifier.reference.confidence, fitted.history)


def tell(text: str) -> None:
    print(text, file=sys.stderr)


def joined(folds: Sequence[Tested], name: str) -> NDArray[np.bool_]:
    """Return the property `name` of all folds' images, fold after fold, bool (n,)."""
    return np.concatenate([getattr(fold, name) for fold in folds])


def pooled_evaluation(folds: Sequence[Tested], classes: Sequence[str]) -> Evaluation:
    """Evaluate the predictions of all folds as if one classifier had made them."""
    probabilities = np.concatenate([fold.predictions.probabilities for fold in folds])
    return evaluate_predictions(probabilities, np.concatenate([fold.labels for fold in folds]), classes)


def way(settings: LearnSettings) -> str:
    """Return what is trained, in words."""
    how = "whole" if settings.from_nothing else "fine-tuned" if settings.fine_tune else "frozen"
    return f"{settings.model} at {settings.size_px} px, {how}, seed {settings.seed}"


def row(photographs: Photographs, settings: LearnSettings, folds: Sequence[Tested]) -> str:
    """Return a row of the first table."""
    figures = pooled_evaluation(folds, photographs.classes)
    each = ", ".join(f"{fold.is_right.mean():.3f}" for fold in folds)
    is_right, is_sure = joined(folds, "is_right"), joined(folds, "is_sure")
    right_of_sure = f"{is_right[is_sure].mean():.3f}" if is_sure.any() else "-"
    return (
        f"| {photographs.name} | {figures.images} | {len(photographs.classes)} | {photographs.groups.max() + 1} "
        f"| {way(settings)} | {figures.accuracy:.3f} | {each} | {figures.macro_f1:.3f} "
        f"| {figures.calibration_error:.3f} | {is_sure.mean():.3f} | {right_of_sure} |"
    )


def paired_row(photographs: Photographs, frozen: Sequence[Tested], tuned: Sequence[Tested]) -> str:
    """Return a row of the table that compares two ways of training, image by image."""
    before, after = joined(frozen, "is_right"), joined(tuned, "is_right")
    return (
        f"| {photographs.name} | {before.mean():.3f} | {after.mean():.3f} | {after.mean() - before.mean():+.3f} "
        f"| {(before & ~after).sum()} | {(after & ~before).sum()} |"
    )


def curves_row(photographs: Photographs, split: Split, settings: LearnSettings, first: Tested) -> str:
    """Return a row that shows how the first fold was trained, and whether a second training is the same."""
    again = train(photographs, split, settings)
    epochs = [step for step in first.history if step.stage == "network"]
    begun, ended = epochs[0], epochs[-1]
    return (
        f"| {photographs.name} | {way(settings)} | {len(epochs)} | {begun.loss:.3f} | {ended.loss:.3f} "
        f"| {begun.validation_loss:.3f} | {ended.validation_loss:.3f} "
        f"| {'yes' if again.history == first.history else 'no'} |"
    )


def print_table(columns: str, rows: Sequence[str]) -> None:
    print(f"\n| {columns} |\n|{' --- |' * (columns.count('|') + 1)}", *rows, sep="\n", flush=True)


def measure(folders: Sequence[Photographs], settings: LearnSettings, with_curves: bool) -> None:
    """Print the table of folds row by row, and then the other tables that were asked for."""
    print_table(
        "photographs | images | classes | groups | trained | accuracy | folds | macro F1 | ECE "
        "| sure | right of the sure",
        [],
    )
    ways = [replace(settings, fine_tune=False), settings] if settings.fine_tune else [settings]
    pairs, curves = [], []
    for photographs in folders:
        splits = photographs.folds(settings.seed)
        tested = []
        for each in ways:
            tested.append([train(photographs, split, each) for split in splits])
            print(row(photographs, each, tested[-1]), flush=True)
        if settings.fine_tune:
            pairs.append(paired_row(photographs, *tested))
        if with_curves:
            curves.append(curves_row(photographs, splits[0], settings, tested[-1][0]))
    if pairs:
        print_table("photographs | frozen | fine-tuned | difference | right, frozen only | fine-tuned only", pairs)
    if curves:
        print_table(
            "first fold of | trained | epochs | training loss, first | last | validation loss, first | last "
            "| the same seed gave the same",
            curves,
        )


def measure_seconds(folders: Sequence[Photographs], model: str) -> None:
    """Print what the whole command needs, with an empty cache and with a full one."""
    print_table(f"whole process, {model} | images | cold, s | warm, s | warm, each | peak MB, cold | warm", [])
    for photographs in folders:
        with tempfile.TemporaryDirectory() as work:
            if kept_weights():  # fetching them is not what is timed
                shutil.copytree(weights_folder(), Path(work, "cache", weights_folder().name))
            command = [*IMGSORT, "train", str(photographs.images.root), "--model", model, "--quiet", "--output"]
            runs = [
                run([*command, str(Path(work, f"{number}.keras"))], IMGSORT_CACHE_DIR=str(Path(work, "cache")))
                for number in range(1 + WARM_ROUNDS)
            ]
        cold, warm = runs[0], median(runs[1:])
        each = ", ".join(f"{one.seconds:.2f}" for one in runs[1:])
        print(
            f"| {photographs.name} | {len(photographs.images.files)} "
            f"| {cold.seconds:.2f} | {warm.seconds:.2f} | {each} | {cold.peak_mb:.0f} | {warm.peak_mb:.0f} |",
            flush=True,
        )


def parsed() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+", metavar="LABELLED")
    parser.add_argument("--model", default=LearnSettings.model, help="a backbone's name, or cnn (default: %(default)s)")
    parser.add_argument("--size", type=int, metavar="PIXELS", help="by default the model's own")
    parser.add_argument("--fine-tune", action="store_true", help="compare with the frozen backbone")
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--augment", choices=get_args(Augmentation))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the folds and of training")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--curves", action="store_true", help="of a network that is trained: cnn, or fine-tuned")
    form.add_argument("--seconds", action="store_true", help="time the command itself; heeds --model alone")
    return parser, parser.parse_args()


def main() -> None:
    parser, arguments = parsed()
    names = ("model", "size", "fine_tune", "epochs", "augment", "seed")
    try:
        settings = LearnSettings(**{name: getattr(arguments, name) for name in names})
    except UsageError as error:
        parser.error(str(error))
    if arguments.curves and not settings.trains_network:
        parser.error("--curves is of a network: give --model cnn or --fine-tune")
    if arguments.seconds and settings != LearnSettings(model=arguments.model):
        parser.error("--seconds heeds --model alone")
    try:
        folders = [Photographs.read(folder) for folder in arguments.labelled]
        print(described(), end="")
        if arguments.seconds:
            measure_seconds(folders, arguments.model)
        else:
            measure(folders, settings, arguments.curves)
    except ImgsortError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
