"""Sorts the original program's photographs as its code does, and compares the result with its folders.

    python benchmarks/original.py FOLDER EXPECTED.csv

EXPECTED.csv has the columns file, category and outlier (1 for the eight images that the original moved).

The original makes categories with VGG16 at 128 pixels, the flattened map, PCA, and K-Means with 8 clusters and seed 20.
Its code has PCA at 50 % of the variance; its text says 95 %. It finds outliers with ResNet50 at 500 pixels, two
clusters and seed 64, at most 8.

"moved" counts the photographs that K-Means moves when it starts from the original's folders. It needs the features that
the original had: if there are none to move, the folders are what K-Means itself could have made.

If the ImageNet weights of a model are not available, efficientnet-lite0 takes its place, and the table says so.
"""

import argparse
import csv
import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

import imgsort
from imgsort.features.extract import Features
from imgsort.features.models.pooled_model import Pooling
from imgsort.filing.planning.site import site_of
from imgsort.grouping.categories.group import group_rows
from imgsort.grouping.outliers.two_means import TwoMeansOutliers
from imgsort.grouping.reduce import reduce_features
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.extracting import extract_with
from imgsort.jobs.session.listing import list_collection
from imgsort.jobs.settings import ModelSettings
from imgsort.version import __version__

CLUSTERS, CATEGORY_SEED, CATEGORY_SIZE_PX = 8, 20, 128
MAX_OUTLIERS, OUTLIER_SEED, OUTLIER_SIZE_PX = 8, 64, 500
OTHER_SEEDS = range(10)


def features_of(folder: Path, default: str, pooling: Pooling, size_px: int) -> tuple[Features, ModelRecord]:
    """Extract features with the model `default`, or with the model that takes its place."""
    listing = list_collection(site_of(folder), (), recursive=False)
    settings = ModelSettings(pooling=pooling, size=size_px, precision="float32")
    return extract_with(folder, listing, settings, default, read=DEFAULTS, listener=Listener())


def compare_categories(folder: Path, expected: dict[str, str], pooling: Pooling) -> None:
    """Print ARI and NMI against the original's folders, for both shares of variance.

    Photographs for which no folder of the original is known are sorted too, but not compared.
    """
    features, model = features_of(folder, "vgg16", pooling, CATEGORY_SIZE_PX)
    known = np.array([bool(expected[file.name]) for file in features.files])
    theirs = [expected[file.name] for file in features.files if expected[file.name]]
    for variance in (0.50, 0.95):
        scores = []
        for seed in (CATEGORY_SEED, *OTHER_SEEDS):
            ours = group_rows(
                features.matrix, CLUSTERS, variance=variance, random_state=seed, order=features.content_order
            ).labels[known]
            scores.append((adjusted_rand_score(theirs, ours), normalized_mutual_info_score(theirs, ours)))
        (ari, nmi), (mean_ari, mean_nmi) = scores[0], np.mean(scores[1:], axis=0)
        deviation = np.std([score[0] for score in scores[1:]])
        print(
            f"| {described(model)} | {pooling} | {variance:.0%} | {ari:.2f} | {nmi:.2f} "
            f"| {mean_ari:.2f} ± {deviation:.2f} | {mean_nmi:.2f} "
            f"| {moved_from(theirs, features.matrix[known], variance)} |"
        )


def moved_from(theirs: Sequence[str], rows: np.ndarray, variance: float) -> int:
    """Return how many photographs K-Means moves when it starts from the original's folders.

    None are moved if the folders are a fixed point: what K-Means itself could have ended with on these features.
    """
    reduced = reduce_features(rows, variance)
    names, labels = np.unique(theirs, return_inverse=True)
    starts = np.stack([reduced[labels == number].mean(axis=0) for number in range(len(names))])
    return int((KMeans(len(names), init=starts, n_init=1).fit(reduced).labels_ != labels).sum())


def compare_command(folder: Path, expected: dict[str, str]) -> None:
    """Print how `imgsort categorize` agrees with the original's folders, without any option and in each precision."""
    for precision in ("auto", "float32", "int8"):
        result = imgsort.categorize(folder, dry_run=True, precision=precision)
        folders = {Path(move.source).name: Path(move.target).parent.name for move in result.moves}
        names = [name for name, category in expected.items() if category and name in folders]
        theirs, ours = [expected[name] for name in names], [folders[name] for name in names]
        print(
            f"| {described(result.model)} | {precision}: {result.model.precision}, {result.model.runtime} "
            f"| {adjusted_rand_score(theirs, ours):.2f} | {normalized_mutual_info_score(theirs, ours):.2f} |"
        )


def compare_outliers(folder: Path, expected: set[str], pooling: Pooling) -> None:
    """Print how many of the original's outliers imgsort finds."""
    features, model = features_of(folder, "resnet50", pooling, OUTLIER_SIZE_PX)
    order = features.content_order
    predictions = TwoMeansOutliers(MAX_OUTLIERS, random_state=OUTLIER_SEED).fit(features.matrix[order]).predictions_
    ours = {features.files[row].name for row in order[np.flatnonzero(predictions == -1)]}
    print(f"| {described(model)} | {pooling} | {len(ours)} | {len(expected)} | {len(ours & expected)} |")


def described(model: ModelRecord) -> str:
    """Return the model and its weights, and the model whose place it takes."""
    stands_in = f", in place of {model.fallback}" if model.fallback else ""
    return f"{model.name} at {model.size_px} px, {model.weights} weights{stands_in}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("expected", type=Path)
    arguments = parser.parse_args()
    with arguments.expected.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    root = arguments.folder.resolve()
    print(f"imgsort {__version__}, Python {platform.python_version()}, {platform.machine()}, {len(rows)} photographs\n")
    print("| categories by | pooling | variance kept | ARI | NMI | ARI, seeds 0-9 | NMI, seeds 0-9 | moved |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for pooling in ("none", "avg"):
        compare_categories(root, {row["file"]: row["category"] for row in rows}, pooling)
    print("\n| `imgsort categorize FOLDER` by | precision | ARI | NMI |\n| --- | --- | --- | --- |")
    compare_command(root, {row["file"]: row["category"] for row in rows})
    print("\n| outliers by | pooling | picked | original's | in both |\n| --- | --- | --- | --- | --- |")
    for pooling in ("none", "avg"):
        compare_outliers(root, {row["file"] for row in rows if row["outlier"] == "1"}, pooling)
