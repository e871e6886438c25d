"""Measures every way to run a model on a processor: its speed, and its cost in quality.

    python benchmarks/precision.py LABELLED [LABELLED ...] [--model NAME --weights FILE]

LABELLED holds a folder for each class. Speed is that of the bare model from pixels to features, on all cores: the
median of --rounds, which run in turn. Cosine is to the float32 features. NMI and ACC come from K-Means with as many
categories as classes, and are the means of five seeds. Accuracy is that of a linear classifier, five-fold.

You give trained weights of vgg16 or resnet50 in a file. Without it, they get random weights. Quality then says nothing,
and its cells stay empty.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from machine import described
from scipy.optimize import linear_sum_assignment
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import normalized_mutual_info_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imgsort.features.extract import Extractor, Features
from imgsort.features.extraction import prepare_extraction
from imgsort.features.models.choose import ChosenModel, choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.weights.fetching import Fetching
from imgsort.grouping.categories.group import group_rows
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import find_images
from imgsort.images.stream import core_count, stream
from imgsort.jobs.look.features import extract_features

PRECISIONS = ("float32", "bfloat16", "int8")
SEEDS = range(5)
ROUND_SECONDS = 4.0


def seconds_an_image(extractor: Extractor) -> float:
    """Return the seconds that the model takes for an image if all cores do nothing else."""
    random = np.random.default_rng(0)
    shape = (extractor.batch_size, extractor.size_px, extractor.size_px, 3)
    batch = random.integers(0, 256, shape, dtype=np.uint8)
    deadline = time.perf_counter() + ROUND_SECONDS

    def batches() -> Iterator[np.ndarray]:
        while time.perf_counter() < deadline:
            yield batch

    begun = time.perf_counter()
    count = sum(len(rows) for rows in stream(batches(), extractor.extract, 2 * core_count()))
    return (time.perf_counter() - begun) / count


def quality(features: Features) -> tuple[float, float, float]:
    """Return NMI, ACC and a classifier's accuracy. The folders are the true classes."""
    truth = np.unique([file.path.split("/")[0] for file in features.files], return_inverse=True)[1]
    classes = truth.max() + 1
    scores = []
    for seed in SEEDS:
        labels = group_rows(features.matrix, classes, random_state=seed, order=features.content_order).labels
        table = np.zeros((classes, classes))
        np.add.at(table, (truth, labels), 1)
        matched = table[linear_sum_assignment(-table)].sum() / len(truth)
        scores.append((normalized_mutual_info_score(truth, labels), matched))
    nmi, acc = np.mean(scores, axis=0)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    return float(nmi), float(acc), float(cross_val_score(classifier, features.matrix, truth, cv=5).mean())


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean cosine between the rows of both matrices."""
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(np.mean(np.einsum("ij,ij->i", one, other) / norms))


def chosen(name: str, weights: Path | None, folder: Path) -> tuple[ChosenModel, bool]:
    """Return a model, and whether its weights are trained."""
    if weights is None and name != "efficientnet-lite0":
        weights = folder / f"{name}.weights.h5"
        if not weights.exists():
            from imgsort.features.models.backbones import BACKBONES

            row = BACKBONES[name]
            row.build(row.size_px).save_weights(weights)
        return choose_model(name, name, weights, Fetching(print)), False
    return choose_model(name, name, weights, Fetching(print)), True


def compare(name: str, weights: Path | None, folders: list[Path], rounds: int, random_weights: Path) -> None:
    """Print a row for each precision of a model and each folder. Random weights use only the first folder."""
    model, is_trained = chosen(name, weights, random_weights)
    pooled = PooledModel(model, model.backbone.size_px)
    ways = {
        precision: prepare_extraction(pooled, DEFAULTS, notice=lambda text: None, precision=precision, device="cpu")
        for precision in PRECISIONS
    }
    for way in ways.values():
        seconds_an_image(way.extractor)
    timings: dict[str, list[float]] = {precision: [] for precision in ways}
    for _ in range(rounds):
        for precision, way in ways.items():
            timings[precision].append(seconds_an_image(way.extractor))
    looked_at = folders if is_trained else folders[:1]
    options = {"recursive": True, "model": name, "weights": weights or (None if is_trained else model.weights.path)}
    for folder in looked_at:
        exact = extract_features(folder, precision="float32", **options)
        for precision, way in ways.items():
            features = extract_features(folder, precision=precision, **options)
            scores = " | ".join(f"{score:.3f}" for score in quality(features)) if is_trained else "- | - | -"
            speed = 1 / statistics.median(timings[precision])
            ratio = statistics.median(timings["float32"]) / statistics.median(timings[precision])
            print(
                f"| {name} at {pooled.size_px} px | {way.way.precision}, {way.way.runtime} | {speed:.1f} | {ratio:.2f} "
                f"| {folder.name} | {cosine(exact.matrix, features.matrix):.4f} | {scores} |",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+")
    parser.add_argument("--model", action="append", help="by default every model")
    parser.add_argument("--weights", type=Path, help="trained weights of the one model named")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--random-weights", type=Path, default=Path(), help="folder for files of random weights")
    arguments = parser.parse_args()
    for path in arguments.labelled:
        if not find_images(path, recursive=True).files:
            parser.error(f"{path}: no images")
    print(described())
    print("| model | precision | images/s | ratio | photographs | cosine | NMI | ACC | accuracy |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for model_name in arguments.model or ("vgg16", "resnet50", "efficientnet-lite0"):
        compare(model_name, arguments.weights, arguments.labelled, arguments.rounds, arguments.random_weights)
