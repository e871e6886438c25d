"""Of more rows than can be compared, a sample says which may be outliers, and those are compared with all."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.grouping.outliers import by_sample, neighbours
from imgsort.grouping.outliers.neighbours import NeighbourOutliers
from imgsort.grouping.streams import rows as streams_rows

pytestmark = pytest.mark.usefixtures("one_thread")

WAYS = [{"max_outliers": 5}, {"threshold": 0.5}, {}]


@contextlib.contextmanager
def of_a_sample(most_compared: int = 10_000) -> Iterator[None]:
    """Compare no more than a hundred rows at once, and take samples of 150."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "MOST_COMPARED", 100)
        patch.setattr(by_sample, "MOST_AT_ONCE", 150)
        patch.setattr(by_sample, "_AT_A_TIME", 64)
        patch.setattr(by_sample, "_MOST_COMPARED", most_compared)
        patch.setattr(streams_rows, "_ROWS_AT_A_TIME", 128)
        yield


def with_odd_rows(seed: int = 0, rows: int = 600) -> np.ndarray:
    """Return float32 rows around three directions; five odd ones come first, then a group of twelve of its own."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(3, 24))[random.integers(0, 3, rows)]
    few = np.repeat(random.normal(size=(1, 24)), 12, axis=0) + random.normal(scale=0.05, size=(12, 24))
    every = [random.normal(size=(5, 24)), few, centres + random.normal(scale=0.2, size=(rows, 24))]
    return np.concatenate(every).astype(np.float32)


def fitted(features: np.ndarray, way: dict[str, float]) -> NeighbourOutliers:
    return NeighbourOutliers(5, **way).fit(features)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("way", WAYS)
def test_the_outliers_are_those_of_a_full_comparison(way, seed):
    """Outliers and their distances are exact. A small group that the sample hardly has is no group of outliers."""
    features = with_odd_rows(seed)
    exact = fitted(features, way)
    with of_a_sample():
        sampled = fitted(features, way)
    assert np.count_nonzero(exact.predictions_ == -1) >= 4
    assert np.array_equal(sampled.predictions_, exact.predictions_)
    assert np.allclose(sampled.distances_[:5], exact.distances_[:5], atol=2e-6)
    assert np.array_equal(sampled.nearest_[:5], exact.nearest_[:5])
    assert sampled.left_ == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(101, 400), st.integers(0, 9), st.sampled_from([{"max_outliers": 7}, {"threshold": 0.3}]))
def test_of_any_rows_the_outliers_are_exact(count, seed, way):
    """Rows without groups, with copies and zeros: distances are never too small, and the outliers' are exact."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 4)).astype(np.float32)[random.integers(0, count, count)]
    features[0] = 0
    exact = fitted(features, way)
    with of_a_sample():
        sampled = fitted(features, way)
    assert (sampled.distances_ >= exact.distances_ - 2e-6).all()
    odd = np.flatnonzero(sampled.predictions_ == -1)
    assert np.allclose(np.sort(sampled.distances_[odd]), np.sort(exact.distances_[exact.predictions_ == -1]), atol=2e-6)


@pytest.mark.parametrize("way", WAYS)
def test_neither_names_nor_places_of_rows_matter(way):
    """Rows that lie elsewhere, but are seen in the same order, have the same distances; another seed draws others."""
    features = with_odd_rows()
    order = np.random.default_rng(1).permutation(len(features))
    elsewhere = np.empty_like(features)
    elsewhere[order] = features
    with of_a_sample():
        one, other = fitted(features, way), NeighbourOutliers(5, **way).fit(elsewhere, order)
        of_other_seed = NeighbourOutliers(5, random_state=1, **way).fit(features)
    assert np.allclose(other.distances_[order], one.distances_, atol=2e-6)
    assert np.array_equal(other.predictions_[order], one.predictions_)
    assert not np.allclose(of_other_seed.distances_, one.distances_, atol=2e-6)
    assert np.array_equal(of_other_seed.predictions_, one.predictions_)


def test_too_many_to_be_compared_are_counted():
    """If more rows may be outliers than are compared, those left are counted, and are no outliers."""
    features = np.random.default_rng(0).normal(size=(900, 24)).astype(np.float32)
    with of_a_sample(most_compared=100):
        sampled = fitted(features, {"threshold": 0.05})
    assert (sampled.predictions_ == -1).sum() == 128
    assert sampled.left_ == 900 - 128


def test_as_many_as_asked_for_are_found_although_they_are_many():
    """A number that was asked for is reached, however many rows must be compared for it."""
    features = np.random.default_rng(0).normal(size=(900, 24)).astype(np.float32)
    with of_a_sample(most_compared=100):
        assert (fitted(features, {"max_outliers": 300}).predictions_ == -1).sum() == 300


@pytest.mark.parametrize("way", WAYS)
def test_equal_rows_have_no_outlier(way):
    """Copies of one picture are no outliers, however many they are."""
    with of_a_sample():
        assert (fitted(np.ones((300, 4), np.float32), way).predictions_ == 1).all()
