"""Measures how well categories agree with labelled folders, for many ways to see and group features.

    python benchmarks/quality.py LABELLED [LABELLED ...] [--size PIXELS ...] [--only VARIANT ...]

LABELLED holds a folder for each class. The figures are ACC (clusters matched one to one with classes), NMI and ARI.
There are as many categories as classes, and each figure is the mean of five seeds. The model is efficientnet-lite0.

"plain" is what `categorize` does, and "directions" is what it does with `directions`. Both use the features that
`extract_features` gives. Variants that need other layers or other poolings use the Keras model in float32, and see its
rows as directions too. "neighbours": each row is first replaced by the mean of itself and its five nearest rows. Cost
is the model's arithmetic, relative to one look at 224 px.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from machine import described
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import AgglomerativeClustering, SpectralClustering
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.neighbors import NearestNeighbors, kneighbors_graph
from sklearn.preprocessing import StandardScaler

from imgsort.features.keras_backend import import_keras
from imgsort.features.models.choose import choose_model
from imgsort.features.weights.fetching import Fetching
from imgsort.grouping.directions import Directions, unit_rows
from imgsort.grouping.kmeans import fitted_kmeans
from imgsort.grouping.reduce import reduce_features
from imgsort.images.decoding.decode import read_image
from imgsort.images.decoding.letterbox import Square, fitted_size_hw
from imgsort.images.finding.find import ImageFile, find_images
from imgsort.images.stream import stream
from imgsort.jobs.look.features import extract_features

MODEL, SIZE_PX = "efficientnet-lite0", 224
SEEDS = range(5)
VARIANCE = 0.95
BATCH = 32
EARLIER_BLOCK, EARLIER_WEIGHT = 15, 0.6
WHITENED_COMPONENTS = 50
POWER = 3
NEAREST, GRAPH_NEAREST = 5, 10
ALTERNATIONS = 10

Rows = NDArray[np.floating]
Labels = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Photographs in the order of their content, in which commands see them too.

    `contents` has the hash of each file. `truth`, int (n,), has the number of the folder of each file.
    """

    folder: Path
    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    truth: NDArray[np.intp]

    @classmethod
    def read(cls, folder: Path) -> "Labelled":
        """List a folder of classes."""
        features = extract_features(folder, recursive=True, model=MODEL)
        files = tuple(features.files[row] for row in features.content_order)
        truth = np.unique([file.path.split("/")[0] for file in files], return_inverse=True)[1]
        return cls(folder, files, tuple(sorted(features.contents)), truth)

    @property
    def classes(self) -> int:
        """The number of classes."""
        return int(self.truth.max()) + 1


@cache
def extracted(labelled: Labelled, size_px: int = SIZE_PX, precision: str = "auto") -> Rows:
    """Return the features that commands work with, float32 (n, 1280)."""
    features = extract_features(labelled.folder, recursive=True, model=MODEL, size=size_px, precision=precision)
    return features.matrix[features.content_order]


@cache
def layers_model(size_px: int) -> Any:
    """Return a function from pixels to the maps of the earlier block and of the head. It runs the Keras model."""
    keras = import_keras()
    model = choose_model(MODEL, MODEL, None, Fetching(print))
    base = model.backbone.build(size_px)
    model.load(base)
    earlier = [layer for layer in base.layers if layer.name.startswith(f"blocks.{EARLIER_BLOCK}.")][-1]
    looks = keras.Model(base.input, [earlier.output, base.output])
    return lambda pixels: looks.predict_on_batch(model.backbone.prepare(pixels))


@cache
def layers(labelled: Labelled, size_px: int) -> dict[str, Rows]:
    """Return the features of each photograph by layers and poolings, float32 (n, width) each."""
    maps_of = layers_model(size_px)
    parts: list[dict[str, Rows]] = []
    for start in range(0, len(labelled.files), BATCH):
        files = labelled.files[start : start + BATCH]
        squares, shares = zip(*stream(files, lambda file: square(labelled.folder, file, size_px), BATCH), strict=True)
        pixels = np.stack(squares)
        parts.append(pooled(maps_of(pixels), maps_of(pixels[:, :, ::-1])[1], np.stack(shares)))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def square(folder: Path, file: ImageFile, size_px: int) -> tuple[NDArray[np.uint8], Rows]:
    """Return a letterboxed photograph, and weights that leave the border out of the mean over its map."""
    pixels = read_image(folder, file, square=Square(size_px)).pixels
    cells = size_px // 32
    height, width = (covered(side, size_px, cells) for side in fitted_size_hw(*pixels.shape[:2], size_px))
    weights = np.outer(height, width)
    return Square(size_px).fill(pixels), (weights / weights.sum()).astype(np.float32)


def covered(side: int, size_px: int, cells: int) -> Rows:
    """Return how much of each cell of the map a centred picture covers along one side, in pixels."""
    begin = (size_px - side) // 2
    edges = np.arange(cells + 1) * (size_px / cells)
    return np.clip(np.minimum(edges[1:], begin + side) - np.maximum(edges[:-1], begin), 0, None)


def pooled(maps: tuple[Rows, Rows], mirrored: Rows, weights: Rows) -> dict[str, Rows]:
    """Return rows of maps, (n, h, w, width), by every pooling. `weights`, (n, h, w), cover the picture only."""
    earlier, head = maps
    return {
        "earlier": earlier.mean(axis=(1, 2)),
        "earlier, picture only": np.einsum("nhwc,nhw->nc", earlier, weights),
        "head": head.mean(axis=(1, 2)),
        "head, picture only": np.einsum("nhwc,nhw->nc", head, weights),
        "largest": head.max(axis=(1, 2)),
        "generalised mean": (head**POWER).mean(axis=(1, 2)) ** (1 / POWER),
        "both ways round": (head.mean(axis=(1, 2)) + mirrored.mean(axis=(1, 2))) / 2,
    }


@dataclass(frozen=True)
class View:
    """Photographs at one size and in one precision."""

    labelled: Labelled
    size_px: int
    precision: str

    @property
    def matrix(self) -> Rows:
        """The features that commands work with."""
        return extracted(self.labelled, self.size_px, self.precision)

    def layer(self, name: str) -> Rows:
        """Return the rows of one kind of `layers`."""
        return layers(self.labelled, self.size_px)[name]


def as_directions(rows: Rows) -> Rows:
    """Return rows as the library sees them with `directions`."""
    return Directions().fit_parts([rows]).transform(rows)


def whitened(rows: Rows) -> Rows:
    """Return the first principal components of unit rows, all with variance one, at unit length."""
    return unit_rows(PCA(WHITENED_COMPONENTS, whiten=True, svd_solver="full").fit_transform(unit_rows(rows)))


def two_layers(view: View, pooling: str = "") -> Rows:
    """Return the directions of two layers side by side. The earlier layer has less weight."""
    earlier, head = (as_directions(view.layer(name + pooling)) for name in ("earlier", "head"))
    return np.hstack([EARLIER_WEIGHT * earlier, head])


def by_kmeans(rows: Rows, classes: int, seed: int) -> Labels:
    return fitted_kmeans(rows, classes, seed).labels_


def by_neighbours(rows: Rows, classes: int, seed: int) -> Labels:
    """Group by K-Means, after each row is replaced by the mean of itself and its nearest rows."""
    nearest = NearestNeighbors(n_neighbors=NEAREST + 1).fit(rows).kneighbors(rows, return_distance=False)
    return by_kmeans(rows[nearest].mean(axis=1), classes, seed)


def by_agglomeration(rows: Rows, classes: int, seed: int) -> Labels:
    return AgglomerativeClustering(classes, linkage="ward").fit_predict(rows)


def by_spectrum(rows: Rows, classes: int, seed: int) -> Labels:
    """Group by spectral clustering of the graph that joins each row with its nearest rows."""
    graph = kneighbors_graph(rows, GRAPH_NEAREST)
    spectral = SpectralClustering(classes, affinity="precomputed", assign_labels="cluster_qr", random_state=seed)
    return spectral.fit_predict((graph + graph.T) / 2)


def by_discriminants(rows: Rows, classes: int, seed: int) -> Labels:
    """Group by K-Means, in turn with linear discriminants of the groups found (Ding & Li, 2007)."""
    labels = by_kmeans(rows, classes, seed)
    for _ in range(ALTERNATIONS):
        discriminants = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(rows, labels)
        before, labels = labels, by_kmeans(discriminants.transform(rows), classes, seed)
        if adjusted_rand_score(before, labels) == 1:
            break
    return labels


# The sizes for each precision, if none is given.
USUAL = {"int8": (224, 256)}
LAYERS = {"float32": (224, 256)}
ALL = {"int8": (224, 256, 288, 320), "float32": (224, 256)}


@dataclass(frozen=True)
class Variant:
    """How rows are made of a view, and how they are grouped.

    `directions` says whether the library takes the directions of the rows. `sizes` has the sizes for each precision.
    `looks` says how many times the model looks at each photograph.
    """

    rows: Callable[[View], Rows] = lambda view: view.matrix
    directions: bool = False
    group: Callable[[Rows, int, int], Labels] = by_kmeans
    sizes: dict[str, tuple[int, ...]] = field(default_factory=lambda: USUAL)
    looks: int = 1


VARIANTS = {
    "plain": Variant(sizes=ALL),
    "directions": Variant(directions=True, sizes=ALL),
    "unit length": Variant(lambda view: unit_rows(view.matrix)),
    "whole mean away, unit length": Variant(lambda view: unit_rows(view.matrix - view.matrix.mean(axis=0))),
    "standardised": Variant(lambda view: StandardScaler().fit_transform(view.matrix)),
    "whitening": Variant(lambda view: whitened(view.matrix)),
    "square root": Variant(lambda view: np.sqrt(view.matrix.clip(min=0))),
    "plain, neighbours": Variant(group=by_neighbours),
    "directions, neighbours": Variant(directions=True, group=by_neighbours),
    "directions, agglomerative": Variant(directions=True, group=by_agglomeration),
    "directions, spectral": Variant(directions=True, group=by_spectrum),
    "directions, discriminants": Variant(directions=True, group=by_discriminants),
}
for name, rows_of, looks in (
    ("maximum", lambda view: as_directions(view.layer("largest")), 1),
    ("generalised mean", lambda view: as_directions(view.layer("generalised mean")), 1),
    ("picture only", lambda view: as_directions(view.layer("head, picture only")), 1),
    ("mirrored too", lambda view: as_directions(view.layer("both ways round")), 2),
    ("two layers", two_layers, 1),
    ("two layers, picture only", lambda view: two_layers(view, ", picture only"), 1),
):
    VARIANTS[name] = Variant(rows_of, sizes=LAYERS, looks=looks)
    VARIANTS[f"{name}, neighbours"] = Variant(rows_of, group=by_neighbours, sizes=LAYERS, looks=looks)


def scores(truth: Labels, labels: Labels) -> tuple[float, float, float]:
    """Return ACC, NMI and ARI."""
    table = np.zeros((truth.max() + 1, labels.max() + 1))
    np.add.at(table, (truth, labels), 1)
    matched = table[linear_sum_assignment(-table)].sum() / len(truth)
    return matched, normalized_mutual_info_score(truth, labels), adjusted_rand_score(truth, labels)


def mean_scores(variant: Variant, view: View) -> NDArray[np.float64]:
    """Return the means of ACC, NMI and ARI over the seeds."""
    truth, classes = view.labelled.truth, view.labelled.classes
    reduced = reduce_features(variant.rows(view), VARIANCE, directions=variant.directions)
    return np.mean([scores(truth, variant.group(reduced, classes, seed)) for seed in SEEDS], axis=0)


def measurements(names: Iterable[str], sizes: list[int] | None) -> Iterator[tuple[str, int, str]]:
    """Yield each variant, size and precision to measure."""
    for name in names:
        for precision, usual in VARIANTS[name].sizes.items():
            for size_px in sizes or usual:
                yield name, size_px, precision


def compare(folders: list[Labelled], names: Iterable[str], sizes: list[int] | None) -> None:
    """Print the table."""
    titles = [f"{folder.folder.name}: ACC, NMI, ARI" for folder in folders]
    print(f"| variant | px | precision | cost | {' | '.join(titles)} | mean NMI |")
    print("| --- " * (len(folders) + 5) + "|")
    for name, size_px, precision in measurements(names, sizes):
        variant = VARIANTS[name]
        found = [mean_scores(variant, View(folder, size_px, precision)) for folder in folders]
        cells = " | ".join(", ".join(f"{score:.3f}" for score in three) for three in found)
        cost = variant.looks * (size_px / SIZE_PX) ** 2
        mean = np.mean([nmi for _, nmi, _ in found])
        print(f"| {name} | {size_px} | {precision} | {cost:.2f} | {cells} | {mean:.3f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+")
    parser.add_argument("--size", type=int, nargs="+", help="by default those that each variant has; multiples of 32")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, metavar="VARIANT", help=f"of {', '.join(VARIANTS)}")
    arguments = parser.parse_args()
    for path in arguments.labelled:
        if not find_images(path, recursive=True).files:
            parser.error(f"{path}: no images")
    print(described())
    compare([Labelled.read(path) for path in arguments.labelled], arguments.only or VARIANTS, arguments.size)
