"""The graph joins each row with its nearest ones, and can be made of fewer parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from imgsort.grouping.graph.neighbours import joined, nearest_rows, usual_neighbors, with_fewer_parts
from tests.grouping.blobs import blobs

pytestmark = pytest.mark.usefixtures("one_thread")


def rows_of(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 5))
def test_the_nearest_rows_are_those_of_a_full_comparison(count, neighbors, seed):
    """For any number of rows and neighbours, the nearest rows are found, and never the row itself."""
    rows = rows_of(count, seed)
    nearest = nearest_rows(rows, neighbors)
    assert nearest.shape == (count, min(neighbors, count - 1))
    distances = np.linalg.norm(rows[:, None] - rows, axis=2)
    np.fill_diagonal(distances, np.inf)
    expected = np.sort(distances, axis=1)[:, : nearest.shape[1]]
    assert np.allclose(np.take_along_axis(distances, nearest, axis=1), expected, atol=1e-5)


def test_an_edge_weighs_half_if_only_one_row_is_a_neighbour():
    """Rows at 0, 1 and 3 with one neighbour each: 0 and 1 choose each other, 3 chooses 1."""
    graph = joined(nearest_rows(np.array([[0], [1], [3]], np.float32), 1)).toarray()
    assert graph.tolist() == [[0, 1, 0], [1, 0, 0.5], [0, 0.5, 0]]


def test_one_row_has_no_edge():
    """The graph of a single row is empty."""
    assert joined(nearest_rows(rows_of(1), 5)).toarray().tolist() == [[0]]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(2, 9), min_size=1, max_size=8), st.integers(1, 8))
def test_parts_are_tied_until_there_are_few_enough(sizes, most):
    """Edges are only added, the graph stays symmetric, and the largest parts are not tied with each other."""
    rows, _ = blobs(sizes)
    graph = joined(nearest_rows(rows, 1))
    tied = with_fewer_parts(graph, rows, most)
    count, _ = connected_components(tied, directed=False)
    assert count <= most
    assert (tied - tied.T).nnz == 0
    assert ((tied - graph).toarray() >= 0).all()
    if connected_components(graph, directed=False)[0] <= most:
        assert (tied - graph).nnz == 0


def test_a_small_part_is_tied_to_what_is_nearest():
    """Two copies beside a large group join this group, and not the other one."""
    rows = np.concatenate([np.zeros((1, 2)), [[0, 1]], [[10, 0]], [[10, 1]], [[12, 0]], [[12, 0.1]]]).astype(np.float32)
    tied = with_fewer_parts(joined(nearest_rows(rows, 1)), rows, 2)
    part_of = connected_components(tied, directed=False)[1]
    assert part_of[4] == part_of[5] == part_of[2] == part_of[3] != part_of[0] == part_of[1]


@pytest.mark.parametrize(("rows", "neighbors"), [(1, 4), (80, 4), (400, 9), (1700, 19), (10_000, 40), (300_000, 40)])
def test_more_rows_have_more_neighbours(rows, neighbors):
    """The usual number of neighbours grows with the root of the number of rows, within limits."""
    assert usual_neighbors(rows) == neighbors
