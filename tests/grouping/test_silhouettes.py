"""Silhouettes of groups: those of scikit-learn, without comparing every pair of rows."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples

from imgsort.grouping import silhouettes as module
from imgsort.grouping.directions import Directions
from imgsort.grouping.silhouettes import silhouettes_of
from tests.grouping.blobs import blobs


def by_scikit_learn(matrix, labels):
    """Return the same by the plain definition."""
    directions = Directions().fit_parts([matrix]).transform(matrix).astype(np.float64)
    values = silhouette_samples(directions, labels, metric="cosine")
    return {int(label): float(values[labels == label].mean()) for label in np.unique(labels)}


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(2, 6), st.integers(0, 10**6))
def test_they_are_those_of_scikit_learn(rows, groups, seed):
    """The values are exact, for groups of any size and in any number of parts."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, groups, rows + groups)
    labels[:2] = (0, 1)
    matrix = random.standard_normal((rows + groups, 7)).astype(np.float32) + labels[:, None].astype(np.float32)
    matrix[random.integers(0, len(matrix))] = 0
    if len(np.unique(labels)) < len(labels):
        assert silhouettes_of(matrix, labels) == pytest.approx(by_scikit_learn(matrix, labels), abs=1e-5)


def test_in_parts(monkeypatch):
    """Rows that do not fit into one part count too."""
    matrix, labels = blobs([30, 20, 10])
    whole = silhouettes_of(matrix, labels)
    monkeypatch.setattr(module, "_ROWS_AT_A_TIME", 7)
    assert silhouettes_of(matrix, labels) == pytest.approx(whole)


def test_rows_without_a_group():
    """Rows with the label -1 are no group, neither for themselves nor for others."""
    matrix, labels = blobs([30, 20, 10])
    labels = np.where(labels == 2, -1, labels)
    found = silhouettes_of(matrix, labels)
    assert set(found) == {0, 1}
    assert min(found.values()) > 0.3


@pytest.mark.parametrize("labels", [[], [0], [3, 3, 3], [-1, -1], [0, -1, -1]])
def test_fewer_than_two_groups(labels):
    """With one group or none there is nothing to compare with."""
    assert silhouettes_of(np.ones((len(labels), 4), np.float32), np.array(labels, dtype=int)) == {}


def test_single_and_equal_rows():
    """A group of one row has the silhouette 0, and so have groups of equal rows. Labels need not be in sequence."""
    assert silhouettes_of(np.ones((5, 4), np.float32), np.array([2, 2, 7, 7, 9])) == {2: 0.0, 7: 0.0, 9: 0.0}
    assert silhouettes_of(np.zeros((4, 4), np.float32), np.array([0, 0, 1, 1])) == {0: 0.0, 1: 0.0}
    matrix = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    assert silhouettes_of(matrix, np.array([0, 0, 1])) == pytest.approx({0: 1.0, 1: 0.0})


def test_many_rows():
    """20,000 rows take no more than a few seconds."""
    random = np.random.default_rng(0)
    matrix, labels = random.standard_normal((20_000, 256), np.float32), random.integers(0, 30, 20_000)
    begun = time.process_time()
    assert len(silhouettes_of(matrix, labels)) == 30
    assert time.process_time() - begun < 10
