"""Measures how well `imgsort audit` finds images in the wrong class.

    python benchmarks/audit_quality.py LABELLED [LABELLED ...] [--models NAME,NAME] [--seeds N] [--share N] [--top N]
    python benchmarks/audit_quality.py LABELLED [LABELLED ...] --halves

LABELLED holds a folder for each class. The labels of a share of its images are changed at random, each to another
class, with ten seeds. The table has the mean over the seeds of the average precision of the order by score, and of the
precision and the recall of the marked images. "Unaltered" is the share of images that are marked in the folder as it
is: some of them do lie in the wrong class. An image that was wrong before its label was changed counts as right.

A model whose name ends in "+" makes its features as `audit` does by default, with the image stretched; the others
letterbox. Two names with a "&" between them: the features of both side by side.

--halves prints how well two classes are told apart, as the area under the ROC curve: real classes, and the parts of a
class that is divided at random. --strength and --dimensions try other numbers than the library's.

--top N lists the first N images of each unaltered folder by the last model, so that a person can look at them.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from machine import described
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from imgsort.grouping.directions import unit_rows
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import Listing, require_folder
from imgsort.jobs.learn.auditing.judging import Audit, Marking, audit_images
from imgsort.jobs.learn.auditing.looking import looks_of
from imgsort.jobs.learn.steps.class_folders import find_classes, require_two
from imgsort.jobs.listener import Listener
from imgsort.jobs.session.extracting import extract_with
from imgsort.jobs.settings import ModelSettings
from imgsort.learning.audit import probabilities
from imgsort.learning.audit.confident import judge_labels
from imgsort.learning.audit.folds import FOLDS
from imgsort.learning.audit.mixed import area_between
from imgsort.learning.audit.probabilities import coordinates
from imgsort.learning.data.dataset import LabelledImages, labelled
from imgsort.learning.data.looks import Looks

MODELS = "efficientnet-lite0,efficientnet-lite2,efficientnet-lite0&efficientnet-lite2+,efficientnet-lite2+"


@dataclass(frozen=True, eq=False)
class Photographs:
    """A folder of classes as the audit sees it."""

    classes: tuple[str, ...]
    images: LabelledImages
    looks: Looks

    @classmethod
    def read(cls, folder: Path) -> "Photographs":
        """List the classes and look at every image."""
        found = require_two(find_classes(require_folder(folder)))
        looks = looks_of(found.root, found.listing.files, DEFAULTS, Listener(), has_cache=True, verify=False)
        return cls(found.classes, labelled(found.root, looks, found.classes), looks)

    def features(self, models: str) -> NDArray[np.float32]:
        """Return the features by a model, or by several side by side."""
        return np.hstack([self._features(model) for model in models.split("&")])

    def _features(self, model: str) -> NDArray[np.float32]:
        name = model.removesuffix("+")
        settings = ModelSettings(model=name, is_best=model.endswith("+"))
        listing = Listing(self.looks.files, ())
        found, _ = extract_with(self.images.root, listing, settings, name, read=DEFAULTS, listener=Listener())
        return unit_rows(found.matrix)

    def audit(self, features: NDArray[np.float32], labels: NDArray[np.intp]) -> Audit:
        """Audit the images with these labels."""
        images = replace(self.images, labels=labels)
        return audit_images(images, self.looks, features, classes=self.classes, marking=Marking(), listener=Listener())

    def marked(self, audit: Audit) -> NDArray[np.bool_]:
        """Say which images are marked."""
        paths = {finding.path for finding in audit.audited.findings if finding.marked}
        return np.array([file.path in paths for file in self.images.files])

    def changed(self, share: float, seed: int) -> NDArray[np.intp]:
        """Return the labels, of which a share is another one."""
        rng, labels = np.random.default_rng(seed), self.images.labels.copy()
        rows = rng.choice(len(labels), round(share * len(labels)), replace=False)
        labels[rows] = (labels[rows] + rng.integers(1, len(self.classes), len(rows))) % len(self.classes)
        return labels


def figures(photographs: Photographs, features: NDArray[np.float32], share: float, seeds: int) -> list[float]:
    """Return the mean average precision, precision and recall, and the share marked in the unaltered folder."""
    rows = []
    for seed in range(seeds):
        labels = photographs.changed(share, seed)
        is_wrong = labels != photographs.images.labels
        audit = photographs.audit(features, labels)
        marked = photographs.marked(audit)
        hits = (marked & is_wrong).sum()
        scores = np.nan_to_num(audit.scores, nan=-1)
        rows.append((average_precision_score(is_wrong, scores), hits / max(1, marked.sum()), hits / is_wrong.sum()))
    unaltered = photographs.marked(photographs.audit(features, photographs.images.labels))
    return [*np.mean(rows, axis=0), unaltered.mean()]


def first(photographs: Photographs, model: str, count: int) -> None:
    """Print the images of the unaltered folder that most likely lie in the wrong class."""
    audit = photographs.audit(photographs.features(model), photographs.images.labels)
    found = {finding.path: finding for finding in audit.audited.findings}
    print(f"\n{photographs.images.root.name}, unaltered:")
    for row in np.argsort(-np.nan_to_num(audit.scores, nan=-1), kind="stable")[:count]:
        path = photographs.images.files[row].path
        finding = found.get(path)
        suggested = "its own class" if finding is None else finding.suggested
        mark = ", marked" if finding is not None and finding.marked else ""
        print(f"  {audit.scores[row]:+.2f}  {path}: looks like {suggested}{mark}")


def halves(photographs: Photographs, model: str) -> None:
    """Print the areas of the hardest pair of real classes, and of the parts of classes that are divided at random."""
    labels, count = photographs.images.labels, len(photographs.classes)
    rows = coordinates(photographs.features(model))
    whole = judge_labels(rows, labels, np.arange(len(labels)) % FOLDS)
    real = [area_between(whole, labels, first, second) for second in range(count) for first in range(second)]
    parted = []
    for label in range(count):
        for share in (0.5, 0.2):
            goes = (labels == label) & (np.random.default_rng(label).random(len(labels)) < share)
            changed = np.where(goes, count, labels)
            judgement = judge_labels(rows, changed, np.arange(len(labels)) % FOLDS)
            parted.append(area_between(judgement, changed, label, count))
    print(f"| {photographs.images.root.name} | {min(real):.2f} | {min(parted):.2f} to {max(parted):.2f} |", flush=True)


def table(sets: Sequence[Photographs], models: Sequence[str], share: float, seeds: int) -> None:
    print("| model | folder | average precision | precision of the marked | recall | unaltered: marked |")
    print("| --- | --- | --- | --- | --- | --- |")
    for model in models:
        rows = [figures(photographs, photographs.features(model), share, seeds) for photographs in sets]
        names = [photographs.images.root.name for photographs in sets]
        for name, row in zip([*names, "**mean**"], [*rows, np.mean(rows, axis=0)], strict=True):
            print(f"| {model} | {name} | {row[0]:.3f} | {row[1]:.2f} | {row[2]:.2f} | {row[3]:.1%} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", nargs="+", type=Path, metavar="LABELLED")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--share", type=float, default=5.0, help="percent of the labels that are changed")
    parser.add_argument("--top", type=int, default=0)
    parser.add_argument("--halves", action="store_true")
    parser.add_argument("--strength", type=float, default=probabilities._STRENGTH)
    parser.add_argument("--dimensions", type=int, default=probabilities._DIMENSIONS)
    given = parser.parse_args()
    print(described())
    sets = [Photographs.read(folder) for folder in given.labelled]
    models = given.models.split(",")
    if given.halves:
        print("| folder | hardest pair of classes | parts of a class |\n| --- | --- | --- |")
        for photographs in sets:
            halves(photographs, models[-1])
        return
    probabilities._STRENGTH, probabilities._DIMENSIONS = given.strength, given.dimensions
    table(sets, models, given.share / 100, given.seeds)
    for photographs in sets if given.top else ():
        first(photographs, models[-1], given.top)


if __name__ == "__main__":
    main()
