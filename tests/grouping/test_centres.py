import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.grouping.centres import Centres, around_centres, centres_of, clarity, distances_to
from tests.grouping.blobs import blobs

labellings = st.lists(st.integers(0, 3), min_size=4, max_size=30).map(lambda labels: np.array([0, 1, 2, 3, *labels]))


def plain_distances(centres: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows[:, None].astype(np.float64) - centres[None], axis=-1)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_further_rows_go_where_their_like_are():
    """New rows around the direction of a category are placed in it, whatever their strength."""
    features, truth = blobs([40, 30, 20])
    further, expected = blobs([20, 20, 20], seed=1)
    placed = centres_of(features, truth).place(further * np.float32(7))
    found, distances = placed.labels, placed.distances
    placed = found >= 0
    assert np.array_equal(found[placed], expected[placed])
    assert placed.mean() > 0.8
    assert distances.dtype == np.float64


def test_what_is_far_from_all_goes_nowhere():
    """A row in a direction that no category has is placed in no category.

    Its distance is the distance to the nearest centre.
    """
    features, truth = blobs([40, 30, 20])
    centres = centres_of(features, truth)
    far = np.array([20 * np.eye(12)[5], -20 * np.eye(12)[0], np.ones(12), np.zeros(12)], np.float32)
    placed = centres.place(far)
    found, distances = placed.labels, placed.distances
    assert found.tolist() == [-1] * 4
    assert np.allclose(distances[:3], plain_distances(centres.centres, unit(far[:3])).min(axis=1), atol=1e-5)


def test_centres_are_means_of_unit_rows():
    """A centre is the mean of the category's rows, each at unit length."""
    features, truth = blobs([8, 5, 9])
    centres = centres_of(features, truth)
    expected = [unit(features[truth == label]).mean(axis=0) for label in range(3)]
    assert centres.centres.dtype == centres.limits.dtype == np.float32
    assert np.allclose(centres.centres, expected, atol=1e-6)


def test_nineteen_in_twenty_members_lie_within():
    """Of 100 rows of a category, 95 are placed in it, and the others in no category."""
    features, truth = blobs([100, 200, 300])
    found = centres_of(features, truth).place(features).labels
    for label in range(3):
        own = found[truth == label]
        assert set(own.tolist()) == {-1, label}
        assert 0.95 <= np.mean(own == label) <= 0.965


@given(labellings, st.integers(0, 99))
def test_a_row_is_placed_at_the_nearest_centre_or_nowhere(labels, seed):
    """A row is placed at its nearest centre if it lies within the limit, and otherwise in no category."""
    random = np.random.default_rng(seed)
    centres = centres_of(random.normal(size=(len(labels), 5)).astype(np.float32), labels)
    rows = random.normal(size=(20, 5)).astype(np.float32)
    placed = centres.place(rows)
    found, distances = placed.labels, placed.distances
    expected = plain_distances(centres.centres, unit(rows))
    assert np.allclose(distances, expected.min(axis=1), atol=1e-3)
    placed = found >= 0
    assert np.allclose(expected[placed, found[placed]], distances[placed], atol=1e-3)
    assert (distances[placed] <= centres.limits[found[placed]]).all()
    assert (distances[~placed] > centres.limits[expected.argmin(axis=1)[~placed]] - 1e-3).all()


@pytest.mark.parametrize("width", [3, 100, 1280])
@pytest.mark.parametrize("copies", [1, 2, 7])
def test_copies_of_one_picture_stay_in_their_category(width, copies):
    """A category of one row, or of copies of one row, keeps these rows.

    They may come one by one or all at once.
    """
    pictures = np.random.default_rng(width).uniform(size=(20, width)).astype(np.float32)
    truth = np.repeat(np.arange(20), copies)
    centres = centres_of(pictures[truth], truth)
    assert np.array_equal(centres.place(pictures[truth]).labels, truth)
    assert [int(centres.place(row[None]).labels[0]) for row in pictures] == list(range(20))


def test_rows_of_no_category_are_not_learned():
    """Rows with the label -1 do not change the centres or the limits."""
    features, truth = blobs([20, 15, 10])
    labels = np.where(truth == 2, -1, truth)
    whole, part = centres_of(features, labels), centres_of(features[truth < 2], truth[truth < 2])
    assert np.array_equal(whole.centres, part.centres)
    assert np.array_equal(whole.limits, part.limits)


@pytest.mark.parametrize("labels", [[0, 2, 2, 0], [1, 1, 1, 1], [3, -1, 0, 1]])
def test_a_category_without_a_row_is_an_error(labels):
    """A category number without a row has no centre, so it is a ValueError."""
    with pytest.raises(ValueError, match="no row"):
        centres_of(np.eye(4, dtype=np.float32), np.array(labels))


def test_no_row_to_place():
    """If no row comes, nothing is placed."""
    placed = centres_of(np.eye(2, 5, dtype=np.float32), np.array([0, 1])).place(np.empty((0, 5), np.float32))
    found, distances = placed.labels, placed.distances
    assert len(found) == len(distances) == 0


@given(st.integers(1, 5), st.integers(0, 9), st.integers(1, 7), st.integers(0, 99))
@settings(deadline=None)
def test_distances_are_euclidean(centres, rows, width, seed):
    """The distance of every row to every centre is the one that NumPy's norm gives."""
    random = np.random.default_rng(seed)
    one, other = random.normal(size=(centres, width)), random.normal(size=(rows, width))
    assert np.allclose(distances_to(one, other), plain_distances(one, other), atol=1e-6)


def test_a_row_lies_at_its_own_centre():
    """The distance of a row to itself is 0, and never the root of a number that was rounded below 0."""
    rows = np.random.default_rng(0).normal(size=(30, 50))
    assert np.allclose(np.diag(distances_to(rows, rows)), 0, atol=1e-6)


@pytest.mark.parametrize(
    ("distances", "owner", "expected"),
    [
        ([1.0, 4.0, 2.0], 0, 0.5),
        ([1.0, 1.0], 0, 0.0),
        ([2.0, 1.0], 0, -0.5),
        ([0.0, 3.0], 0, 1.0),
        ([7.0], 0, 1.0),
        ([0.0, 0.0], 1, 0.0),
    ],
)
def test_clarity_by_a_table(distances, owner, expected):
    """Clarity is 1 if the other centre is much farther, 0 if it is as near, and below 0 if it is nearer."""
    assert clarity(np.array([distances]), np.array([owner])).tolist() == [expected]


@pytest.mark.parametrize("width", [1, 3])
def test_distances_of_all_rows_to_all_centres_are_never_kept(width):
    """Where each row has its own centre, 3,000 rows cost a few blocks of memory and not 72 MB."""
    rows = np.random.default_rng(0).normal(size=(3000, width))
    tracemalloc.start()
    distances, clear = around_centres(rows, rows, np.arange(3000))
    placed = Centres(rows.astype(np.float32), np.ones(3000, np.float32)).place(rows.astype(np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (distances == 0).all()
    assert clear.min() > 0
    assert placed.labels.shape == placed.distances.shape == placed.clarity.shape == (3000,)
    assert peak < 60 * 1024**2


@given(st.integers(1, 1200), st.integers(1, 5), st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_distances_and_clarity_do_not_depend_on_blocks(count, centres, seed):
    """They are those of each row alone. A row without a centre of its own belongs to the nearest."""
    random = np.random.default_rng(seed)
    rows, means = random.normal(size=(count, 4)), random.normal(size=(centres, 4))
    owners = random.integers(-1, centres, count)
    every = np.linalg.norm(rows[:, None] - means, axis=2)
    own = np.where(owners < 0, every.argmin(axis=1), owners)
    distances, clear = around_centres(means, rows, owners)
    assert np.allclose(distances, every[np.arange(count), own], atol=1e-7)
    assert np.allclose(clear, clarity(every, own), atol=1e-6)
