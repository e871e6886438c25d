import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgsort.grouping.outliers.neighbours import ODD_SCORE, NeighbourOutliers
from imgsort.grouping.outliers.two_means import TwoMeansOutliers

pytestmark = pytest.mark.usefixtures("one_thread")

PLANTED = [0, 1, 2, 3]

few_rows = st.tuples(st.integers(3, 12), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=st.integers(-3, 3).map(float))
)


def several_groups(seed: int, groups: int = 4) -> np.ndarray:
    """Return float32 rows: four odd rows, then twenty rows around each of `groups` directions.

    Each odd row has a direction of its own.
    """
    random = np.random.default_rng(seed)
    centres, odd = random.normal(size=(groups, 32)), random.normal(size=(len(PLANTED), 32))
    near = np.repeat(centres, 20, axis=0) + random.normal(scale=0.3, size=(20 * groups, 32))
    return np.concatenate([odd, near]).astype(np.float32)


def around_one_direction(seed: int, rows: int = 60, width: int = 64) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(rows, width)) + 3).astype(np.float32)


def between_rows(features: np.ndarray) -> np.ndarray:
    """Return the cosine distance of every row to every other row, and inf to itself.

    It is half the square of the distance between unit rows, so that rows of zeros have a distance too.
    """
    lengths = np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    units = features / np.where(lengths == 0, 1, lengths)
    distances = np.square(units[:, None] - units[None]).sum(axis=-1) / 2
    np.fill_diagonal(distances, np.inf)
    return distances


def outliers_of(model: NeighbourOutliers | TwoMeansOutliers) -> list[int]:
    return np.flatnonzero(model.predictions_ == -1).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_planted_rows_are_found_among_several_groups(seed):
    """The planted rows are the outliers, however many groups the other rows form.

    The method of two clusters does not find them.
    """
    features = several_groups(seed)
    assert outliers_of(NeighbourOutliers(max_outliers=4).fit(features)) == PLANTED
    assert outliers_of(NeighbourOutliers().fit(features)) == PLANTED
    assert outliers_of(TwoMeansOutliers(4).fit(features)) != PLANTED


@pytest.mark.parametrize("alike", [2, 3])
def test_two_or_three_odd_rows_of_one_kind_are_still_odd(alike):
    """Odd rows that are nearly equal to each other, as three shots of one receipt are, are found among two groups."""
    features = several_groups(0, groups=2)
    features[:alike] = features[0] + np.random.default_rng(0).normal(scale=0.01, size=(alike, 32))
    assert outliers_of(NeighbourOutliers().fit(features)) == PLANTED


def test_in_one_group_hardly_any_row_is_odd():
    """Rows around one direction have no outliers, in nine of ten cases at least.

    The number of outliers is not given here.
    """
    found = [outliers_of(NeighbourOutliers().fit(around_one_direction(seed))) for seed in range(20)]
    assert sum(not rows for rows in found) >= 18


def test_distances_are_those_of_plain_cosines():
    """A row's distance is the mean of 1 minus the cosine, over the fourth to the tenth of its nearest other rows."""
    features = several_groups(0)
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    others = [np.sort(np.delete(1 - units @ row, index)) for index, row in enumerate(units)]
    model = NeighbourOutliers().fit(features)
    assert model.distances_.dtype == np.float64
    assert np.allclose(model.distances_, [distances[3:10].mean() for distances in others], atol=3e-6)


@settings(max_examples=50, deadline=None)
@given(few_rows, st.integers(1, 15))
def test_rows_of_all_kinds_are_measured(features, neighbors):
    """Distances are the plain ones for copies, for zeros, and for fewer rows than neighbours.

    No row is its own neighbour.
    """
    model = NeighbourOutliers(neighbors).fit(features)
    apart, rows = between_rows(features), np.arange(len(features))
    count = min(neighbors, len(rows) - 1)
    expected = np.sort(apart, axis=1)[:, count // 3 : count].mean(axis=1)
    assert np.allclose(model.distances_, expected, atol=3e-6)
    assert (model.nearest_ != rows).all()
    assert np.allclose(apart[rows, model.nearest_], apart.min(axis=1), atol=3e-6)
    assert set(model.predictions_.tolist()) <= {-1, 1}


@settings(max_examples=30, deadline=None)
@given(few_rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_distances(features, random):
    """Rows in another order have the same distances and scores, except for rounding."""
    order = np.array(random.sample(range(len(features)), len(features)))
    model, shuffled = NeighbourOutliers(3).fit(features), NeighbourOutliers(3).fit(features[order])
    assert np.allclose(shuffled.distances_, model.distances_[order], atol=3e-6)
    assert np.allclose(shuffled.scores_, model.scores_[order], rtol=0.01, atol=0.02)


@pytest.mark.parametrize("choice", [{}, {"max_outliers": 3}, {"threshold": 0.3}])
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_change_who_is_odd(seed, choice):
    """The outliers and the nearest rows are the same rows, in whatever order the rows come."""
    features, order = several_groups(seed), np.random.default_rng(seed).permutation(84)
    model, shuffled = NeighbourOutliers(**choice).fit(features), NeighbourOutliers(**choice).fit(features[order])
    assert np.array_equal(shuffled.predictions_, model.predictions_[order])
    assert np.array_equal(order[shuffled.nearest_], model.nearest_[order])


@pytest.mark.parametrize("maximum", [0, 1, 3, 60, 99])
def test_a_maximum_takes_the_oddest(maximum):
    """A maximum makes that many rows outliers, the farthest first.

    This holds even if no row is odd, or if a threshold says otherwise.
    """
    features = around_one_direction(1)
    model = NeighbourOutliers(max_outliers=maximum, threshold=0.0).fit(features)
    assert outliers_of(model) == sorted(np.argsort(-model.distances_, kind="stable")[:maximum].tolist())


@pytest.mark.parametrize("threshold", [-1, 0.05, 0.08, 0.1, 2])
def test_a_threshold_takes_what_is_above(threshold):
    """Outliers are the rows whose distance is larger than the threshold, whatever their scores.

    All rows may be outliers, or none.
    """
    model = NeighbourOutliers(threshold=threshold).fit(around_one_direction(1))
    assert np.array_equal(model.predictions_ == -1, model.distances_ > threshold)
    just_there = NeighbourOutliers(threshold=model.distances_.max()).fit(around_one_direction(1))
    assert outliers_of(just_there) == []


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_interquartile_ranges_above_the_upper_quartile(seed):
    """By default, outliers are the rows whose score is above the limit.

    The score is measured by Tukey's quartiles.
    """
    model = NeighbourOutliers().fit(several_groups(seed))
    lower, upper = np.quantile(model.distances_, [0.25, 0.75])
    assert np.allclose(model.scores_, (model.distances_ - upper) / (upper - lower))
    assert np.array_equal(model.predictions_ == -1, model.scores_ > ODD_SCORE)


@pytest.mark.parametrize("choice", [{}, {"max_outliers": 1}, {"threshold": 0.1}])
def test_the_one_other_picture_in_a_folder_of_copies_is_odd(choice):
    """The one other picture in a folder of copies is an outlier.

    It is found although the distances of copies have no spread to measure it by.
    """
    features = np.full((25, 8), 3, np.float32)
    features[7, :4] = -3
    assert outliers_of(NeighbourOutliers(**choice).fit(features)) == [7]


def test_the_strength_of_a_row_does_not_matter():
    """Only directions count: a row that is many times as strong as similar rows is not odd."""
    features = around_one_direction(2)
    model = NeighbourOutliers().fit(features)
    features[:5] *= 100
    stronger = NeighbourOutliers().fit(features)
    assert np.allclose(stronger.distances_, model.distances_, atol=3e-6)
    assert np.array_equal(stronger.nearest_, model.nearest_)


@pytest.mark.parametrize("choice", [{}, {"max_outliers": 2}, {"threshold": 0.0}])
@pytest.mark.parametrize(
    "features",
    [np.empty((0, 5)), np.ones((1, 5)), np.array([[0.0, 9], [9, 0]]), np.zeros((6, 3)), np.full((30, 4), 0.1)],
)
def test_few_or_equal_rows_have_no_outliers(features, choice):
    """No row, one row, two rows and equal rows have no outliers, and there is no warning."""
    model = NeighbourOutliers(**choice).fit(features.astype(np.float32))
    rows = len(features)
    assert model.predictions_.tolist() == [1] * rows
    assert model.distances_.tolist() == model.scores_.tolist() == [0.0] * rows
    assert len(model.nearest_) == rows


def test_two_rows_are_each_others_nearest():
    """A row's nearest row is another row, so each of two rows is the nearest of the other."""
    assert NeighbourOutliers().fit(np.eye(2, dtype=np.float32)).nearest_.tolist() == [1, 0]


@pytest.mark.parametrize(("choice", "odd"), [({"threshold": 0.5}, 5), ({"max_outliers": 2}, 2)])
def test_different_rows_that_are_all_equally_far_may_be_odd(choice, odd):
    """Rows that are all at distance 1 from each other may be outliers.

    All of them are above a threshold below 1. A maximum takes some of them.
    """
    assert len(outliers_of(NeighbourOutliers(**choice).fit(np.eye(5, dtype=np.float32)))) == odd


def test_fit_returns_itself_and_leaves_its_input():
    """As in scikit-learn, `fit` returns the model, and its input is not changed."""
    features, model = several_groups(0), NeighbourOutliers()
    assert model.fit(features) is model
    assert np.array_equal(features, several_groups(0))


def test_a_second_fit_forgets_the_first():
    """The model knows only the rows of the last fit."""
    model = NeighbourOutliers().fit(several_groups(0))
    model.fit(np.zeros((2, 10), np.float32))
    assert outliers_of(model) == []
    assert len(model.distances_) == len(model.nearest_) == len(model.scores_) == 2
