"""Shrinks photographs a little by averaging areas and bilinearly, and compares speed, features and categories.

    python benchmarks/shrinking.py LABELLED [LABELLED ...] [--ratio R ...]

LABELLED holds a folder for each class. Each photograph is first made as many times as large as the model's square as
the ratio says, by averaging areas. Then it is shrunk into the square in both ways. Milliseconds are for one photograph
and one thread. NMI is that of K-Means with the true number of categories, the mean of five seeds.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from machine import described
from precision import cosines, quality
from quality import Labelled, Rows

from imgsort.features.extract import Features
from imgsort.features.extraction import prepare_extraction
from imgsort.features.models.choose import choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.interface import Extractor
from imgsort.features.weights.fetching import Fetching
from imgsort.images.decoding.decode import DEFAULTS, read_image
from imgsort.images.decoding.letterbox import Square, fitted_size_hw

MODEL = "efficientnet-lite0"
RATIOS = (1.01, 1.1, 1.2, 1.33, 1.5, 1.75)
WAYS = {"averaged": cv2.INTER_AREA, "bilinear": cv2.INTER_LINEAR}


def shrunk(pixels: np.ndarray, size_px: int, way: int) -> np.ndarray:
    height, width = fitted_size_hw(*pixels.shape[:2], size_px)
    return cv2.resize(pixels, (width, height), interpolation=way)


def features_of(squares: list[np.ndarray], extractor: Extractor) -> Rows:
    steps = range(0, len(squares), extractor.batch_size)
    return np.concatenate([extractor.extract(np.stack(squares[at : at + extractor.batch_size])) for at in steps])


def compare(folder: Path, ratios: list[float], extractor: Extractor) -> None:
    labelled = Labelled.read(folder)
    pictures = [read_image(folder, file).pixels for file in labelled.files]
    size_px = extractor.size_px
    for ratio in ratios:
        larger = [shrunk(pixels, round(ratio * size_px), cv2.INTER_AREA) for pixels in pictures]
        rows, cells = {}, []
        for name, way in WAYS.items():
            begun = time.perf_counter()
            fitted = [shrunk(pixels, size_px, way) for pixels in larger]
            milliseconds = 1e3 * (time.perf_counter() - begun) / len(fitted)
            rows[name] = features_of([Square(size_px).fill(pixels) for pixels in fitted], extractor)
            nmi, _, accuracy = quality(Features(labelled.files, labelled.contents, rows[name], ()))
            cells.append(f"{milliseconds:.2f} | {nmi:.3f} | {accuracy:.3f}")
        mean, lowest = cosines(*rows.values())
        print(f"| {folder.name} | {ratio} | {' | '.join(cells)} | {mean:.4f}, {lowest:.4f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+")
    parser.add_argument("--ratio", type=float, action="append")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pooled = PooledModel(choose_model(MODEL, MODEL, None, Fetching(print)), 224)
    print(described())
    print("| photographs | ratio | averaged: ms | NMI | accuracy | bilinear: ms | NMI | accuracy | cosine |")
    print(f"|{' --- |' * 9}")
    for path in arguments.labelled:
        compare(path, arguments.ratio or RATIOS, prepare_extraction(pooled, DEFAULTS, notice=print).extractor)
