"""A sample is drawn by chance, and is the same each time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.grouping.streams.sample import MOST_AT_ONCE, drawn, sample_size


@pytest.mark.parametrize(
    ("rows", "clusters", "size"),
    [
        (10, 2, 10),
        (MOST_AT_ONCE, 8, MOST_AT_ONCE),
        (MOST_AT_ONCE + 1, 8, MOST_AT_ONCE),
        (10_000_000, 8, MOST_AT_ONCE),
        (10_000_000, 1000, 256_000),
        (200_000, 1000, 200_000),
    ],
)
def test_the_size_by_a_table(rows, clusters, size):
    """Up to a limit, all rows are grouped at once; beyond it, at least 256 for each cluster."""
    assert sample_size(rows, clusters) == size


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 9))
def test_a_sample_has_no_row_twice_and_keeps_the_order(rows, size, seed):
    """Rows come in the order in which they are seen, each once, and the same seed draws the same places."""
    size = min(size, rows)
    order = np.random.default_rng(1).permutation(rows)
    places = drawn(rows, size, seed)
    assert len(set(places.tolist())) == size
    assert (np.diff(places) > 0).all()
    assert np.array_equal(drawn(rows, size, seed, order), order[places])


def test_another_seed_draws_other_rows():
    """The seed decides which rows are drawn."""
    assert not np.array_equal(drawn(1000, 10, 0), drawn(1000, 10, 1))
