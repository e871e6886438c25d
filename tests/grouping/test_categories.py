import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from imgsort.grouping.categories import group_by_kmeans, number_by_size
from tests.grouping.blobs import blobs, same_partition

labellings = st.lists(st.integers(0, 6), min_size=1, max_size=40).map(np.array)


def test_clear_groups_are_found_and_numbered_by_size():
    """Groups that anyone would see are the categories, the largest first."""
    features, truth = blobs([5, 20, 9, 14])
    grouping = group_by_kmeans(features, 4)
    assert same_partition(grouping.labels, truth)
    assert np.bincount(grouping.labels).tolist() == [20, 14, 9, 5]
    assert grouping.count == 4


def test_distances_are_those_to_the_own_centre():
    """A row's distance is measured from the mean of its category, and the odd one has the largest."""
    features, truth = blobs([10, 6])
    odd = int(np.flatnonzero(truth == 0)[0])
    features[odd] += 4
    grouping = group_by_kmeans(features, 2, variance=1)
    means = np.array([features[grouping.labels == label].mean(axis=0) for label in range(2)])
    expected = np.linalg.norm(features - means[grouping.labels], axis=1)
    assert np.allclose(grouping.distances, expected, rtol=1e-4)
    assert int(grouping.distances.argmax()) == odd


def test_the_same_seed_gives_the_same_result():
    """Running twice gives the same categories, and where groups are unclear another seed may not."""
    features = np.random.default_rng(3).normal(size=(60, 10)).astype(np.float32)
    first, again = (group_by_kmeans(features, 7, random_state=5) for _ in range(2))
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.distances, again.distances)
    others = [group_by_kmeans(features, 7, random_state=seed).labels for seed in range(6, 12)]
    assert not all(np.array_equal(first.labels, other) for other in others)


def test_rows_seen_in_another_order_keep_their_own():
    """What K-Means sees first decides its result; the labels come back in the rows' own order all the same."""
    features, truth = blobs([8, 20, 13])
    order = np.random.default_rng(2).permutation(len(truth))
    grouping, seen = group_by_kmeans(features, 3, order=order), group_by_kmeans(features[order], 3)
    assert same_partition(grouping.labels, truth)
    assert np.array_equal(grouping.labels[order], seen.labels)
    assert np.array_equal(grouping.distances[order], seen.distances)


def test_labels_and_centres_are_scikit_learns():
    """Reducing and clustering is what scikit-learn's PCA and KMeans make of the same rows in double precision."""
    features, _ = blobs([40, 60, 30, 50], width=30)
    reduced = PCA(0.95, svd_solver="full").fit_transform(features.astype(np.float64))
    kmeans = KMeans(4, n_init=10, random_state=0).fit(reduced)
    grouping = group_by_kmeans(features, 4)
    assert same_partition(grouping.labels, kmeans.labels_)
    assert np.allclose(grouping.distances, kmeans.transform(reduced).min(axis=1), rtol=1e-9)


def test_equal_rows_give_fewer_categories():
    """Rows that are equal cannot be told apart: one category, and no warning to the user."""
    grouping = group_by_kmeans(np.full((9, 4), 7, np.float32), 3)
    assert grouping.count == 1
    assert grouping.labels.tolist() == [0] * 9
    assert grouping.distances.tolist() == [0.0] * 9


def test_two_distinct_rows_give_two_categories_of_three():
    """There are never more categories than distinct rows, and none is empty."""
    features = np.array([[0.0, 0], [5, 5], [0, 0], [0, 0], [5, 5]], np.float32)
    grouping = group_by_kmeans(features, 3)
    assert grouping.labels.tolist() == [0, 1, 0, 0, 1]
    assert grouping.count == 2


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_fewer_rows_than_clusters_is_an_error(rows):
    """Three rows cannot make four categories."""
    with pytest.raises(ValueError, match=r"n_samples|sample"):
        group_by_kmeans(np.eye(rows, 5, dtype=np.float32), 4)


def test_as_many_clusters_as_rows():
    """Every row may have a category of its own, numbered in the order of the rows."""
    assert group_by_kmeans(np.eye(4, dtype=np.float32), 4).labels.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([2, 2, 2, 0, 1, 1], [0, 0, 0, 2, 1, 1]),
        ([5, 3, 5, 3], [0, 1, 0, 1]),
        ([3, 5, 5, 3, 9], [0, 1, 1, 0, 2]),
        ([4], [0]),
    ],
)
def test_number_by_size_by_a_table(labels, expected):
    """The largest is 0; ties go to the first row."""
    assert number_by_size(np.array(labels)).tolist() == expected


@given(labellings)
def test_renumbering_keeps_the_partition(labels):
    """Whatever the labels: who is together stays together, and sizes and ties fall as promised."""
    numbers = number_by_size(labels)
    assert same_partition(labels, numbers)
    assert set(numbers.tolist()) == set(range(numbers.max() + 1))
    keys = [
        (-np.count_nonzero(numbers == number), np.flatnonzero(numbers == number)[0])
        for number in range(numbers.max() + 1)
    ]
    assert keys == sorted(keys)


@given(labellings, st.permutations(range(7)))
def test_the_old_names_of_clusters_do_not_matter(labels, names):
    """K-Means may call its clusters what it likes: the numbers come out the same."""
    assert np.array_equal(number_by_size(labels), number_by_size(np.array(names)[labels]))
