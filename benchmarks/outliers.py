"""Measures ways to find the pictures that do not belong, and to tell how many they are.

    python benchmarks/outliers.py LABELLED LABELLED [LABELLED ...] [--planted SET] [--model NAME] [--fit FIT]

LABELLED holds a folder for each class. SET holds images/ and labels.csv, which has a file and is_outlier in each row.
The script composes sets of the labelled images, with the same seeds every time:

one      up to 60 images of a class, and 6 of classes of other LABELLED
several  40 images of each of 2 to 5 classes, and 8 of classes of other LABELLED
near     up to 80 images of a class, and 5 of a similar class: the pairs of NEAR whose classes exist
faulty   up to 60 images of a class, and more of it, each with another fault that leaves little of the picture
exposed  the same with two images that are four stops too dark and too bright

The motif of "exposed" images is still there, and they look the same to the model. `imgsort check` finds them by their
exposure. They are shown, but are not part of the mean.

The first table says how many of n odd images are among the n oddest, as the mean over the sets. The second table says
what is picked if nobody gives n, by the distance to 10 neighbours. Nothing is odd in a folder of one class as it is.
"Together" counts the pictures of all composed sets. A mean of precision is over the sets in which something is picked.
"""

import argparse
import csv
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
from faults import exposed
from machine import described
from scipy.stats import median_abs_deviation, rankdata
from sklearn.covariance import LedoitWolf
from sklearn.metrics import silhouette_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from threadpoolctl import threadpool_limits

from imgsort.features.extract import Features
from imgsort.features.models.backbones import BEST
from imgsort.features.models.imagenet_classes import CLASSES, beside_classes, classifier_file
from imgsort.grouping.categories.group import group_rows
from imgsort.grouping.directions import unit_rows
from imgsort.grouping.kmeans import fitted_kmeans
from imgsort.grouping.outliers.neighbours import ODD_SCORE, NeighbourOutliers
from imgsort.grouping.outliers.two_means import TwoMeansOutliers
from imgsort.grouping.reduce import reduce_features
from imgsort.images.decoding.decode import read_image
from imgsort.images.decoding.letterbox import Fit, Square
from imgsort.images.finding.find import ImageFile, find_images
from imgsort.images.judging.quality import ANALYSIS_SIDE_PX
from imgsort.jobs.look.features import extract_features

# How the photographs are looked at, by the options.
LOOK: dict[str, Any] = {}
SEEDS = range(3)
NEIGHBORS = 10
KINDS = ("one", "several", "near", "faulty")
EXPOSED = "exposed"
PLANTED = "planted"
SEVERAL_SETS = 12
FAULTS = {"faulty": ("blurred", "covered", "blank", "noise", "strip"), EXPOSED: ("dark", "bright")}
# The class of most images, and the class of the odd ones.
NEAR = (
    ("cats", "dogs"),
    ("dogs", "cats"),
    ("dalmatian", "cats"),
    ("lemon", "banana"),
    ("tomato", "pepper"),
    ("kiwi", "lemon"),
    ("pepper", "carrots"),
    ("sunrise", "shine"),
    ("cloudy", "sunrise"),
)


@dataclass(frozen=True)
class Class:
    """The images of one class of a labelled folder, and their features, float32 (n, d)."""

    folder: Path
    name: str
    files: list[ImageFile]
    rows: np.ndarray

    def some(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Return the features of `count` images, or of all images if there are fewer."""
        return self.rows[random.permutation(len(self.rows))[:count]]


@dataclass(frozen=True)
class Composed:
    """A set of features, float32 (n, d), and which of them are odd, bool (n,)."""

    kind: str
    rows: np.ndarray
    is_odd: np.ndarray


def extracted(folder: Path) -> Features:
    """Return the features that `imgsort outliers --method knn` compares, for the images of a folder."""
    features = extract_features(folder, recursive=True, **LOOK)
    return replace(features, matrix=beside_classes(features.matrix, classifier_file(LOOK["model"])))


def classes_of(folder: Path) -> list[Class]:
    """Return the classes of a labelled folder."""
    features = extracted(folder)
    names = np.array([file.path.split("/")[0] for file in features.files])
    members = {str(name): np.flatnonzero(names == name) for name in np.unique(names)}
    return [
        Class(folder, name, [features.files[row] for row in rows], features.matrix[rows])
        for name, rows in members.items()
    ]


def joined(kind: str, main: list[np.ndarray], odd: list[np.ndarray]) -> Composed:
    """Return a set that joins all parts, (m, d) each."""
    is_odd = np.repeat([False, True], [sum(map(len, main)), sum(map(len, odd))])
    return Composed(kind, np.concatenate([*main, *odd]), is_odd)


def odd_ones(classes: list[Class], count: int, random: np.random.Generator) -> list[np.ndarray]:
    """Return the features of `count` images. The class of each image is drawn anew."""
    return [classes[number].some(1, random) for number in random.integers(len(classes), size=count)]


def of_one_class(classes: list[Class], random: np.random.Generator) -> Iterator[Composed]:
    for main in classes:
        others = [other for other in classes if other.folder != main.folder]
        yield joined("one", [main.some(60, random)], odd_ones(others, 6, random))


def of_several_classes(classes: list[Class], random: np.random.Generator) -> Iterator[Composed]:
    """Yield sets of several classes.

    Half of the labelled folders give the classes, and the others give the odd images.
    """
    folders = sorted({each.folder for each in classes})
    for _ in range(SEVERAL_SETS):
        taken = {folders[number] for number in random.permutation(len(folders))[: (len(folders) + 1) // 2]}
        there = [each for each in classes if each.folder in taken]
        others = [each for each in classes if each.folder not in taken]
        main = [there[number] for number in random.permutation(len(there))[: random.integers(2, 6)]]
        yield joined("several", [each.some(40, random) for each in main], odd_ones(others, 8, random))


def of_near_classes(classes: list[Class], random: np.random.Generator) -> Iterator[Composed]:
    by_name = {each.name: each for each in classes}
    for main, other in NEAR:
        if main in by_name and other in by_name:
            yield joined("near", [by_name[main].some(80, random)], [by_name[other].some(5, random)])


def with_fault(pixels: np.ndarray, fault: str, random: np.random.Generator) -> np.ndarray:
    """Return a picture, uint8 (h, w, 3), with a fault of FAULTS. `covered` is a picture with the lens cap on."""
    height, width = pixels.shape[:2]
    made = {
        "blurred": lambda: cv2.GaussianBlur(pixels, (0, 0), 10 * max(height, width) / ANALYSIS_SIDE_PX),
        "covered": lambda: random.integers(0, 12, pixels.shape, dtype=np.uint8),
        "dark": lambda: exposed(pixels, -4),
        "bright": lambda: exposed(pixels, 4),
        "blank": lambda: np.full_like(pixels, pixels.mean(axis=(0, 1))),
        "noise": lambda: random.integers(0, 256, pixels.shape, dtype=np.uint8),
        "strip": lambda: pixels[(height - max(1, width // 8)) // 2 :][: max(1, width // 8)],
    }
    return made[fault]()


def of_faulty_pictures(classes: list[Class]) -> Iterator[Composed]:
    """Yield sets with faulty pictures.

    The sets do not have their originals, because these would be near duplicates.
    """
    drawn = {}
    with tempfile.TemporaryDirectory() as name:
        for seed in SEEDS:
            random = np.random.default_rng(seed)
            for number, main in enumerate(classes):
                for kind, faults in FAULTS.items():
                    order = random.permutation(len(main.files))
                    own = f"{kind}-{seed}-{number}"
                    write_faulty(Path(name, own), main, zip(faults, order, strict=False), random)
                    drawn[own] = main.rows[order[len(faults) :][:60]]
        features = extracted(Path(name))
    owners = np.array([file.path.split("/")[0] for file in features.files])
    for own, rows in drawn.items():
        yield joined(own.split("-")[0], [rows], [features.matrix[owners == own]])


def write_faulty(folder: Path, main: Class, faults: Iterable[tuple[str, int]], random: np.random.Generator) -> None:
    """Write pictures of a class, each with another fault, into a new folder."""
    folder.mkdir()
    for fault, row in faults:
        pixels = read_image(main.folder, main.files[row], square=Square(ANALYSIS_SIDE_PX)).pixels
        cv2.imwrite(str(folder / f"{fault}.jpg"), with_fault(pixels, fault, random)[..., ::-1])


def composed(classes: list[Class]) -> list[Composed]:
    """Return the sets of all kinds."""
    sets: list[Composed] = []
    for compose in (of_one_class, of_several_classes, of_near_classes):
        for seed in SEEDS:
            sets += compose(classes, np.random.default_rng(seed))
    return sets + list(of_faulty_pictures(classes))


def planted(folder: Path) -> Composed:
    """Return a set that somebody else has composed."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        odd = {row["file"] for row in csv.DictReader(file) if row["is_outlier"] == "1"}
    features = extracted(folder / "images")
    return Composed(PLANTED, features.matrix, np.array([file.path in odd for file in features.files]))


def around(rows: np.ndarray, neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the Euclidean distances of each row to its nearest rows, and which rows these are, both (n, k).

    The nearest row comes first.
    """
    search = NearestNeighbors(n_neighbors=min(neighbors, len(rows) - 1), algorithm="brute").fit(rows)
    return search.kneighbors()


def neighbour_distance(rows: np.ndarray, neighbors: int = NEIGHBORS) -> np.ndarray:
    """Return the distance to the neighbours, by the library's own method."""
    return NeighbourOutliers(neighbors).fit(rows).distances_


def farthest_neighbour(rows: np.ndarray) -> np.ndarray:
    """Return the distance to the farthest of the neighbours (Ramaswamy, Rastogi & Shim, 2000)."""
    return around(unit_rows(rows), NEIGHBORS)[0][:, -1]


def local_scaling(rows: np.ndarray) -> np.ndarray:
    """Return the distance to the neighbours, divided by the mean of their distances to their own neighbours."""
    distances = neighbour_distance(rows)
    neighbours = around(unit_rows(rows), NEIGHBORS)[1]
    return distances / np.maximum(distances[neighbours].mean(axis=1), np.finfo(np.float64).tiny)


def local_outlier_factor(rows: np.ndarray) -> np.ndarray:
    """Return the local outlier factor (Breunig, Kriegel, Ng & Sander, 2000)."""
    factor = LocalOutlierFactor(n_neighbors=min(20, len(rows) - 1))
    return -factor.fit(unit_rows(rows)).negative_outlier_factor_


def centre_distance(rows: np.ndarray) -> np.ndarray:
    """Return the distance to the centre of the category. The silhouette chooses the number of categories."""
    reduced = reduce_features(rows, 0.95)
    found = {count: fitted_kmeans(reduced, count, 0, starts=3).labels_ for count in range(2, 9)}
    count = max(found, key=lambda count: silhouette_score(reduced, found[count], metric="cosine"))
    return group_rows(rows, count).distances


def local_mahalanobis(rows: np.ndarray) -> np.ndarray:
    """Return the mean distance to the neighbours, in the metric of local differences (Ledoit-Wolf).

    A local difference is that between a row and the mean of its neighbours.
    """
    reduced = reduce_features(unit_rows(rows), 0.99)
    residuals = reduced - reduced[around(reduced, NEIGHBORS)[1]].mean(axis=1)
    values, vectors = np.linalg.eigh(LedoitWolf(assume_centered=True).fit(residuals).covariance_)
    return around(reduced @ vectors / np.sqrt(values), NEIGHBORS)[0].mean(axis=1)


def both_ranks(rows: np.ndarray) -> np.ndarray:
    """Return the sum of two ranks: by distance to the neighbours, and by local outlier factor."""
    return rankdata(neighbour_distance(rows)) + rankdata(local_outlier_factor(rows))


def smaller_of_two_clusters(rows: np.ndarray, count: int) -> np.ndarray:
    """Return the rows that the original program's method picks, at most `count`."""
    return np.flatnonzero(TwoMeansOutliers(count).fit(rows).predictions_ == -1)


def oddest(score: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return a function of rows and a count that picks the rows with the highest scores."""
    return lambda rows, count: np.argsort(-score(rows), kind="stable")[:count]


def of_columns(columns: slice) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return a function that picks rows by their neighbours as the library does, with some of the columns only."""
    return oddest(lambda rows: neighbour_distance(rows[:, columns]))


def by_neighbours(neighbors: int) -> Callable[[np.ndarray, int], np.ndarray]:
    return oddest(lambda rows: neighbour_distance(rows, neighbors))


METHODS = {
    "TwoMeansOutliers, the original's": smaller_of_two_clusters,
    **{f"NeighbourOutliers, {neighbors} neighbours": by_neighbours(neighbors) for neighbors in (5, 10, 15, 20)},
    f"{NEIGHBORS} neighbours by features alone": of_columns(slice(None, -CLASSES)),
    f"{NEIGHBORS} neighbours by classes alone": of_columns(slice(-CLASSES, None)),
    f"distance to neighbour {NEIGHBORS}": oddest(farthest_neighbour),
    f"local scaling, {NEIGHBORS} neighbours": oddest(local_scaling),
    "local outlier factor, 20 neighbours": oddest(local_outlier_factor),
    "distance from the category's centre": oddest(centre_distance),
    f"local Mahalanobis, {NEIGHBORS} neighbours": oddest(local_mahalanobis),
    "ranks of 10 neighbours and local outlier factor": oddest(both_ranks),
}


def beyond_quartile(ranges: float) -> Callable[[NeighbourOutliers], np.ndarray]:
    return lambda fitted: fitted.scores_ > ranges


def beyond_median(deviations: float) -> Callable[[NeighbourOutliers], np.ndarray]:
    """Return a threshold by the median absolute deviation.

    The deviation is scaled to be the standard deviation of a normal distribution.
    """
    return lambda fitted: (
        fitted.distances_ - np.median(fitted.distances_)
        > deviations * median_abs_deviation(fitted.distances_, scale="normal")
    )


FENCES = {
    **{f"{ranges:g} interquartile ranges": beyond_quartile(ranges) for ranges in sorted({2, 2.5, 3, ODD_SCORE})},
    **{f"{deviations:g} median absolute deviations": beyond_median(deviations) for deviations in (3, 3.5, 4)},
}


def print_methods(sets: Iterable[Composed], columns: list[str]) -> None:
    """Print recall at n of each method."""
    print(f"| recall at n | {' | '.join(columns)} | mean of all composed |\n|{' --- |' * (len(columns) + 2)}")
    for name, pick in METHODS.items():
        recall = defaultdict(list)
        for each in sets:
            recall[each.kind].append(each.is_odd[pick(each.rows, each.is_odd.sum())].sum() / each.is_odd.sum())
        shares = [statistics.mean(recall[kind]) for kind in columns]
        shares.append(statistics.mean(share for kind in KINDS for share in recall[kind]))
        print(f"| {name} | {' | '.join(f'{share:.3f}' for share in shares)} |", flush=True)


def together(picks: list[tuple[np.ndarray, np.ndarray]]) -> str:
    """Return recall and precision, counted over the pictures of all sets together.

    Each pair says what is picked and what is odd, bool (n,) each.
    """
    picked, is_odd = (np.concatenate(parts) for parts in zip(*picks, strict=True))
    right = (picked & is_odd).sum()
    return f"{right / is_odd.sum():.3f}, {right / max(1, picked.sum()):.3f}"


def means(picks: list[tuple[np.ndarray, np.ndarray]]) -> str:
    """Return the means of recall and of precision over the sets. Each pair is as in `together`."""
    recall = statistics.mean((picked & is_odd).sum() / is_odd.sum() for picked, is_odd in picks)
    precision = [(picked & is_odd).sum() / picked.sum() for picked, is_odd in picks if picked.any()]
    return f"{recall:.3f}, {statistics.mean(precision or [0]):.3f}"


def print_fences(sets: Iterable[Composed], columns: list[str], of_one: list[np.ndarray]) -> None:
    """Print what each threshold picks in folders of one class without planted images, and in the composed sets."""
    fitted = [(each, NeighbourOutliers(NEIGHBORS).fit(each.rows)) for each in sets]
    as_they_are = [NeighbourOutliers(NEIGHBORS).fit(rows) for rows in of_one]
    print(
        f"| above | one class: picked, mean | most | nothing picked in | recall, precision together | means "
        f"| {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 6)}"
    )
    for name, fence in FENCES.items():
        shares = [fence(fit).mean() for fit in as_they_are]
        picks = defaultdict(list)
        for each, fit in fitted:
            picks[each.kind].append((fence(fit), each.is_odd))
        all_picks = [pick for kind in KINDS for pick in picks[kind]]
        by_kind = " | ".join(together(picks[kind]) for kind in columns)
        print(
            f"| {name} | {np.mean(shares):.2%} | {max(shares):.2%} | {np.mean(np.equal(shares, 0)):.0%} "
            f"| {together(all_picks)} | {means(all_picks)} | {by_kind} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+", metavar="LABELLED", help="two or more")
    parser.add_argument("--planted", type=Path, metavar="SET")
    parser.add_argument("--model", default=BEST)
    parser.add_argument("--fit", choices=get_args(Fit), default="stretch")
    arguments = parser.parse_args()
    LOOK.update(model=arguments.model, fit=arguments.fit)
    if len(arguments.labelled) < 2:
        parser.error("odd ones are of other labelled folders: give two or more")
    for path in arguments.labelled:
        if not find_images(path, recursive=True).files:
            parser.error(f"{path}: no images")
    classes = [each for folder in arguments.labelled for each in classes_of(folder)]
    sets = composed(classes)
    of_one = [each.rows for each in classes]
    if arguments.planted:
        sets.append(planted(arguments.planted))
        of_one.append(sets[-1].rows[~sets[-1].is_odd])
    there = {each.kind for each in sets}
    columns = [kind for kind in (*KINDS, EXPOSED, PLANTED) if kind in there]

    print(described(), f"{arguments.model}, {arguments.fit}", sep="\n")
    counts = ", ".join(f"{sum(each.kind == kind for each in sets)} {kind}" for kind in columns)
    print(f"Sets: {counts}.\n")
    # The sets are small, so threads would wait for each other most of the time.
    with threadpool_limits(1):
        print_methods(sets, columns)
        print(
            f"\n{NEIGHBORS} neighbours, and a threshold above the upper quartile or the median; the library's is "
            f"{ODD_SCORE:g} interquartile ranges. Folders of one class, as they are: {len(of_one)}.\n"
        )
        print_fences(sets, columns, of_one)


if __name__ == "__main__":
    main()
