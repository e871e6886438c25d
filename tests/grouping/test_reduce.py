import numpy as np
import pytest
from sklearn.decomposition import PCA

from imgsort.grouping.reduce import reduce_features


def rows(n: int = 40, width: int = 15, seed: int = 0) -> np.ndarray:
    """Return rows whose directions hold ever less variance."""
    random = np.random.default_rng(seed)
    return (random.normal(size=(n, width)) @ np.diag(0.8 ** np.arange(width)) + 3).astype(np.float32)


@pytest.mark.parametrize("variance", [0.3, 0.5, 0.95, 0.999])
def test_equals_scikit_learns_pca(variance):
    """The result is scikit-learn's, in double precision."""
    expected = PCA(n_components=variance, svd_solver="full").fit_transform(rows().astype(np.float64))
    reduced = reduce_features(rows(), variance)
    assert reduced.dtype == np.float64
    assert np.array_equal(reduced, expected)


@pytest.mark.parametrize("variance", [0.3, 0.5, 0.95, 0.999])
def test_keeps_the_variance_asked_for_and_no_column_more(variance):
    """As many columns are kept as are needed: one less would hold too little."""
    total = rows().astype(np.float64).var(axis=0).sum()
    held = np.cumsum(reduce_features(rows(), variance).var(axis=0)) / total
    assert held[-1] >= variance
    assert len(held) == 1 or held[-2] < variance


def test_all_the_variance_keeps_every_distance():
    """With a variance of 1 the rows lie exactly as far from each other as before."""
    features = rows().astype(np.float64)
    reduced = reduce_features(rows(), 1)
    before, after = (np.linalg.norm(matrix[:, None] - matrix[None, :], axis=-1) for matrix in (features, reduced))
    assert reduced.shape == (40, 15)
    assert np.allclose(before, after, atol=1e-9)


def test_more_columns_than_rows_are_fine():
    """Whole maps have far more features than there are images."""
    assert reduce_features(rows(n=5, width=300), 1.0).shape == (5, 5)


@pytest.mark.parametrize("features", [np.full((7, 3), 2.5), np.zeros((2, 4)), np.ones((1, 5)), np.empty((0, 5))])
def test_rows_without_variance_become_a_column_of_zeros(features):
    """Rows that are all the same, a single row and no row at all have nothing to keep, and nobody warns."""
    reduced = reduce_features(features.astype(np.float32), 0.95)
    assert np.array_equal(reduced, np.zeros((len(features), 1)))


def test_the_features_are_left_as_they_were():
    """The matrix given is not changed."""
    features = rows()
    reduce_features(features, 0.9)
    assert np.array_equal(features, rows())
