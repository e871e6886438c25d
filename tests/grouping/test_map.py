"""The map: rows that are alike lie together, the same on every run, for any number of rows."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.manifold import trustworthiness

from imgsort.grouping.map import places_of
from tests.grouping.blobs import blobs


def is_on_the_map(places, rows):
    """Say whether the places lie from 0 to 1, centred, and fill one of the axes unless all are equal."""
    if places.shape != (rows, 2) or not ((places >= 0) & (places <= 1)).all():
        return False
    size, middle = np.ptp(places, axis=0), (places.max(axis=0) + places.min(axis=0)) / 2
    return bool(np.allclose(middle, 0.5) and (size.max() == 0 or np.isclose(size.max(), 1)))


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5, 6, 17])
def test_few_rows(rows):
    """Any number of rows has a map. Different rows have different places."""
    matrix = np.random.default_rng(rows).standard_normal((rows, 12)).astype(np.float32)
    places = places_of(matrix)
    assert places.dtype == np.float64
    assert rows == 0 or is_on_the_map(places, rows)
    assert len(np.unique(places, axis=0)) == rows


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 40])
@pytest.mark.parametrize("level", [0, 1, 7.5])
def test_equal_rows_lie_in_the_middle(rows, level):
    """Rows that are all equal lie in the middle. Rows of zeros are such rows."""
    assert (places_of(np.full((rows, 8), level, np.float32)) == 0.5).all()


NUMBERS = st.floats(-1e3, 1e3, width=32)


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 14), st.integers(1, 6)), elements=NUMBERS))
def test_any_rows(matrix):
    """Whatever the rows are, among them zeros, equal ones and a single column, the places are on the map."""
    before = matrix.copy()
    assert is_on_the_map(places_of(matrix), len(matrix))
    assert (matrix == before).all()


def test_rows_that_are_alike_lie_together():
    """Groups stay groups, and neighbours stay neighbours."""
    matrix, labels = blobs([50, 50, 30, 20])
    places = places_of(matrix)
    assert is_on_the_map(places, 150)
    assert trustworthiness(matrix, places, n_neighbors=5) > 0.85
    nearest = np.linalg.norm(places[:, None] - places[None], axis=2).argsort(axis=1)[:, 1]
    assert (labels[nearest] == labels).mean() > 0.95


def test_many_equal_rows_among_others():
    """Many copies of one picture do not keep the others from their places."""
    matrix = np.ones((400, 9), np.float32)
    matrix[7] = np.arange(9)
    places = places_of(matrix)
    assert is_on_the_map(places, 400)
    others = np.delete(places, 7, axis=0)
    assert np.linalg.norm(places[7] - others.mean(axis=0)) > 0.1


def test_the_order_of_the_rows_does_not_matter():
    """Seen in one order, the rows get the same places, in whatever order they come."""
    matrix, _ = blobs([20, 20, 10])
    turned = np.random.default_rng(1).permutation(50)
    places = places_of(matrix, order=np.arange(50))
    assert (places_of(matrix[turned], order=np.argsort(turned)) == places[turned]).all()


def test_two_processes_make_one_map(tmp_path):
    """Every process gives the same places, bit for bit, however many threads it may use."""
    matrix, _ = blobs([60, 60, 30])
    np.save(tmp_path / "matrix.npy", matrix)
    script = (
        "import sys, numpy as np\n"
        "from imgsort.grouping.map import places_of\n"
        "matrix = np.load(sys.argv[1])\n"
        "first = places_of(matrix)\n"
        "assert (first == places_of(matrix)).all()\n"
        "print(first.tobytes().hex())\n"
    )
    seen = set()
    for threads in ("1", "2", "3"):
        command = [sys.executable, "-c", script, str(tmp_path / "matrix.npy")]
        environment = {**os.environ, "OMP_NUM_THREADS": threads}
        seen.add(subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout)
    assert len(seen) == 1
