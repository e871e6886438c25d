import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from imgsort.grouping.categories import group as categories
from imgsort.grouping.categories.group import group_rows
from imgsort.grouping.categories.numbering import number_by_size
from imgsort.grouping.directions import Directions
from tests.grouping.blobs import blobs, same_partition

pytestmark = pytest.mark.usefixtures("one_thread")

labellings = st.lists(st.integers(0, 6), min_size=1, max_size=40).map(np.array)


def clear_groups_and_scattered_rows() -> tuple[np.ndarray, np.ndarray]:
    """Return rows, float32 (54, 20), and each row's group, or -1.

    Rows in three clear groups come first, then four scattered rows with the group -1.
    """
    features, truth = blobs([20, 14, 16], width=20)
    alike, scattered = features + 30 * np.eye(20)[19], 40 * np.eye(20)[5:9] + 10 * np.eye(20)[[0, 1, 2, 0]]
    return np.concatenate([alike, scattered]).astype(np.float32), np.append(truth, [-1] * 4)


def test_clear_groups_are_found_and_numbered_by_size():
    """Clear groups become the categories, the largest first."""
    features, truth = blobs([5, 20, 9, 14])
    grouping = group_rows(features, 4)
    assert same_partition(grouping.labels, truth)
    assert np.bincount(grouping.labels).tolist() == [20, 14, 9, 5]
    assert grouping.count == 4


def test_distances_are_those_to_the_own_centre():
    """A row's distance is measured from the mean of its category, and the odd row has the largest distance."""
    features, truth = blobs([10, 6])
    odd = int(np.flatnonzero(truth == 0)[0])
    features[odd] += 4
    grouping = group_rows(features, 2, variance=1)
    means = np.array([features[grouping.labels == label].mean(axis=0) for label in range(2)])
    expected = np.linalg.norm(features - means[grouping.labels], axis=1)
    assert np.allclose(grouping.distances, expected, rtol=1e-4)
    assert int(grouping.distances.argmax()) == odd


def test_the_same_seed_gives_the_same_result():
    """The same seed gives the same categories.

    If the groups are unclear, another seed may give other categories.
    """
    features = np.random.default_rng(3).normal(size=(60, 10)).astype(np.float32)
    first, again = (group_rows(features, 7, random_state=5) for _ in range(2))
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.distances, again.distances)
    others = [group_rows(features, 7, random_state=seed).labels for seed in range(6, 12)]
    assert not all(np.array_equal(first.labels, other) for other in others)


def test_rows_seen_in_another_order_keep_their_own():
    """Labels come back in the rows' own order, whatever the order in which K-Means sees the rows.

    The rows that K-Means sees first decide its result.
    """
    features, truth = blobs([8, 20, 13])
    order = np.random.default_rng(2).permutation(len(truth))
    grouping, seen = group_rows(features, 3, order=order), group_rows(features[order], 3)
    assert same_partition(grouping.labels, truth)
    assert np.array_equal(grouping.labels[order], seen.labels)
    assert np.array_equal(grouping.distances[order], seen.distances)
    assert np.array_equal(grouping.clarity[order], seen.clarity)


def test_labels_and_centres_are_scikit_learns():
    """The result is the one of scikit-learn's PCA and KMeans for the same rows.

    The rows are reduced and clustered in double precision.
    """
    features, _ = blobs([40, 60, 30, 50], width=30)
    reduced = PCA(0.95, svd_solver="full").fit_transform(features.astype(np.float64))
    kmeans = KMeans(4, n_init=10, random_state=0).fit(reduced)
    grouping = group_rows(features, 4)
    assert same_partition(grouping.labels, kmeans.labels_)
    assert np.allclose(grouping.distances, kmeans.transform(reduced).min(axis=1), rtol=1e-9)


def test_equal_rows_give_fewer_categories():
    """Equal rows cannot be told apart, so they are one category, and the user gets no warning."""
    grouping = group_rows(np.full((9, 4), 7, np.float32), 3)
    assert grouping.count == 1
    assert grouping.labels.tolist() == [0] * 9
    assert grouping.distances.tolist() == [0.0] * 9


def test_two_distinct_rows_give_two_categories_of_three():
    """There are never more categories than distinct rows, and none is empty."""
    features = np.array([[0.0, 0], [5, 5], [0, 0], [0, 0], [5, 5]], np.float32)
    grouping = group_rows(features, 3)
    assert grouping.labels.tolist() == [0, 1, 0, 0, 1]
    assert grouping.count == 2


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_fewer_rows_than_clusters_is_an_error(rows):
    """Three rows or fewer cannot make four categories, so this is a ValueError."""
    with pytest.raises(ValueError, match=r"n_samples|sample"):
        group_rows(np.eye(rows, 5, dtype=np.float32), 4)


def test_as_many_clusters_as_rows():
    """Every row may have its own category; the numbers are then in the order of the rows."""
    assert group_rows(np.eye(4, dtype=np.float32), 4).labels.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([2, 2, 2, 0, 1, 1], [0, 0, 0, 2, 1, 1]),
        ([5, 3, 5, 3], [0, 1, 0, 1]),
        ([3, 5, 5, 3, 9], [0, 1, 1, 0, 2]),
        ([4], [0]),
        ([-1, -1, -1, 2, 0, 0], [-1, -1, -1, 1, 0, 0]),
        ([-1, -1], [-1, -1]),
        ([], []),
    ],
)
def test_number_by_size_by_a_table(labels, expected):
    """The largest category is 0; of equally large categories, the one with the first row is first.

    The label -1 is not a category, however many rows have it.
    """
    assert number_by_size(np.array(labels, dtype=int)).tolist() == expected


@given(labellings)
def test_renumbering_keeps_the_partition(labels):
    """Rows that are together stay together, and categories are ordered by size, then by their first row."""
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
    """The numbers are the same, whatever labels K-Means gives to its clusters."""
    assert np.array_equal(number_by_size(labels), number_by_size(np.array(names)[labels]))


@given(st.lists(st.integers(-1, 4), max_size=40).map(lambda labels: np.array(labels, dtype=int)))
def test_rows_in_no_category_change_no_number(labels):
    """Rows with the label -1 keep it, and the other rows are numbered as if these did not exist."""
    numbers = number_by_size(labels)
    assert np.array_equal(numbers == -1, labels == -1)
    assert np.array_equal(numbers[labels >= 0], number_by_size(labels[labels >= 0]))


@pytest.mark.parametrize("directions", [False, True])
@pytest.mark.parametrize("algorithm", ["kmeans", "agglomerative", "hdbscan"])
def test_every_algorithm_finds_clear_groups(algorithm, directions):
    """Every algorithm makes categories of clear groups, the largest first.

    The labels are in the rows' own order.
    """
    features, truth = blobs([12, 30, 21])
    order = np.random.default_rng(2).permutation(len(truth))
    for seen in (None, order):
        grouping = group_rows(features, 3, algorithm=algorithm, directions=directions, order=seen)
        assert same_partition(grouping.labels, truth)
        assert np.bincount(grouping.labels).tolist() == [30, 21, 12]
        assert grouping.candidates == ()


def test_hdbscan_leaves_out_what_is_in_no_dense_region():
    """Scattered rows are in no category, and are not counted as a category."""
    features, truth = clear_groups_and_scattered_rows()
    grouping = group_rows(features, "auto", algorithm="hdbscan")
    assert same_partition(grouping.labels, truth)
    assert grouping.labels[-4:].tolist() == [-1] * 4
    assert grouping.count == 3
    assert grouping.candidates == ()


def test_a_row_in_no_category_is_measured_from_the_nearest():
    """Distances and clarity are measured from the centres of the categories.

    Rows outside the categories do not move the centres.
    """
    features, _ = clear_groups_and_scattered_rows()
    grouping = group_rows(features, "auto", algorithm="hdbscan", variance=1)
    seen = Directions().fit_parts([features]).transform(features).astype(np.float64)
    means = np.array([seen[grouping.labels == label].mean(axis=0) for label in range(3)])
    nearest = np.sort(np.linalg.norm(seen[:, None] - means[None], axis=-1), axis=1)
    assert np.allclose(grouping.distances, nearest[:, 0], atol=1e-6)
    assert np.allclose(grouping.clarity, 1 - nearest[:, 0] / nearest[:, 1], atol=1e-6)


def test_where_nothing_is_dense_there_is_no_category():
    """If every row lies alone, there are 0 categories, and the clarity of every row is 0."""
    grouping = group_rows(np.eye(12, dtype=np.float32), "auto", algorithm="hdbscan")
    assert grouping.labels.tolist() == [-1] * 12
    assert grouping.count == 0
    assert grouping.clarity.tolist() == [0.0] * 12
    assert np.isfinite(grouping.distances).all()


@pytest.mark.parametrize("algorithm", ["agglomerative", "hdbscan"])
def test_too_many_rows_for_an_algorithm_are_an_error(algorithm, monkeypatch):
    """An algorithm that compares every two rows refuses too many rows, and names its limit.

    K-Means has no such limit.
    """
    monkeypatch.setitem(categories.MOST_ROWS, algorithm, 40)
    features, truth = blobs([21, 20])
    with pytest.raises(ValueError, match=f"{algorithm}.*41.*40"):
        group_rows(features, 2, algorithm=algorithm)
    assert group_rows(features[:40], 2, algorithm=algorithm).count == 2
    assert same_partition(group_rows(features, 2).labels, truth)


@pytest.mark.parametrize("algorithm", ["kmeans", "agglomerative"])
@pytest.mark.parametrize("groups", [2, 4])
def test_auto_finds_the_number(groups, algorithm):
    """With `auto`, there are as many categories as clear groups.

    The numbers that were judged are returned too.
    """
    features, truth = blobs([15 + 2 * number for number in range(groups)])
    grouping = group_rows(features, "auto", algorithm=algorithm, range_of_clusters=(2, 6))
    assert grouping.count == groups
    assert same_partition(grouping.labels, truth)
    assert [candidate.clusters for candidate in grouping.candidates] == [2, 3, 4, 5, 6]


def test_auto_keeps_to_its_range():
    """With `auto` and a range of two to three, five groups become two or three categories."""
    features, _ = blobs([10] * 5)
    grouping = group_rows(features, "auto", range_of_clusters=(2, 3))
    assert [candidate.clusters for candidate in grouping.candidates] == [2, 3]
    assert grouping.count in (2, 3)


@pytest.mark.parametrize("algorithm", ["kmeans", "agglomerative"])
def test_equal_rows_are_one_category_by_auto(algorithm):
    """With `auto`, equal rows are one category, which is clear.

    There is nothing to choose, and there is no warning.
    """
    grouping = group_rows(np.full((9, 4), 7, np.float32), "auto", algorithm=algorithm)
    assert grouping.labels.tolist() == [0] * 9
    assert grouping.count == 1
    assert grouping.candidates == ()
    assert grouping.clarity.tolist() == [1.0] * 9


def test_two_pictures_and_their_copies_are_two_categories_by_auto():
    """Ten copies of one picture and eight copies of another are two categories."""
    features = np.repeat(np.array([[0, 5, 1], [9, 0, 1]], np.float32), [10, 8], axis=0)
    assert group_rows(features, "auto").labels.tolist() == [0] * 10 + [1] * 8


def test_equal_rows_are_not_told_apart_by_joining_either():
    """Agglomerative clustering does not give more categories than distinct rows either."""
    assert group_rows(np.full((9, 4), 7, np.float32), 3, algorithm="agglomerative").count == 1


@pytest.mark.parametrize(("algorithm", "rows"), [("agglomerative", 1), ("hdbscan", 1), ("hdbscan", 2)])
def test_very_few_rows_are_no_error(algorithm, rows):
    """A folder of one or two pictures is grouped like any other, into one category or none."""
    assert group_rows(np.eye(rows, 5, dtype=np.float32), "auto", algorithm=algorithm).count <= 1


def test_clarity_is_the_simplified_silhouette():
    """Clarity is how much farther the next centre is than the row's own centre.

    It is a share of the larger of the two distances. The test computes it with plain NumPy.
    """
    features = np.random.default_rng(6).normal(size=(50, 5)).astype(np.float32)
    grouping = group_rows(features, 4, algorithm="agglomerative", variance=1)
    means = np.array([features[grouping.labels == label].mean(axis=0) for label in range(4)])
    distances = np.linalg.norm(features[:, None] - means[None], axis=-1)
    own = distances[np.arange(50), grouping.labels]
    distances[np.arange(50), grouping.labels] = np.inf
    other = distances.min(axis=1)
    assert np.allclose(grouping.clarity, (other - own) / np.maximum(own, other), atol=1e-5)
    assert grouping.clarity.min() < 0


def test_clear_groups_are_clear():
    """All rows of clear groups are clear; a row between two groups is the least clear."""
    features, truth = blobs([20, 15])
    features[3] = (features[truth == 0].mean(axis=0) + features[truth == 1].mean(axis=0)) / 2
    clarity = group_rows(features, 2).clarity
    assert np.delete(clarity, 3).min() > 0.8
    assert clarity[3] < 0.2


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 20), st.integers(1, 4), st.integers(0, 99), st.sampled_from(["kmeans", "agglomerative"]))
def test_clarity_lies_between_minus_one_and_one(n, clusters, seed, algorithm):
    """Clarity lies between -1 and 1 for all rows, even for copies.

    If there is only one category, it is 1.
    """
    features = np.random.default_rng(seed).integers(0, 3, size=(n, 3)).astype(np.float32)
    grouping = group_rows(features, clusters, algorithm=algorithm)
    assert (np.abs(grouping.clarity) <= 1).all()
    if grouping.count == 1:
        assert grouping.clarity.tolist() == [1.0] * n


def test_directions_see_past_how_strong_a_row_is():
    """With directions, groups are found even if some rows are several times as strong as others.

    Without directions, these groups are not found.
    """
    features, truth = blobs([20, 16, 12])
    features *= np.random.default_rng(0).choice([0.5, 1, 3], size=(len(truth), 1)).astype(np.float32)
    assert same_partition(group_rows(features, 3, directions=True).labels, truth)
    assert not same_partition(group_rows(features, 3).labels, truth)
