import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from imgsort.grouping.directions import Directions
from imgsort.grouping.reduce import CovariancePCA, reduce_features


def rows(n: int = 40, width: int = 15, seed: int = 0) -> np.ndarray:
    """Return rows in which each direction holds less variance than the one before."""
    random = np.random.default_rng(seed)
    return (random.normal(size=(n, width)) @ np.diag(0.8 ** np.arange(width)) + 3).astype(np.float32)


@pytest.mark.parametrize("variance", [0.3, 0.5, 0.95, 0.999, 1])
@pytest.mark.parametrize(("n", "width"), [(40, 15), (15, 40), (5000, 24), (24, 24), (25, 24)])
def test_equals_scikit_learns_pca(n, width, variance):
    """The result is that of scikit-learn's PCA by singular values, except for the columns' signs.

    This holds for few rows and for many.
    """
    exact = rows(n, width).astype(np.float64)
    expected = PCA(n_components=variance if variance < 1 else None, svd_solver="full").fit_transform(exact)
    reduced = reduce_features(rows(n, width), variance)
    assert (reduced.dtype, reduced.shape) == (np.float64, expected.shape)
    signs = np.sign((reduced * expected).sum(axis=0))
    # After n - 1 directions, only rounding errors are left. The columns without variance consist of them.
    assert np.allclose(reduced * signs, expected, rtol=1e-6, atol=1e-6)


@given(st.integers(2, 400), st.integers(1, 12), st.floats(0.05, 0.999), st.integers(0, 99), st.integers(1, 90))
def test_parts_give_what_scikit_learn_gives_for_the_whole(n, width, variance, seed, size):
    """The learned attributes are those of scikit-learn's `covariance_eigh`, with the same signs.

    This holds however the rows are divided into parts.
    """
    features = rows(max(n, 2 * width), width, seed)
    expected = PCA(n_components=variance, svd_solver="covariance_eigh").fit(features.astype(np.float64))
    found = CovariancePCA(variance).fit_parts(np.array_split(features, len(features) // size + 1))
    assert np.allclose(found.mean_, expected.mean_, rtol=1e-9)
    assert np.allclose(found.explained_variance_ratio_, expected.explained_variance_ratio_, rtol=1e-6)
    assert np.allclose(found.components_, expected.components_, atol=1e-5)
    assert np.allclose(found.transform(features), expected.transform(features.astype(np.float64)), atol=1e-5)


def test_large_means_cost_no_digits():
    """Rows that are a million away from zero are reduced as exactly as rows near zero.

    The reason is that sums are taken about a mean.
    """
    exact = rows(600, 8).astype(np.float64)
    near, far = (CovariancePCA(0.999).fit_parts(np.array_split(exact + shift, 7)) for shift in (0, 1e6))
    assert np.allclose(near.transform(exact), far.transform(exact + 1e6), atol=1e-6)


def test_rows_come_in_the_order_asked_for():
    """Rows come back in the requested order, which decides only where a row is found.

    The result is equal bit for bit, because the sums are taken in this order too.
    """
    features, order = rows(300, 9), np.random.default_rng(5).permutation(300)
    assert np.array_equal(reduce_features(features, 0.9, order), reduce_features(features[order], 0.9))
    few = rows(8, 30)
    assert np.array_equal(
        reduce_features(few, 0.9, order[:8].argsort()), reduce_features(few[order[:8].argsort()], 0.9)
    )


def test_features_may_lie_in_a_file(tmp_path):
    """A matrix that is mapped from a file is reduced like a matrix in memory."""
    mapped = np.memmap(tmp_path / "features", dtype=np.float32, mode="w+", shape=(300, 9))
    mapped[:] = rows(300, 9)
    assert np.array_equal(reduce_features(mapped, 0.9), reduce_features(rows(300, 9), 0.9))


@pytest.mark.parametrize("variance", [0.3, 0.5, 0.95, 0.999])
def test_keeps_the_variance_asked_for_and_no_column_more(variance):
    """No more columns are kept than needed: with one column less, too little variance would be held."""
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
    """There may be more columns than rows: whole maps have far more features than there are images."""
    assert reduce_features(rows(n=5, width=300), 1.0).shape == (5, 5)


@pytest.mark.parametrize("features", [np.full((7, 3), 2.5), np.zeros((2, 4)), np.ones((1, 5)), np.empty((0, 5))])
def test_rows_without_variance_become_a_column_of_zeros(features):
    """Equal rows, a single row and no row at all become one column of zeros.

    They have no variance to keep, and there is no warning.
    """
    reduced = reduce_features(features.astype(np.float32), 0.95)
    assert np.array_equal(reduced, np.zeros((len(features), 1)))


def test_the_features_are_left_as_they_were():
    """The given matrix is not changed."""
    features = rows()
    reduce_features(features, 0.9)
    reduce_features(features, 0.9, directions=True)
    assert np.array_equal(features, rows())


@pytest.mark.parametrize(("n", "width"), [(40, 15), (15, 40), (1300, 24)])
def test_directions_are_taken_before_components(n, width):
    """The components are those of the rows as directions, for few rows and for many.

    The directions are those of all rows together.
    """
    features, order = rows(n, width), np.random.default_rng(n).permutation(n)
    expected = reduce_features(Directions().fit_parts([features]).transform(features), 0.95)[order]
    reduced = reduce_features(features, 0.95, order, directions=True)
    assert (reduced.dtype, reduced.shape) == (np.float64, expected.shape)
    signs = np.sign((reduced * expected).sum(axis=0))
    assert np.allclose(reduced * signs, expected, atol=1e-5)


def test_directions_of_a_file_are_those_of_memory(tmp_path):
    """Rows mapped from a file have the same directions as rows in memory, and are not changed."""
    mapped = np.memmap(tmp_path / "features", dtype=np.float32, mode="w+", shape=(600, 9))
    mapped[:] = rows(600, 9)
    expected = reduce_features(rows(600, 9), 0.9, directions=True)
    assert np.array_equal(reduce_features(mapped, 0.9, directions=True), expected)
    assert np.array_equal(mapped, rows(600, 9))


@pytest.mark.parametrize("features", [np.full((7, 3), 2.5), np.zeros((2, 4)), np.ones((1, 5)), np.empty((0, 5))])
def test_equal_rows_are_equal_directions(features):
    """Equal rows, a single row and no row at all become one column of zeros as directions too."""
    reduced = reduce_features(features.astype(np.float32), 0.95, directions=True)
    assert np.array_equal(reduced, np.zeros((len(features), 1)))


@pytest.mark.parametrize("width", [2, 6])
def test_different_rows_may_be_equal_directions(width):
    """Grey pictures of different brightness have the same direction.

    They differ only in strength.
    """
    features = np.array([2, 3, 2.5], np.float32)[:, None] * np.ones(width, np.float32)
    assert np.allclose(reduce_features(features, 0.95, directions=True), np.zeros((3, 1)), atol=1e-6)
