"""Rows are compared with all rows by parts, and the nearest are those of one full comparison."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.grouping.outliers import neighbours
from imgsort.grouping.outliers.all_rows import nearest_of_all
from imgsort.grouping.outliers.neighbours import NeighbourOutliers
from imgsort.grouping.streams import rows as streams_rows
from imgsort.grouping.streams.rows import MatrixRows
from tests.grouping.outliers.test_neighbours import between_rows, several_groups

pytestmark = pytest.mark.usefixtures("one_thread")


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 60), st.integers(1, 12), st.integers(1, 30), st.integers(0, 9), st.booleans())
def test_the_nearest_are_those_of_a_full_comparison(count, wanted, part, seed, has_copies):
    """Whatever the parts are, distances are exact to six digits: copies and rows of zeros too. No row is its own."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, 5)).astype(np.float32)
    rows[random.random(count) < 0.1] = 0
    if has_copies:
        rows = rows[random.integers(0, count, count)]
    numbers = random.permutation(count)[: random.integers(1, count + 1)]
    wanted = min(wanted, count - 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams_rows, "_ROWS_AT_A_TIME", part)
        distances, nearest = nearest_of_all(rows[numbers], numbers, MatrixRows(rows), wanted)
    every = between_rows(rows)[numbers]
    assert np.allclose(distances, np.sort(every, axis=1)[:, :wanted], atol=1e-6)
    assert np.allclose(np.take_along_axis(every, nearest, axis=1), distances, atol=1e-6)
    assert not (nearest == numbers[:, None]).any()
    assert all(len(set(row)) == wanted for row in nearest.tolist())


@pytest.mark.parametrize("way", [{"max_outliers": 4}, {}, {"threshold": 0.4}])
def test_outliers_of_many_rows_are_those_of_few(way, monkeypatch):
    """Compared by parts, rows have the same distances, scores and predictions as compared at once."""
    features = several_groups(3)
    at_once = NeighbourOutliers(**way).fit(features)
    monkeypatch.setattr(neighbours, "MOST_AT_ONCE", 20)
    monkeypatch.setattr(streams_rows, "_ROWS_AT_A_TIME", 32)
    by_parts = NeighbourOutliers(**way).fit(features)
    assert np.allclose(by_parts.distances_, at_once.distances_, atol=2e-6)
    assert np.allclose(by_parts.scores_, at_once.scores_, atol=1e-3)
    assert np.array_equal(by_parts.predictions_, at_once.predictions_)
    assert np.array_equal(by_parts.nearest_, at_once.nearest_)
    assert by_parts.left_ == at_once.left_ == 0
