"""Measures how good `imgsort find` finds: precision at 10 on folders whose subfolders are the true classes.

    python benchmarks/find_precision.py FOLDER... [--models efficientnet-lite0 efficientnet-lite2] [--top 10]

Each image is looked for once, and left out of what is found. Precision at 10 is the share of the ten most alike that
are of its class. The first column is what the command finds, for some images by the command itself; the others are
computed from the same features: a plain cosine search, which is the yardstick, and a search after half of the
features' mean, or all of it, was subtracted.
"""

import argparse
from pathlib import Path

import numpy as np
from machine import described

import imgsort
from imgsort.features.models.backbones import BACKBONES
from imgsort.grouping.nearest import NearestRows


def by_command(folder: Path, model: str, files: list[str], top: int, few: int) -> list[list[str]]:
    """Return what the command finds for every so many of the images."""
    step = max(1, len(files) // few)
    options = {"model": model, "top": top}
    return [
        [match.path for match in imgsort.find(folder, query=folder / file, **options).matches] for file in files[::step]
    ]


def by_rows(rows: np.ndarray, contents: list[str], top: int) -> list[list[int]]:
    """Return for each row the numbers of the nearest rows of other bytes, as the command finds them."""
    others = np.array(contents)
    found = []
    for row, content in enumerate(contents):
        numbers = np.flatnonzero(others != content)
        nearest = NearestRows(rows[row : row + 1], top=top)
        nearest.see(rows[numbers], numbers)
        found.append(nearest.numbers.tolist())
    return found


def plainly(rows: np.ndarray, contents: list[str], top: int) -> list[list[int]]:
    """Return for each row the numbers of the nearest rows of other bytes, by the plainest cosine search."""
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    likeness = units @ units.T
    others = np.array(contents)
    likeness[others[:, None] == others] = -np.inf
    return np.argsort(-likeness, axis=1, kind="stable")[:, :top].tolist()


def precision(found: list[list[int]], classes: list[str]) -> float:
    """Return the share of what was found that is of the class of what was looked for."""
    right = [[classes[number] == own for number in numbers] for own, numbers in zip(classes, found, strict=True)]
    return float(np.mean([share for shares in right for share in shares]))


def measured(folder: Path, model: str, top: int, few: int) -> list[float]:
    """Return the precision of each way. Raises AssertionError if the command finds something else than its search."""
    fit = BACKBONES[model].high_quality_fit
    features = imgsort.extract_features(folder, recursive=True, model=model, fit=fit)
    files, contents = [file.path for file in features.files], list(features.contents)
    classes = [file.partition("/")[0] for file in files]
    rows = features.matrix.astype(np.float64)
    found = by_rows(features.matrix, contents, top)
    step = max(1, len(files) // few)
    said = by_command(folder, model, files, top, few)
    assert said == [[files[number] for number in numbers] for numbers in found[::step]], "the command finds others"
    mean = rows.mean(axis=0)
    ways = [plainly(rows - share * mean, contents, top) for share in (0, 0.5, 1)]
    return [precision(each, classes) for each in (found, *ways)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--models", nargs="+", default=["efficientnet-lite0", "efficientnet-lite2"])
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--few", type=int, default=10, help="for how many images the command itself is run")
    options = parser.parse_args()
    print(described())
    print("| model | folder | find | plain cosine | half of the mean subtracted | all of it |")
    print("| --- | --- | --- | --- | --- | --- |")
    for model in options.models:
        rows = []
        for folder in options.folders:
            rows.append(measured(folder, model, options.top, options.few))
            print(f"| {model} | {folder.name} | " + " | ".join(f"{value:.4f}" for value in rows[-1]) + " |")
        mean = np.mean(rows, axis=0)
        print(f"| {model} | mean | " + " | ".join(f"**{value:.4f}**" for value in mean) + " |", flush=True)
