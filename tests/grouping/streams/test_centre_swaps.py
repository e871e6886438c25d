"""Swaps of centres find what K-Means missed, and never make its groups worse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.grouping.kmeans import fitted_kmeans, kmeans_from
from imgsort.grouping.streams.centre_swaps import swapped_labels
from tests.grouping.blobs import blobs, same_partition

pytestmark = pytest.mark.usefixtures("one_thread")


def inertia(rows: np.ndarray, labels: np.ndarray) -> float:
    members = [rows[labels == label] for label in np.unique(labels)]
    return sum(float(np.square(part - part.mean(axis=0)).sum()) for part in members)


@pytest.mark.parametrize("seed", range(5))
def test_a_centre_goes_where_one_is_missing(seed):
    """A group that has two centres gives one to two groups that share one, which K-Means alone does not do."""
    rows, truth = blobs([300, 200, 150, 100, 60], seed=seed)
    rows = rows.astype(np.float64)
    wrong = np.where(truth == 4, 3, truth)
    wrong[(truth == 0) & (rows[:, 7] > 0)] = 4
    centres = np.array([rows[wrong == label].mean(axis=0) for label in range(5)])
    assert not same_partition(kmeans_from(rows, centres, 0).labels_, truth)
    assert same_partition(swapped_labels(rows, wrong, 0), truth)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 4), st.integers(0, 99))
def test_never_worse(count, clusters, width, seed):
    """For rows of every kind, equal ones too: no more inertia, and as many groups, none of them empty."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, width)).round(seed % 3)
    labels = fitted_kmeans(rows, min(clusters, count), seed).labels_
    found = swapped_labels(rows, labels, seed)
    assert found.shape == labels.shape
    assert len(np.unique(found)) == len(np.unique(labels))
    assert inertia(rows, found) <= inertia(rows, labels) * (1 + 1e-9) + 1e-12


def test_the_same_again():
    """Two calls give the same labels."""
    rows = np.random.default_rng(1).normal(size=(500, 6))
    labels = fitted_kmeans(rows, 9, 0).labels_
    assert np.array_equal(swapped_labels(rows, labels, 3), swapped_labels(rows, labels, 3))
