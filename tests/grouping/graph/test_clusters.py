"""The graph is cut where it is thin, whatever the sizes of the groups are."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from imgsort.grouping.categories.group import group_rows
from imgsort.grouping.graph.clusters import Cut, GraphCuts, fitting, judged
from tests.grouping.blobs import blobs, same_partition

pytestmark = pytest.mark.usefixtures("one_thread")

UNBALANCED = [200, 60, 20, 9]


def by_graph(features, clusters, **options):
    return group_rows(features, clusters, algorithm="graph", **options)


def test_groups_of_very_different_sizes_are_found():
    """Large and small groups come out whole, also with `auto`. K-Means cannot be asked to do that."""
    features, truth = blobs(UNBALANCED)
    assert same_partition(by_graph(features, 4).labels, truth)
    chosen = by_graph(features, "auto")
    assert same_partition(chosen.labels, truth)
    assert [candidate.clusters for candidate in chosen.candidates if candidate.is_good] == [2, 3, 4]


def test_the_order_of_the_rows_does_not_matter():
    """Shuffled rows that are seen in one order get the same groups."""
    features = np.random.default_rng(1).normal(size=(300, 10)).astype(np.float32)
    shuffled = np.random.default_rng(2).permutation(300)
    first = by_graph(features, 7, order=np.arange(300))
    again = by_graph(features[shuffled], 7, order=np.argsort(shuffled))
    assert np.array_equal(first.labels[shuffled], again.labels)
    assert np.allclose(first.distances[shuffled], again.distances)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 9), st.integers(1, 50), st.integers(0, 3))
def test_any_rows_can_be_grouped(count, clusters, distinct, neighbors, seed):
    """Few rows, equal rows, and more neighbours than rows: never an error or a warning, never too many groups."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(min(distinct, count), 5))[random.integers(0, min(distinct, count), count)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for wanted in (min(clusters, count), "auto"):
            labels = by_graph(features.astype(np.float32), wanted, neighbors=neighbors).labels
            found = len(np.unique(labels))
            assert found == labels.max() + 1 <= (15 if wanted == "auto" else wanted)
            for row in np.unique(features, axis=0):  # equal rows are together
                assert len(set(labels[(features == row).all(axis=1)])) == 1


def test_more_clusters_than_rows_are_an_error():
    """As with K-Means, three rows cannot make four groups."""
    with pytest.raises(ValueError, match="3 rows cannot make 4 clusters"):
        by_graph(np.eye(3, dtype=np.float32), 4)


def test_copies_and_bursts_do_not_take_all_the_groups():
    """Ten bursts of frames beside two large groups: two groups are the large ones, each with its bursts."""
    random = np.random.default_rng(0)
    features, truth = blobs([150, 120], width=20)
    frames = np.repeat(features[:10], 30, axis=0) + random.normal(scale=1e-3, size=(300, 20)).astype(np.float32)
    labels = by_graph(np.concatenate([features, frames]), 2).labels
    assert same_partition(labels, np.concatenate([truth, np.repeat(truth[:10], 30)]))


def test_conductance_is_the_share_of_edges_that_leave():
    """Two pairs joined by one edge: each pair keeps 2 of its 3 edge ends. An empty label is left out."""
    graph = csr_array(np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]], float))
    cut = judged(graph, np.array([0, 0, 5, 5]))
    assert cut.labels.tolist() == [0, 0, 1, 1]
    assert np.allclose(cut.conductances, [1 / 3, 1 / 3])
    assert (cut.clusters, cut.candidate.conductance, cut.candidate.is_good) == (2, 0.3333, False)


def test_the_good_cut_with_the_most_groups_is_chosen():
    """Of good cuts the one with the most groups is taken; if none is good, the first."""
    cuts = [
        Cut(np.empty(0, np.intp), np.array(each)) for each in ([0.0, 0.0], [0.06] * 3, [0.2] * 4, [0.01] * 9 + [0.1])
    ]
    assert fitting(cuts) is cuts[3]
    assert fitting(cuts[:3]) is cuts[1]
    assert fitting(cuts[2:3]) is cuts[2]


def test_a_given_number_of_neighbours_is_used():
    """With one neighbour a chain of pairs falls apart where fifteen neighbours hold it together."""
    features = np.random.default_rng(0).normal(size=(200, 10)).astype(np.float32)
    few, many = (GraphCuts(features, 4, neighbors=number).into(4) for number in (3, 60))
    assert few.mean_conductance < many.mean_conductance
