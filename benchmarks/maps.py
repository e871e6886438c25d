"""Compares ways to lay a collection out in two dimensions: how well neighbours are kept, and seconds.

    python benchmarks/maps.py LABELLED [LABELLED ...] [--rows 1700 20000]

LABELLED holds a folder for each class. The rows are features of efficientnet-lite0. Trustworthiness (Venna & Kaski,
2001) says how few of the 10 neighbours on the map are none in the features. Accuracy says how often the most frequent
class of the 10 neighbours on the map is the right one. For --rows, rows are made up between the neighbours of all
folders, and the seconds are those of the process, which runs in one thread as the library does.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
from machine import described
from numpy.typing import NDArray
from quality import Labelled, Labels, Rows, extracted
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from imgsort.grouping import map as library
from imgsort.grouping.directions import Directions
from imgsort.grouping.graph.eigenvectors import leading_eigenvectors
from imgsort.grouping.graph.neighbours import joined, nearest_rows, usual_neighbors, with_fewer_parts
from imgsort.grouping.reduce import reduce_features

VARIANCE, COLUMNS, NEIGHBORS = 0.95, 50, 10
LANDMARKS = 4000
# Trustworthiness compares every row with every other.
MOST_JUDGED = 3000

Places = NDArray[np.floating]
Way = Callable[[Rows], Places]


def reduced(rows: Rows) -> Rows:
    return reduce_features(rows.astype(np.float32), VARIANCE, directions=True)[:, :COLUMNS].astype(np.float32)


def by_components(rows: Rows) -> Places:
    return reduced(rows)[:, :2]


def by_eigenvectors(rows: Rows) -> Places:
    seen = reduced(rows)
    graph = with_fewer_parts(joined(nearest_rows(seen, usual_neighbors(len(seen)))), seen, 1)
    vectors = leading_eigenvectors(graph, 3, 0)
    return vectors[:, 1:] / vectors[:, :1]  # those of the random walk, which keep neighbours better


def by_tsne(rows: Rows, steps: int = library._STEPS, angle: float = library._ANGLE) -> Places:
    with mock.patch.multiple(library, _STEPS=steps, _ANGLE=angle):
        return library.places_of(rows.astype(np.float32))


def by_landmarks(rows: Rows) -> Places:
    """Lay out a part of the rows, and put each other row between those of this part that are nearest to it."""
    landmarks = np.random.default_rng(0).permutation(len(rows))[:LANDMARKS]
    seen = reduced(rows)
    theirs = library._laid_out(seen[landmarks], 0)
    distances, nearest = NearestNeighbors(n_neighbors=3).fit(seen[landmarks]).kneighbors(seen)
    weights = 1 / np.maximum(distances, 1e-6)
    return (weights[..., None] * theirs[nearest]).sum(axis=1) / weights.sum(axis=1, keepdims=True)


WAYS: dict[str, Way] = {
    "principal components": by_components,
    "eigenvectors of the graph": by_eigenvectors,
    "t-SNE, the library's": by_tsne,
    "t-SNE, angle 0.5": partial(by_tsne, angle=0.5),
    "t-SNE, 1000 steps": partial(by_tsne, steps=1000),
}
WAYS_FOR_MANY: dict[str, Way] = {
    "eigenvectors of the graph": by_eigenvectors,
    "t-SNE of 4000 rows, the others between them": by_landmarks,
    "t-SNE, the library's": by_tsne,
}


def trust(rows: Rows, places: Places) -> float:
    some = np.random.default_rng(0).permutation(len(rows))[:MOST_JUDGED]
    seen = Directions().fit_parts([rows]).transform(rows)
    return float(trustworthiness(seen[some], places[some], n_neighbors=NEIGHBORS))


def accuracy(places: Places, classes: Labels) -> float:
    nearest = NearestNeighbors(n_neighbors=NEIGHBORS).fit(places).kneighbors(return_distance=False)
    named = [np.bincount(of_neighbours).argmax() for of_neighbours in classes[nearest]]
    return float((np.array(named) == classes).mean())


def made_up(rows: Rows, classes: Labels, count: int) -> tuple[Rows, Labels]:
    """Return `count` rows, each between a row and one of its neighbours and a little beside, with the row's class."""
    random = np.random.default_rng(0)
    nearest = NearestNeighbors(n_neighbors=16).fit(rows).kneighbors(return_distance=False)
    ones = random.integers(0, len(rows), count)
    others = nearest[ones, random.integers(0, nearest.shape[1], count)]
    shares = random.random((count, 1)) / 2
    noise = random.normal(0, 0.3 * rows.std(axis=0), (count, rows.shape[1]))
    between = (1 - shares) * rows[ones] + shares * rows[others] + noise
    return between.astype(np.float32), classes[ones]


def compare(folders: list[Labelled], counts: list[int]) -> None:
    matrices = [extracted(folder) for folder in folders]
    titles = [f"{folder.folder.name}: trust | accuracy" for folder in folders]
    print(f"| way | {' | '.join(titles)} |\n|{' --- |' * (1 + 2 * len(folders))}")
    for name, way in WAYS.items():
        figures = []
        for folder, rows in zip(folders, matrices, strict=True):
            places = way(rows)
            figures += [f"{trust(rows, places):.3f}", f"{accuracy(places, folder.truth):.3f}"]
        print(f"| {name} | {' | '.join(figures)} |", flush=True)
    firsts = np.cumsum([0, *(folder.classes for folder in folders)])
    classes = np.concatenate([folder.truth + first for folder, first in zip(folders, firsts, strict=False)])
    for count in counts:
        rows, known = made_up(np.concatenate(matrices), classes, count)
        print(f"\n| {count} rows | trust | accuracy | seconds | of the processor |\n|{' --- |' * 5}")
        for name, way in WAYS_FOR_MANY.items():
            if way is by_landmarks and count <= LANDMARKS:
                continue
            begun, begun_working = time.perf_counter(), time.process_time()
            places = way(rows)
            took, worked = time.perf_counter() - begun, time.process_time() - begun_working
            kept = f"{trust(rows, places):.3f} | {accuracy(places, known):.3f}"
            print(f"| {name} | {kept} | {took:.1f} | {worked:.1f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+", metavar="LABELLED")
    parser.add_argument("--rows", type=int, nargs="*", default=[1700, 20_000])
    arguments = parser.parse_args()
    print(described())
    with threadpool_limits(1):
        compare([Labelled.read(folder) for folder in arguments.labelled], arguments.rows)
