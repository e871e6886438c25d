"""Measures the neighbours' graph against K-Means, on balanced and on unbalanced folders, and how it counts.

    python benchmarks/graph.py LABELLED [LABELLED ...] [--model NAME --fit FIT ...] [--neighbors N ...] [--seed NUMBER]

LABELLED holds a folder for each class. NMI is against these folders, with the true number of categories. "Unbalanced":
parts of LABELLED in which the sizes of the classes fall tenfold, the smallest at least 8; the mean of ten seeded draws.

The second table composes thirty collections of two to ten of all the classes, as counting.py does, and thirty whose
sizes fall tenfold. It says how often the chosen number of categories is right, or one off.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
from machine import described
from numpy.typing import NDArray
from sklearn.metrics import normalized_mutual_info_score

from imgsort.features.models.backbones import BEST
from imgsort.grouping.categories.group import group_rows
from imgsort.images.decoding.letterbox import Fit
from imgsort.images.finding.find import find_images
from imgsort.jobs.look.features import extract_features

DRAWS = 10
COMPOSED = 30
FALL, LEAST_IMAGES, MOST_IMAGES = 10, 8, 90
SOME_IMAGES = (30, 91)
CLASSES = range(2, 11)

Rows = NDArray[np.floating]
Labels = NDArray[np.integer]
Way = Callable[[Rows, int], Labels]


@dataclass(frozen=True, eq=False)
class Look:
    """One way to look at all folders: `rows`, float32 (n, d), and `classes`, int (n,), of each of them.

    The rows are in the order of the images' content, in which commands see them too.
    """

    name: str
    rows: list[Rows]
    classes: list[Labels]

    @classmethod
    def at(cls, folders: Sequence[Path], model: str, fit: Fit) -> "Look":
        """Look at every folder with a model."""
        rows, classes = [], []
        for folder in folders:
            features = extract_features(folder, recursive=True, model=model, fit=fit)
            order = features.content_order
            names = np.array([features.files[row].path.split("/")[0] for row in order])
            rows.append(features.matrix[order])
            classes.append(np.unique(names, return_inverse=True)[1])
        return cls(f"{model}, {fit}", rows, classes)


def plain(rows: Rows, clusters: int) -> Labels:
    return group_rows(rows, clusters).labels


def by_graph(rows: Rows, clusters: int, neighbors: int | None = None) -> Labels:
    return group_rows(rows, clusters, algorithm="graph", neighbors=neighbors).labels


def falling(largest: int, classes: int) -> NDArray[np.intp]:
    """Return the sizes of classes that fall tenfold, from `largest` on."""
    sizes = largest * float(FALL) ** (-np.arange(classes) / max(1, classes - 1))
    return np.maximum(LEAST_IMAGES, np.round(sizes)).astype(np.intp)


def unbalanced(classes: Labels, random: np.random.Generator) -> NDArray[np.intp]:
    """Draw rows so that the sizes of the classes fall tenfold, from the size of the smallest class."""
    names = random.permutation(np.unique(classes))
    sizes = falling(int(np.bincount(classes).min()), len(names))
    drawn = [
        random.choice(np.flatnonzero(classes == name), size, replace=False)
        for name, size in zip(names, sizes, strict=True)
    ]
    return np.sort(np.concatenate(drawn))


def agreement(look: Look, way: Way) -> tuple[list[float], list[float]]:
    """Return the NMI of a way for each folder, as it is and unbalanced."""
    balanced, drawn = [], []
    for rows, classes in zip(look.rows, look.classes, strict=True):
        count = int(classes.max()) + 1
        balanced.append(normalized_mutual_info_score(classes, way(rows, count)))
        scores = []
        for seed in range(DRAWS):
            part = unbalanced(classes, np.random.default_rng(seed))
            scores.append(normalized_mutual_info_score(classes[part], way(rows[part], count)))
        drawn.append(float(np.mean(scores)))
    return balanced, drawn


def composed(look: Look, seed: int, *, is_falling: bool) -> Iterator[tuple[int, Rows]]:
    """Yield collections of some of all the classes: the number of classes, and rows."""
    random = np.random.default_rng(seed)
    members = [
        rows[classes == number]
        for rows, classes in zip(look.rows, look.classes, strict=True)
        for number in range(int(classes.max()) + 1)
    ]
    counts = [count for count in CLASSES if count <= len(members)]
    for number in range(COMPOSED):
        count = counts[number % len(counts)]
        chosen = random.choice(len(members), count, replace=False)
        sizes = (
            falling(MOST_IMAGES, count) if is_falling else random.integers(SOME_IMAGES[0], SOME_IMAGES[1] + 1, count)
        )
        drawn = [
            members[which][random.choice(len(members[which]), min(size, len(members[which])), replace=False)]
            for which, size in zip(chosen, sizes, strict=True)
        ]
        yield count, np.concatenate(drawn)


def counted(look: Look, seed: int, *, is_falling: bool) -> str:
    """Return two cells of the second table: how often the chosen number is right, and right or one off."""
    off = [
        abs(group_rows(rows, "auto", algorithm="graph").count - count)
        for count, rows in composed(look, seed, is_falling=is_falling)
    ]
    return f"{np.equal(off, 0).mean():.0%} | {np.less_equal(off, 1).mean():.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path, nargs="+", metavar="LABELLED")
    parser.add_argument("--model", action="append", help="by default efficientnet-lite0, and the best model")
    parser.add_argument("--fit", choices=get_args(Fit), action="append", help="one for each --model")
    parser.add_argument("--neighbors", type=int, action="append", help="compare numbers of neighbours too")
    parser.add_argument("--seed", type=int, default=0, help="of what is composed")
    arguments = parser.parse_args()
    for path in arguments.labelled:
        if not find_images(path, recursive=True).files:
            parser.error(f"{path}: no images")
    models = arguments.model or ["efficientnet-lite0", BEST]
    fits = arguments.fit or ["letterbox" if model == "efficientnet-lite0" else "stretch" for model in models]
    looks = [Look.at(arguments.labelled, model, fit) for model, fit in zip(models, fits, strict=True)]
    ways: dict[str, Way] = {"K-Means": plain, "graph": by_graph}
    ways |= {f"graph, {number} neighbours": partial(by_graph, neighbors=number) for number in arguments.neighbors or ()}
    names = " | ".join(folder.name for folder in arguments.labelled)
    print(described())
    drawn = " | ".join(f"{folder.name}, unbalanced" for folder in arguments.labelled)
    print(f"| model | way | {names} | mean NMI | {drawn} | mean |")
    print("| --- " * (2 * len(arguments.labelled) + 4) + "|")
    for look in looks:
        for name, way in ways.items():
            cells = " | ".join(
                " | ".join(f"{value:.3f}" for value in (*values, np.mean(values))) for values in agreement(look, way)
            )
            print(f"| {look.name} | {name} | {cells} |", flush=True)
    print(f"\n| `auto` by the graph | {names} | right of {COMPOSED} | or one off | unbalanced: right | or one off |")
    print("| --- " * (len(arguments.labelled) + 5) + "|")
    for look in looks:
        chosen = " | ".join(str(group_rows(rows, "auto", algorithm="graph").count) for rows in look.rows)
        shares = " | ".join(counted(look, arguments.seed, is_falling=is_falling) for is_falling in (False, True))
        print(f"| {look.name} | {chosen} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
