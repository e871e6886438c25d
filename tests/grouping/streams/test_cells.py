"""The index finds the nearest rows, nearly always, and never something that is no row."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.grouping.streams import cells as streams_cells
from imgsort.grouping.streams.cells import Cells

pytestmark = pytest.mark.usefixtures("one_thread")


def exact(rows: np.ndarray, queries: np.ndarray, count: int) -> np.ndarray:
    """Return the squared distances to the nearest rows, by a full comparison."""
    return np.sort(np.square(queries[:, None] - rows).sum(axis=2), axis=1)[:, :count]


def squares(rows: np.ndarray, queries: np.ndarray, found: np.ndarray) -> np.ndarray:
    return np.square(queries[:, None] - rows[found]).sum(axis=2)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 5), st.booleans())
def test_few_cells_are_all_asked(count, wanted, seed, are_copies):
    """Of up to about 64 rows, all cells are asked, so the nearest rows are those of a full comparison, copies too."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, 4)).astype(np.float32)
    rows = rows[random.integers(0, 3, count) % count] if are_copies else rows
    queries = random.normal(size=(11, 4)).astype(np.float32)
    wanted = min(wanted, count)
    found = Cells(rows).nearest(queries, wanted)
    assert found.shape == (11, wanted)
    assert all(len(set(row)) == wanted for row in found.tolist())
    assert np.allclose(squares(rows, queries, found), exact(rows, queries, wanted), atol=1e-4)


def test_nearly_all_of_the_nearest_rows_are_found():
    """Of the ten nearest of 3,000 rows in twenty groups, and of the nearest one, 97 in 100 are found."""
    random = np.random.default_rng(0)
    centres = 2 * random.normal(size=(20, 24))
    rows, queries = (
        (centres[random.integers(0, 20, count)] + random.normal(size=(count, 24))).astype(np.float32)
        for count in (3000, 500)
    )
    for count in (1, 10):
        found = Cells(rows).nearest(queries, count)
        limit = exact(rows, queries, count)[:, -1:] + 1e-3
        assert (squares(rows, queries, found) <= limit).mean() > 0.97


def test_where_the_cells_around_hold_too_few_rows_all_are_compared(monkeypatch):
    """Nine rows that lie alone are cells of their own; a row among them still gets its five nearest."""
    monkeypatch.setattr(streams_cells, "_CELLS_ASKED", 1)
    random = np.random.default_rng(0)
    rows = np.concatenate([100 * np.eye(9, 9), random.normal(scale=0.1, size=(400, 9))]).astype(np.float32)
    queries = rows[:3] + np.float32(0.5)
    found = Cells(rows).nearest(queries, 5)
    assert np.allclose(squares(rows, queries, found), exact(rows, queries, 5), rtol=1e-4)


@pytest.mark.parametrize("count", [1, 10])
def test_copies_of_a_row_cost_no_memory(count, monkeypatch):
    """4,000 copies are one cell. Its rows are not compared with a thousand others at once: that would be 16 MB."""
    monkeypatch.setattr(streams_cells, "_PRODUCTS_AT_A_TIME", 2**16)
    rows = np.random.default_rng(0).normal(size=(4200, 2)).astype(np.float32)
    rows[:4000] = rows[0]
    cells = Cells(rows)
    tracemalloc.start()
    found = cells.nearest(np.repeat(rows[:1], 1000, axis=0), count)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (rows[found] == rows[0]).all()
    assert peak < 8 * 1024**2


def test_a_row_is_its_own_nearest():
    """Each row that the index holds is found, and copies are as good as itself."""
    rows = np.random.default_rng(0).normal(size=(900, 8)).astype(np.float32)
    rows[450:] = rows[:450]
    found = Cells(rows).nearest(rows, 1)[:, 0]
    assert np.array_equal(rows[found], rows)
