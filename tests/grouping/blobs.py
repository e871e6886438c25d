"""Makes rows of numbers whose groups are known."""

import numpy as np


def blobs(sizes: list[int], width: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return shuffled rows in clear groups of the given `sizes`, and each row's group.

    The rows are float32 (n, width); the groups are int (n,).
    """
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    centres = 20 * np.eye(len(sizes), width)
    order = random.permutation(len(truth))
    rows = centres[truth] + random.normal(scale=0.5, size=(len(truth), width))
    return rows[order].astype(np.float32), truth[order]


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    """Say whether two labellings put the same rows together, whatever the labels are."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))
