"""Measures how often the chosen number of categories is the number of classes.

    python benchmarks/counting.py LABELLED [LABELLED ...] [--seed NUMBER]

LABELLED holds a folder for each class. In addition to these folders, the script composes thirty collections. Each has
two to ten of all the classes, and 30 to 90 photographs of each class. The rows are features of efficientnet-lite0 at
the sizes of `--quality plain` and `high`, reduced as `categorize` reduces them: in high quality, as directions. The
library's rule is compared with other rules on the same candidates.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from machine import described
from numpy.typing import NDArray
from quality import VARIANCE, Labelled, extracted
from sklearn.metrics import silhouette_score

from imgsort.grouping.categories.cluster_count import MAX_CLUSTERS, MIN_CLUSTERS, Candidate, best, candidates
from imgsort.grouping.kmeans import fitted_kmeans
from imgsort.grouping.reduce import reduce_features
from imgsort.images.finding.find import find_images

COMPOSED = 30
LEAST_CLASSES, MOST_CLASSES = 2, 10
LEAST_IMAGES, MOST_IMAGES = 30, 90
LARGEST = (MAX_CLUSTERS, 20)
NEARLY_AS_GOOD = 0.97


@dataclass(frozen=True)
class Collection:
    """Features of photographs, float32 (n, d), in the order of their content. They have `classes` classes."""

    name: str
    classes: int
    matrix: NDArray[np.floating]


@dataclass(frozen=True)
class Judged:
    """A number of clusters as the library judges it, and its silhouette by Euclidean distances."""

    candidate: Candidate
    euclidean: float

    @property
    def clusters(self) -> int:
        """The number of clusters."""
        return self.candidate.clusters


def library_rule(judged: Sequence[Judged]) -> int:
    return best([one.candidate for one in judged]).clusters


def most(score: Callable[[Judged], float], judged: Sequence[Judged]) -> int:
    """Return the number of clusters with the highest score."""
    return max(judged, key=score).clusters


def largest_nearly_best(judged: Sequence[Judged]) -> int:
    """Return the largest number of clusters whose silhouette is nearly the best."""
    enough = NEARLY_AS_GOOD * max(one.candidate.silhouette for one in judged)
    return max(one.clusters for one in judged if one.candidate.silhouette >= enough)


RULES: dict[str, Callable[[Sequence[Judged]], int]] = {
    "the library's": library_rule,
    "silhouette by cosine": partial(most, lambda one: one.candidate.silhouette),
    "silhouette, Euclidean": partial(most, lambda one: one.euclidean),
    "stability": partial(most, lambda one: one.candidate.stability),
    "largest within 3 %": largest_nearly_best,
}


def composed(folders: Sequence[Labelled], seed: int, size_px: int) -> Iterator[Collection]:
    """Yield collections of some of all the classes.

    The number of classes goes from two to ten, or to as many as there are, and begins again.
    """
    random = np.random.default_rng(seed)
    matrix = np.concatenate([extracted(folder, size_px) for folder in folders])
    contents = np.concatenate([folder.contents for folder in folders])
    classes = rows_of_classes(folders)
    counts = range(LEAST_CLASSES, min(MOST_CLASSES, len(classes)) + 1)
    for number in range(COMPOSED):
        count = counts[number % len(counts)]
        chosen = random.choice(len(classes), count, replace=False)
        rows = np.concatenate([some_of(classes[which], random) for which in chosen])
        yield Collection(f"composed {number + 1}", count, matrix[rows[np.argsort(contents[rows])]])


def rows_of_classes(folders: Sequence[Labelled]) -> list[NDArray[np.intp]]:
    """Return the rows of each class, if the rows of the folders follow one another."""
    starts = np.cumsum([0, *(len(folder.files) for folder in folders)])
    return [
        start + np.flatnonzero(folder.truth == number)
        for folder, start in zip(folders, starts, strict=False)
        for number in range(folder.classes)
    ]


def some_of(rows: NDArray[np.intp], random: np.random.Generator) -> NDArray[np.intp]:
    """Draw 30 to 90 rows of a class, or all rows if it has fewer."""
    return random.choice(rows, min(int(random.integers(LEAST_IMAGES, MOST_IMAGES + 1)), len(rows)), replace=False)


def judge(collection: Collection, *, directions: bool) -> list[Judged]:
    """Judge every number of clusters for a collection."""
    reduced = reduce_features(collection.matrix, VARIANCE, directions=directions)
    return [
        Judged(candidate, float(silhouette_score(reduced, fitted_kmeans(reduced, candidate.clusters, 0).labels_)))
        for candidate in candidates(reduced, MIN_CLUSTERS, max(LARGEST))
    ]


def compare(folders: Sequence[Labelled], seed: int) -> None:
    """Print what every rule chooses for every folder, and how often it is right."""
    titles = " | ".join(f"{folder.folder.name} ({folder.classes})" for folder in folders)
    print(f"| features | of | rule | {titles} | right of {COMPOSED} | right or one off |")
    print("| --- " * (len(folders) + 5) + "|")
    details = []
    for features, size_px in (("plain", 224), ("plain", 256), ("directions", 256)):
        whole = [Collection(folder.folder.name, folder.classes, extracted(folder, size_px)) for folder in folders]
        parts = list(composed(folders, seed, size_px))
        judged = [judge(collection, directions=features == "directions") for collection in (*whole, *parts)]
        for largest in LARGEST:
            allowed = [[one for one in each if one.clusters <= largest] for each in judged]
            for name, rule in RULES.items():
                chosen = [rule(each) for each in allowed]
                print(row(f"{features}, {size_px} px | 2 to {largest} | {name}", whole, parts, chosen), flush=True)
            details.append(
                (f"{features}, {size_px} px", largest, [library_rule(each) for each in allowed[len(whole) :]])
            )
    print_details(parts, details)


def row(title: str, whole: Sequence[Collection], parts: Sequence[Collection], chosen: Sequence[int]) -> str:
    """Return a row of the table. `chosen` is first for the folders themselves and then for the composed ones."""
    off = np.abs([number - part.classes for number, part in zip(chosen[len(whole) :], parts, strict=True)])
    cells = " | ".join(str(number) for number in chosen[: len(whole)])
    return f"| {title} | {cells} | {np.mean(off == 0):.0%} | {np.mean(off <= 1):.0%} |"


def print_details(parts: Sequence[Collection], details: Sequence[tuple[str, int, Sequence[int]]]) -> None:
    """Print what the library's rule chooses for composed folders, by their number of classes."""
    numbers = sorted({part.classes for part in parts})
    print(f"\n| the library's rule, composed folders of | {' | '.join(str(number) for number in numbers)} |")
    print("| --- " * (len(numbers) + 1) + "|")
    for features, largest, chosen in details:
        cells = [
            ", ".join(str(choice) for part, choice in zip(parts, chosen, strict=True) if part.classes == number)
            for number in numbers
        ]
        print(f"| {features}, 2 to {largest} | {' | '.join(cells)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+")
    parser.add_argument("--seed", type=int, default=0, help="of what is composed")
    arguments = parser.parse_args()
    for path in arguments.labelled:
        if not find_images(path, recursive=True).files:
            parser.error(f"{path}: no images")
    print(described())
    compare([Labelled.read(path) for path in arguments.labelled], arguments.seed)
