"""Sums of parts are the sums of the whole, however the parts are made and added up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.grouping.sums import ClusterSums, Sums


def rows_of(count: int, seed: int = 0, width: int = 5) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(count, width)) + 7).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 80), st.lists(st.integers(0, 80), max_size=6), st.randoms(use_true_random=False))
def test_parts_added_in_any_order_are_the_whole(count, cuts, random):
    """Mean and covariance are NumPy's, whatever the parts are, and in whatever order and shape they are added up."""
    rows = rows_of(count)
    about = rows[0].astype(np.float64)
    sums = [Sums.of(part, about) for part in np.split(rows, sorted(min(cut, count) for cut in cuts))]
    while len(sums) > 1:
        one, other = (sums.pop(random.randrange(len(sums))) for _ in range(2))
        sums.append(one + other)
    assert sums[0].count == count
    assert np.allclose(sums[0].mean, rows.mean(axis=0, dtype=np.float64), rtol=1e-12)
    assert np.allclose(sums[0].covariance, np.cov(rows.astype(np.float64).T), rtol=1e-9, atol=1e-12)


def test_adding_up_changes_neither_part():
    """`+` makes new sums, and `+=` changes the left ones only."""
    about = np.zeros(5)
    one, other = (Sums.of(rows_of(9, seed), about) for seed in (0, 1))
    before = one.total.copy(), one.products.copy(), other.total.copy(), other.products.copy()
    both = one + other
    assert all(map(np.array_equal, before, (one.total, one.products, other.total, other.products)))
    one += other
    assert np.array_equal(one.products, both.products)
    assert np.array_equal(other.products, before[3])


def test_large_means_cost_no_digits():
    """Rows a million away from zero have the covariance of rows near zero, if the point is near them."""
    rows = rows_of(400).astype(np.float64)
    far = Sums.of(rows + 1e6, rows[0] + 1e6)
    assert np.allclose(far.covariance, np.cov(rows.T), rtol=1e-8)


def test_sums_about_different_points_are_not_added():
    """Such a sum would be wrong, so it is a ValueError."""
    with pytest.raises(ValueError, match="different points"):
        Sums.of(rows_of(3), np.zeros(5)) + Sums.of(rows_of(3), np.ones(5))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 40))
def test_means_of_clusters_are_those_of_their_rows(labels, cut):
    """The means of two parts added up are those of each cluster's rows; a cluster without rows has the row given."""
    rows, labels = rows_of(len(labels)), np.array(labels, dtype=np.intp)
    sums = ClusterSums.of(rows[:cut], labels[:cut], 4) + ClusterSums.of(rows[cut:], labels[cut:], 4)
    for label, mean in enumerate(sums.means(np.full((4, 5), -1.0))):
        own = rows[labels == label].astype(np.float64)
        assert np.allclose(mean, own.mean(axis=0) if len(own) else -1, rtol=1e-12)
    assert sums.counts.sum() == len(labels)
