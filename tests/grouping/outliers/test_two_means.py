import numpy as np
import pytest

from imgsort.grouping.outliers import two_means
from imgsort.grouping.outliers.two_means import TwoMeansOutliers
from tests.grouping.blobs import blobs


def with_far_rows(far: int, near: int = 40, width: int = 10) -> np.ndarray:
    """Return rows, of which the first `far` lie together, far from the rest.

    Each of these lies farther out than the one before.
    """
    features = np.random.default_rng(1).normal(scale=0.1, size=(far + near, width))
    features[:far, 0] += 50 + np.arange(far) ** 2
    return features.astype(np.float32)


def outliers_of(model: TwoMeansOutliers) -> list[int]:
    return np.flatnonzero(model.predictions_ == -1).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_planted_rows_are_found(seed):
    """Rows that lie far from the rest are the only outliers, whatever the seed."""
    model = TwoMeansOutliers(random_state=seed).fit(with_far_rows(4))
    assert outliers_of(model) == [0, 1, 2, 3]
    assert set(model.predictions_[4:]) == {1}
    assert model.labels_.tolist() == [1] * 4 + [0] * 40
    assert model.small_fraction_ == pytest.approx(4 / 44)


def test_no_more_than_the_maximum_and_the_farthest_first():
    """If the smaller cluster has more rows than the maximum, only the farthest are outliers.

    Their distance is measured from the centroid of that cluster.
    """
    features = with_far_rows(5)
    distances = np.linalg.norm(features[:5] - features[:5].mean(axis=0), axis=1)
    farthest_first = np.argsort(-distances).tolist()
    for maximum in range(6):
        model = TwoMeansOutliers(maximum).fit(features)
        assert outliers_of(model) == sorted(farthest_first[:maximum])
        assert np.allclose(model.distances_[:5], distances, rtol=1e-4)
        assert model.labels_.sum() == 5


def test_the_default_maximum_is_eight():
    """By default, at most eight rows are outliers."""
    assert len(outliers_of(TwoMeansOutliers().fit(with_far_rows(12)))) == 8


def test_two_natural_groups_show_in_the_small_fraction():
    """Two natural groups are split, and `small_fraction_` is the share of the smaller group."""
    features, truth = blobs([30, 20])
    model = TwoMeansOutliers().fit(features)
    assert np.array_equal(model.labels_, truth)
    assert model.small_fraction_ == pytest.approx(0.4)
    assert len(outliers_of(model)) == 8


@pytest.mark.parametrize(
    "features",
    [np.empty((0, 5)), np.ones((1, 5)), np.array([[0.0, 0], [9, 9]]), np.zeros((6, 3)), np.full((30, 4), 0.1)],
)
def test_few_or_equal_rows_have_no_outliers(features):
    """No row, one row, two rows and equal rows have no outliers, and there is no warning."""
    model = TwoMeansOutliers().fit(features.astype(np.float32))
    rows = len(features)
    assert model.predictions_.tolist() == [1] * rows
    assert model.labels_.tolist() == [0] * rows
    assert model.distances_.tolist() == [0.0] * rows
    assert model.small_fraction_ == 0


@pytest.mark.parametrize("seed", range(8))
def test_of_two_equal_clusters_the_first_rows_is_normal(seed):
    """Of two clusters of the same size, the one with the first row is normal.

    The labels that K-Means gives do not matter.
    """
    features = np.array([[0.0, 0], [0, 1], [9, 9], [9, 8]], np.float32)
    for rows in (features, features[::-1].copy()):
        model = TwoMeansOutliers(random_state=seed).fit(rows)
        assert model.predictions_.tolist() == [1, 1, -1, -1]
        assert model.small_fraction_ == 0.5


def test_fit_returns_itself_and_leaves_its_input():
    """As in scikit-learn, `fit` returns the model, and its input is not changed."""
    features = with_far_rows(3)
    model = TwoMeansOutliers()
    assert model.fit(features) is model
    assert features.dtype == np.float32
    assert np.array_equal(features, with_far_rows(3))


def test_a_second_fit_forgets_the_first():
    """The model knows only the rows of the last fit."""
    model = TwoMeansOutliers().fit(with_far_rows(3))
    model.fit(np.zeros((2, 10), np.float32))
    assert outliers_of(model) == []
    assert model.small_fraction_ == 0


@pytest.mark.parametrize("seed", range(3))
def test_two_clusters_of_a_sample_are_those_of_all_rows(seed, monkeypatch):
    """Clusters that a sample makes go on with all rows: the outliers are the same, in the order asked for."""
    features, _ = blobs([12, 700])
    order = np.random.default_rng(seed).permutation(len(features))
    at_once = TwoMeansOutliers(5, random_state=seed).fit(features, order)
    monkeypatch.setattr(two_means, "MOST_AT_ONCE", 500)
    sampled = TwoMeansOutliers(5, random_state=seed).fit(features, order)
    assert np.array_equal(sampled.labels_, at_once.labels_)
    assert np.array_equal(sampled.predictions_, at_once.predictions_)
    assert np.allclose(sampled.distances_, at_once.distances_, rtol=1e-3, atol=1e-3)
    assert sampled.small_fraction_ == at_once.small_fraction_


def test_equal_rows_of_a_sample_have_no_outlier(monkeypatch):
    """Rows that are all the same are one cluster, however many they are."""
    monkeypatch.setattr(two_means, "MOST_AT_ONCE", 50)
    assert (TwoMeansOutliers().fit(np.ones((200, 3), np.float32)).predictions_ == 1).all()
