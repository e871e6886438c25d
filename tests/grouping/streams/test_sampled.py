"""What a sample says of all rows is nearly what all rows say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.grouping.categories import group as categories
from imgsort.grouping.categories.group import group_rows
from imgsort.grouping.categories.regroup import Regroup
from imgsort.grouping.streams import rows as streams_rows
from imgsort.grouping.streams import sample
from imgsort.grouping.streams.rows import MatrixRows
from imgsort.grouping.streams.sample import drawn
from imgsort.grouping.streams.sampled import SampledRows
from imgsort.mapped import empty_matrix
from tests.grouping.blobs import blobs, same_partition

pytestmark = pytest.mark.usefixtures("one_thread")

# The largest group is twenty times as large as the smallest. In a third of the rows, the smallest still has more rows
# than a row has neighbours.
UNBALANCED = [2000, 1000, 700, 400, 300, 200, 100]


@pytest.fixture
def of_a_sample(monkeypatch):
    """Let a third of some thousand rows be grouped, and let parts be small."""
    monkeypatch.setattr(sample, "MOST_AT_ONCE", 1500)
    monkeypatch.setattr(sample, "_ROWS_PER_CLUSTER", 1)
    monkeypatch.setattr(streams_rows, "_ROWS_AT_A_TIME", 256)


@pytest.mark.parametrize("directions", [False, True])
@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_where_the_sample_is_all_labels_are_those_of_all_rows(algorithm, directions):
    """Spread from a sample of all rows, the labels of the sample are the labels: unclear groups and copies too."""
    random = np.random.default_rng(3)
    features = random.normal(size=(150, 10)).astype(np.float32)[random.integers(0, 130, 150)]
    order = random.permutation(150)
    expected = group_rows(features, 5, algorithm=algorithm, directions=directions, order=order)
    assert expected.sample is None
    directions = directions or algorithm == "graph"
    least = 64 if algorithm == "graph" else 1
    rows = SampledRows(MatrixRows(features), order, 0.95, directions=directions, least_components=least)
    spread = rows.by_neighbours if algorithm == "graph" else rows.by_centres
    assert np.array_equal(spread(expected.labels[order]), expected.labels)
    distances, clarity = rows.around_centres(expected.labels)
    assert np.allclose(distances, expected.distances, atol=1e-5)
    assert np.allclose(clarity, expected.clarity, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 80), st.integers(1, 4), st.integers(0, 9), st.sampled_from(["kmeans", "graph"]))
def test_up_to_the_limit_nothing_is_sampled(count, clusters, seed, algorithm):
    """Exactly as many rows as are grouped at once are all grouped: every bit is as with a higher limit."""
    features = np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)
    results = []
    for limit in (count, 10 * count):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sample, "MOST_AT_ONCE", limit)
            results.append(group_rows(features, min(clusters, count), algorithm=algorithm, random_state=seed))
    for name in ("labels", "distances", "clarity"):
        assert getattr(results[0], name).tobytes() == getattr(results[1], name).tobytes()
    assert results[0].sample is results[1].sample is None


@pytest.mark.usefixtures("of_a_sample")
@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_unbalanced_groups_are_all_found(algorithm):
    """A third of the rows finds all groups, large and small ones. The result says that it was a sample."""
    features, truth = blobs(UNBALANCED, width=20)
    grouping = group_rows(features, len(UNBALANCED), algorithm=algorithm)
    assert grouping.sample == 1500
    assert same_partition(grouping.labels, truth)
    assert np.bincount(grouping.labels).tolist() == UNBALANCED


@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_many_rows_are_grouped_as_well_as_at_once(algorithm, monkeypatch):
    """9,400 rows in unbalanced, noisy groups: the inertia is within 1 % of that of all rows, and groups are found."""
    features, truth = blobs([2 * size for size in UNBALANCED], width=20)
    features += np.random.default_rng(1).normal(scale=2, size=features.shape).astype(np.float32)
    at_once = group_rows(features, len(UNBALANCED), algorithm=algorithm)
    monkeypatch.setattr(sample, "MOST_AT_ONCE", 2500)
    sampled = group_rows(features, len(UNBALANCED), algorithm=algorithm)
    assert sampled.sample == 2500
    inertias = [np.square(grouping.distances).sum() for grouping in (at_once, sampled)]
    assert inertias[1] < 1.01 * inertias[0]
    for group in range(len(UNBALANCED)):
        common = np.bincount(sampled.labels[truth == group]).max()
        assert common > 0.9 * (truth == group).sum()


@pytest.mark.usefixtures("of_a_sample")
@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_distances_and_clarity_are_those_around_the_means(algorithm):
    """Distances are measured from the mean of all rows of a category, and clarity too."""
    features, _ = blobs([900, 800, 700], width=6)
    grouping = group_rows(features, 3, algorithm=algorithm, variance=1)
    seen = features
    if algorithm == "graph":
        from imgsort.grouping.directions import Directions

        seen = Directions().fit_parts([features]).transform(features)
    means = np.array([seen[grouping.labels == label].mean(axis=0, dtype=np.float64) for label in range(3)])
    distances = np.sort(np.linalg.norm(seen[:, None] - means, axis=2), axis=1)
    assert np.allclose(grouping.distances, distances[:, 0], atol=1e-4)
    assert np.allclose(grouping.clarity, 1 - distances[:, 0] / distances[:, 1], atol=1e-4)


@pytest.mark.usefixtures("of_a_sample")
@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_names_and_places_of_rows_do_not_matter(algorithm):
    """Rows that lie elsewhere, seen in the same order, get the same labels. The same seed gives the same result."""
    features = np.random.default_rng(1).normal(size=(2400, 8)).astype(np.float32)
    shuffled = np.random.default_rng(2).permutation(2400)
    first = group_rows(features, 6, algorithm=algorithm, order=np.arange(2400))
    again = group_rows(features[shuffled], 6, algorithm=algorithm, order=np.argsort(shuffled))
    assert np.array_equal(first.labels[shuffled], again.labels)
    assert np.allclose(first.distances[shuffled], again.distances)


@pytest.mark.usefixtures("of_a_sample")
@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_equal_rows_are_together(algorithm):
    """Copies have one label, in the sample or not; three kinds of rows make no more groups than that."""
    random = np.random.default_rng(0)
    kinds = random.normal(size=(40, 6)).astype(np.float32)
    number_of = random.integers(0, 40, 2400)
    labels = group_rows(kinds[number_of], 7, algorithm=algorithm).labels
    assert all(len(set(labels[number_of == kind])) == 1 for kind in range(40))
    assert group_rows(kinds[number_of % 3], 7, algorithm=algorithm).count == 3
    assert group_rows(np.ones((1600, 4), np.float32), 3, algorithm=algorithm).labels.tolist() == [0] * 1600


@pytest.mark.usefixtures("of_a_sample")
@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_auto_judges_the_sample(algorithm):
    """With `auto`, the number of categories comes from the sample, and so do the judged numbers."""
    features, truth = blobs([800, 600, 400, 300], width=10)
    grouping = group_rows(features, "auto", algorithm=algorithm, range_of_clusters=(2, 6))
    assert same_partition(grouping.labels, truth)
    assert [candidate.clusters for candidate in grouping.candidates] == [2, 3, 4, 5, 6]


@pytest.mark.usefixtures("of_a_sample")
@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_regrouping_takes_the_same_sample(algorithm):
    """Another number of categories is made of the same sample, and its labels are those of `group_rows`.

    The graph is made once, for many categories, so other numbers than that of the clear groups may be cut otherwise.
    """
    features, _ = blobs([800, 600, 400, 300], width=10)
    order = np.random.default_rng(4).permutation(len(features))
    regroup = Regroup(features, algorithm=algorithm, order=order)
    for clusters in (4, 2, 4) if algorithm == "kmeans" else (4, 4):
        expected = group_rows(features, clusters, algorithm=algorithm, order=order)
        assert same_partition(regroup(clusters), expected.labels)
    assert regroup(1).tolist() == [0] * 2100


@pytest.mark.usefixtures("of_a_sample")
def test_algorithms_that_compare_all_rows_are_never_sampled():
    """The others keep their own limit, and take all rows below it."""
    features, truth = blobs([1000, 800], width=6)
    assert 1500 < len(features) < categories.MOST_ROWS["agglomerative"]
    grouping = group_rows(features, 2, algorithm="agglomerative")
    assert grouping.sample is None
    assert same_partition(grouping.labels, truth)


@pytest.mark.usefixtures("of_a_sample")
def test_rows_of_a_file_are_grouped_as_those_of_memory():
    """A mapped matrix gives the labels of a matrix in memory, and is left as it was."""
    features, truth = blobs([2000, 1500, 1000], width=1000)
    mapped = empty_matrix(*features.shape)
    mapped[:] = features
    grouping = group_rows(mapped, 3)
    assert same_partition(grouping.labels, truth)
    assert np.array_equal(mapped, features)


def test_the_reduced_sample_is_that_of_the_rows_drawn():
    """The sample's rows come in the order of their numbers, reduced by what all rows say."""
    features, _ = blobs([60, 50], width=6)
    numbers = drawn(110, 40, 1, np.random.default_rng(0).permutation(110))
    rows = SampledRows(MatrixRows(features), numbers, 1)
    every = SampledRows(MatrixRows(features), np.arange(110), 1)
    assert np.allclose(rows.reduced, every.reduced[numbers], atol=1e-9)
