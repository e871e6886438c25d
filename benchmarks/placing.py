"""Measures what happens to pictures that come later: whether they find their category, or none.

    python benchmarks/placing.py LABELLED [LABELLED ...]

LABELLED holds a folder for each class. A third of the images comes later. The others are sorted into as many categories
as there are classes, and the later ones are then placed in these. The matched accuracy, of all images and of the later
ones, is compared with that of sorting all images at once. A later image without a category is wrong.

With three or more classes, each class in turn is missing among the first images. The figures are then the shares of
later images without a category: of those of the missing class, and of the others.

A picture belongs to a category if it lies within a quantile of the distances of the category's members. The library's
quantile is 0.95. Figures are means over the seeds.
"""

import argparse
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from unittest import mock

import numpy as np
from machine import described
from scipy.optimize import linear_sum_assignment

from imgsort.features.extract import Features
from imgsort.grouping import centres
from imgsort.grouping.categories.group import group_rows
from imgsort.images.decoding.letterbox import Fit
from imgsort.images.finding.find import find_images
from imgsort.jobs.look.features import extract_features

SEEDS = range(5)
QUANTILES = (0.90, 0.95, 0.97)
LATER = 1 / 3


@dataclass
class Figures:
    """Figures of a folder at a quantile.

    `ratios`, `later_ratios` and `none` have a figure for each seed. `unseen` and `seen` have one for each class left
    out.

    `ratios` and `later_ratios` are the accuracies of all images and of the later ones, relative to sorting all at once.
    `none`, `unseen` and `seen` are shares of later images without a category: of all when all classes are seen, of
    those of the class left out, and of the others beside it.
    """

    ratios: list[float] = field(default_factory=list)
    later_ratios: list[float] = field(default_factory=list)
    none: list[float] = field(default_factory=list)
    unseen: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)


class Photographs:
    """The features of a labelled folder. `truth`, int (n,), is the class of each image."""

    def __init__(self, features: Features) -> None:
        self._matrix = features.matrix
        self._ranks = np.argsort(features.content_order)
        self.truth = np.unique([file.path.split("/")[0] for file in features.files], return_inverse=True)[1]
        self.classes = int(self.truth.max()) + 1

    def split(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the images that are there first and of those that come later, int (n,) each."""
        rows = np.random.default_rng(seed).permutation(len(self.truth))
        later = round(LATER * len(rows))
        return rows[later:], rows[:later]

    def sorted_into(self, count: int, rows: np.ndarray, seed: int) -> np.ndarray:
        """Return the category of each of the rows, int (m,)."""
        order = np.argsort(self._ranks[rows])
        return group_rows(self._matrix[rows], count, random_state=seed, order=order).labels

    def placed(self, first: np.ndarray, labels: np.ndarray, later: np.ndarray, quantile: float) -> np.ndarray:
        """Return the category of each of the later rows, int (m,). -1 is none."""
        with mock.patch.object(centres, "_SHARE_WITHIN", quantile):
            return centres.centres_of(self._matrix[first], labels).place(self._matrix[later]).labels

    def right(self, labels: np.ndarray) -> np.ndarray:
        """Return which rows are in the category that matches their class, bool (n,). No class matches -1."""
        table = np.zeros((self.classes, labels.max() + 1))
        there = labels >= 0
        np.add.at(table, (self.truth[there], labels[there]), 1)
        matches = dict(zip(*linear_sum_assignment(-table), strict=True))
        return np.array([matches.get(own, -2) for own in self.truth]) == labels


def accuracies(photographs: Photographs, labels: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return the matched accuracy of all images and of the later ones, (2,)."""
    right = photographs.right(labels)
    return np.array([right.mean(), right[later].mean()])


def of_all_classes(photographs: Photographs, seed: int) -> Iterator[tuple[float, np.ndarray, float]]:
    """Yield each quantile, the two ratios of accuracy, and the share of later images without a category."""
    first, later = photographs.split(seed)
    everything = np.arange(len(photographs.truth))
    at_once = accuracies(photographs, photographs.sorted_into(photographs.classes, everything, seed), later)
    labels = np.empty(len(everything), dtype=np.intp)
    labels[first] = photographs.sorted_into(photographs.classes, first, seed)
    for quantile in QUANTILES:
        labels[later] = photographs.placed(first, labels[first], later, quantile)
        yield quantile, accuracies(photographs, labels, later) / at_once, float(np.mean(labels[later] == -1))


def of_one_left_out(photographs: Photographs, missing: int, seed: int) -> Iterator[tuple[float, float, float]]:
    """Yield each quantile, and two shares of later images without a category.

    The shares are of the images of the class `missing` and of the others.
    """
    first, later = photographs.split(seed)
    first = first[photographs.truth[first] != missing]
    labels = photographs.sorted_into(photographs.classes - 1, first, seed)
    unseen = photographs.truth[later] == missing
    for quantile in QUANTILES:
        none = photographs.placed(first, labels, later, quantile) == -1
        yield quantile, float(none[unseen].mean()), float(none[~unseen].mean())


def measured(photographs: Photographs) -> dict[float, Figures]:
    """Return the figures for each quantile."""
    figures = {quantile: Figures() for quantile in QUANTILES}
    for seed in SEEDS:
        for quantile, (ratio, later_ratio), none in of_all_classes(photographs, seed):
            figures[quantile].ratios.append(float(ratio))
            figures[quantile].later_ratios.append(float(later_ratio))
            figures[quantile].none.append(none)
        for missing in range(photographs.classes) if photographs.classes > 2 else ():
            for quantile, unseen, seen in of_one_left_out(photographs, missing, seed):
                figures[quantile].unseen.append(unseen)
                figures[quantile].seen.append(seen)
    return figures


def row(name: str, quantile: float, folders: list[Figures]) -> str:
    """Return a row of the table: the means of the folders' means, and the smallest figure of all."""

    def cells(figures: str, *summaries: Callable[[list[float]], float]) -> list[str]:
        there = [values for folder in folders if (values := getattr(folder, figures))]
        return [f"{summary([summary(values) for values in there]):.3f}" if there else "-" for summary in summaries]

    mean = statistics.fmean
    shares = [*cells("ratios", mean, min), *cells("later_ratios", mean, min)]
    shares += [*cells("none", mean), *cells("unseen", mean), *cells("seen", mean)]
    return f"| {name} | {quantile:.2f} | {' | '.join(shares)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+", metavar="LABELLED")
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--fit", choices=get_args(Fit))
    arguments = parser.parse_args()
    folders = arguments.labelled
    for path in folders:
        if not find_images(path, recursive=True).files:
            parser.error(f"{path}: no images")
    print(described())
    print(
        "| photographs | quantile | ratio | least | ratio, later ones | least | in none | one class left out: "
        f"unseen in none | seen in none |\n|{' --- |' * 9}"
    )
    figures = []
    for folder in folders:
        features = extract_features(folder, recursive=True, model=arguments.model, fit=arguments.fit)
        figures.append(measured(Photographs(features)))
        for quantile in QUANTILES:
            print(row(folder.name, quantile, [figures[-1][quantile]]), flush=True)
    for quantile in QUANTILES:
        print(row("mean", quantile, [each[quantile] for each in figures]))


if __name__ == "__main__":
    main()
