"""Measures every way to run a model on a processor, by each runtime: its speed, and its cost in quality.

    python benchmarks/precision.py LABELLED [LABELLED ...] [--model NAME --weights FILE]

LABELLED holds a folder for each class. Speed is that of the bare model from pixels to features, on all cores: the
median of --rounds, which run in turn. Cosine is to LiteRT's float32 features: the mean, and the lowest. NMI and ACC
come from K-Means with as many categories as classes, and are the means of five seeds. Accuracy is that of a linear
classifier, five-fold.

Weights come from where imgsort finds them. A model whose weights cannot be had gets random ones. Quality then says
nothing, and its cells stay empty.
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

from imgsort.errors import DownloadError
from imgsort.features.extract import Features
from imgsort.features.extraction import prepare_extraction
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.choose import ChosenModel, choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.interface import Extractor
from imgsort.features.runtimes.table import runtimes_for
from imgsort.features.weights.fetching import Fetching
from imgsort.grouping.categories.group import group_rows
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import find_images
from imgsort.images.stream import core_count, stream
from imgsort.jobs.look.features import extract_features

WAYS = (
    ("litert", "float32"),
    ("litert", "int8"),
    ("openvino", "float32"),
    ("openvino", "bfloat16"),
    ("openvino", "int8"),
)
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


def cosines(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return the mean and the lowest cosine between the rows of both matrices."""
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosine = np.einsum("ij,ij->i", one, other) / norms
    return float(cosine.mean()), float(cosine.min())


def chosen(name: str, weights: Path | None, folder: Path) -> tuple[ChosenModel, bool]:
    """Return a model, and whether its weights are trained."""
    try:
        return choose_model(name, name, weights, Fetching(print)), True
    except DownloadError:
        weights = folder / f"{name}.weights.h5"
        if not weights.exists():
            row = BACKBONES[name]
            row.build(row.size_px).save_weights(weights)
        return choose_model(name, name, weights, Fetching(print)), False


def compare(name: str, weights: Path | None, folders: list[Path], rounds: int, random_weights: Path) -> None:
    """Print a row for each way of running a model and each folder. Random weights use only the first folder."""
    model, is_trained = chosen(name, weights, random_weights)
    pooled = PooledModel(model, model.backbone.size_px)
    ways = {
        way: prepare_extraction(
            pooled, DEFAULTS, notice=lambda text: None, device="cpu", precision=way[1], runtime=way[0]
        )
        for way in WAYS
        if way[0] in [runtime.name for runtime in runtimes_for(way[1], "cpu")]
    }
    for way in ways.values():
        seconds_an_image(way.extractor)
    timings: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, prepared in ways.items():
            timings[way].append(seconds_an_image(prepared.extractor))
    options = {"recursive": True, "model": name, "device": "cpu"}
    if model.weights.source == "own file":
        options["weights"] = model.weights.path
    for folder in folders if is_trained else folders[:1]:
        exact = extract_features(folder, precision="float32", runtime="litert", **options)
        for runtime, precision in ways:
            features = extract_features(folder, precision=precision, runtime=runtime, **options)
            scores = " | ".join(f"{score:.3f}" for score in quality(features)) if is_trained else "- | - | -"
            seconds = statistics.median(timings[runtime, precision])
            ratio = statistics.median(timings["litert", "float32"]) / seconds
            mean, lowest = cosines(exact.matrix, features.matrix)
            print(
                f"| {name} at {pooled.size_px} px | {precision}, {runtime} | {1 / seconds:.1f} | {ratio:.2f} "
                f"| {folder.name} | {mean:.4f}, {lowest:.4f} | {scores} |",
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
    for model_name in arguments.model or BACKBONES:
        compare(model_name, arguments.weights, arguments.labelled, arguments.rounds, arguments.random_weights)
