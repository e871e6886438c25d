"""Decodes photographs whole and at a scale that is large enough, and compares speed, features and categories.

    python benchmarks/scaled_decoding.py FOLDER [FOLDER ...]

The script reads a folder with all its subfolders, and makes as many categories as there are subfolders. The decoder
leaves out what a smaller picture does not show: it decodes to 1/2, 1/4 or 1/8 of each side, but never to less than the
model's square.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from imgsort.features.extract import Features
from imgsort.grouping.categories.group import group_rows
from imgsort.images.decoding import decode
from imgsort.images.decoding.decoders import opencv_decoder
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile, find_images
from imgsort.jobs.look.features import extract_features
from imgsort.version import __version__

SIZE_PX = 224
ROUNDS = 5
TIMED_FILES = 100


def whole() -> Callable[..., int]:
    """Return a function that replaces the choice of a scale and always chooses the whole picture."""
    return lambda cv2, factor: 0


def seconds_to_decode(root: Path, files: list[ImageFile]) -> float:
    """Return the seconds that one pass of reading and decoding takes, in this thread."""
    begun = time.perf_counter()
    for file in files:
        decode.read_image(root, file, square=Square(SIZE_PX))
    return time.perf_counter() - begun


def categories_of(features: Features, clusters: int) -> np.ndarray:
    return group_rows(features.matrix, clusters, order=features.content_order).labels


def compare(folder: Path) -> None:
    files = list(find_images(folder, recursive=True).files)[:TIMED_FILES]
    ratios = []
    for _ in range(ROUNDS):
        scaled_seconds = seconds_to_decode(folder, files)
        with mock.patch.object(opencv_decoder, "_reduced_flag", whole()):
            ratios.append(seconds_to_decode(folder, files) / scaled_seconds)
    options = {"recursive": True, "cache": False, "precision": "float32"}  # the cache is from the usual decoding
    scaled = extract_features(folder, **options)
    with mock.patch.object(opencv_decoder, "_reduced_flag", whole()):
        full = extract_features(folder, **options)
    norms = np.linalg.norm(scaled.matrix, axis=1) * np.linalg.norm(full.matrix, axis=1)
    cosines = np.sum(scaled.matrix * full.matrix, axis=1) / norms
    classes = [file.path.rpartition("/")[0] for file in scaled.files]
    clusters = max(2, len(set(classes)))
    by_scaled, by_full = categories_of(scaled, clusters), categories_of(full, clusters)
    nmi = [
        f"{normalized_mutual_info_score(classes, labels):.3f}" if len(set(classes)) > 1 else "-"
        for labels in (by_full, by_scaled)
    ]
    print(
        f"| {folder.name} | {len(scaled.files)} | {statistics.median(ratios):.1f} | {cosines.mean():.4f} "
        f"| {cosines.min():.4f} | {adjusted_rand_score(by_full, by_scaled):.3f} | {nmi[0]} | {nmi[1]} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"imgsort {__version__}, Python {platform.python_version()}, OpenCV {cv2.__version__}, {SIZE_PX} px\n")
    print("| photographs | n | times as fast | cosine, mean | least | ARI of categories | NMI, whole | NMI, scaled |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for folder in arguments.folders:
        compare(folder)


if __name__ == "__main__":
    main()
