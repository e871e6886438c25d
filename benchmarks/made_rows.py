"""Makes rows of features in groups of very different sizes, as many as are wanted."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FALL = 40
LEAST_SHARE = 0.005


def made(
    rows: int, width: int, clusters: int, *, separation: float, at_a_time: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.intp]]]:
    """Yield float32 rows, (m, width), and the group of each, int (m,).

    The sizes of the groups fall fortyfold, and the variance falls off as a model's does. `separation`: how far the
    centres are spread, in standard deviations of a group.
    """
    random = np.random.default_rng(0)
    shares = float(FALL) ** (-np.arange(clusters) / max(1, clusters - 1))
    fall = (1 / np.sqrt(1 + np.arange(width))).astype(np.float32)
    turn = np.linalg.qr(random.normal(size=(width, width)))[0].astype(np.float32)
    centres = (separation * random.normal(size=(clusters, width))).astype(np.float32)
    for start in range(0, rows, at_a_time):
        truth = random.choice(clusters, min(at_a_time, rows - start), p=shares / shares.sum())
        spread = random.standard_normal((len(truth), width), dtype=np.float32)
        yield ((centres[truth] + spread) * fall) @ turn, truth


def recovered(truth: NDArray[np.intp], labels: NDArray[np.intp]) -> str:
    """Say how many groups of at least 0.5 % of the rows are found, and how many there are.

    A group is found if it shares more than half of all rows that are in it or in some category with this category.
    """
    table = np.zeros((truth.max() + 1, labels.max() + 1))
    np.add.at(table, (truth, labels), 1)
    sizes = table.sum(axis=1)
    overlap = table / (sizes[:, None] + table.sum(axis=0) - table)
    large = sizes >= LEAST_SHARE * len(truth)
    return f"{(overlap.max(axis=1)[large] > 0.5).sum()} of {large.sum()}"
