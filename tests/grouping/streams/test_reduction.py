"""Rows that stream past are reduced as rows in memory are."""

import numpy as np
import pytest

from imgsort.grouping.reduce import reduce_features
from imgsort.grouping.streams import reduction as streams_reduction
from imgsort.grouping.streams.reduction import Reduction
from imgsort.grouping.streams.rows import MatrixRows


def rows_of(count: int = 900, width: int = 12) -> np.ndarray:
    random = np.random.default_rng(0)
    return (random.normal(size=(count, width)) @ np.diag(0.8 ** np.arange(width)) + 3).astype(np.float32)


@pytest.mark.parametrize("directions", [False, True])
@pytest.mark.parametrize("variance", [0.6, 0.95, 1])
def test_the_result_is_that_of_rows_in_memory(directions, variance):
    """All rows, and any part of them, are reduced as `reduce_features` reduces them."""
    rows = rows_of()
    reduction = Reduction(variance, directions=directions).fit(MatrixRows(rows), rows[:50])
    expected = reduce_features(rows, variance, directions=directions)
    assert np.allclose(reduction.transform(rows), expected, atol=1e-5)
    assert np.allclose(reduction.transform(rows[7:9]), expected[7:9], atol=1e-5)


def test_more_components_are_kept_if_asked_for():
    """The least number of components is kept even if fewer hold the variance."""
    rows = rows_of()
    assert Reduction(0.1, least_components=7).fit(MatrixRows(rows), rows[:9]).transform(rows).shape == (900, 7)


@pytest.mark.parametrize("directions", [False, True])
def test_equal_rows_become_zeros(directions):
    """Rows that are all the same become one column of zeros, and so do grey pictures as directions."""
    equal = np.full((40, 6), 2.5, np.float32)
    grey = equal * np.linspace(1, 2, 40, dtype=np.float32)[:, None]
    for rows in [equal, grey] if directions else [equal]:
        reduction = Reduction(0.95, directions=directions).fit(MatrixRows(rows), rows[:5])
        assert np.array_equal(reduction.transform(rows), np.zeros((40, 1)))


def test_rows_that_are_too_wide_are_reduced_by_a_sample(monkeypatch):
    """The components of very wide rows come from a part of the sample, and hold nearly the variance asked for."""
    monkeypatch.setattr(streams_reduction, "MOST_COVARIANCE_WIDTH", 10)
    monkeypatch.setattr(streams_reduction, "_MOST_DECOMPOSED", 12 * 300)
    rows = rows_of()
    reduction = Reduction(0.9).fit(MatrixRows(rows), rows[::2])
    held = reduction.transform(rows).var(axis=0).sum() / rows.astype(np.float64).var(axis=0).sum()
    assert 0.85 < held < 1


def test_very_wide_rows_in_an_order_are_reduced_by_all_kinds_of_them(monkeypatch):
    """The part of the sample is not its beginning: if the rows lie there by kind, the others count too."""
    monkeypatch.setattr(streams_reduction, "MOST_COVARIANCE_WIDTH", 10)
    monkeypatch.setattr(streams_reduction, "_MOST_DECOMPOSED", 12 * 100)
    rows = np.random.default_rng(0).normal(scale=0.1, size=(400, 12)).astype(np.float32)
    rows[:200, 0] += np.linspace(0, 9, 200)
    rows[200:, 1] += np.linspace(0, 9, 200)
    reduction = Reduction(0.9).fit(MatrixRows(rows), rows)
    held = reduction.transform(rows).var(axis=0).sum() / rows.astype(np.float64).var(axis=0).sum()
    assert held > 0.85
