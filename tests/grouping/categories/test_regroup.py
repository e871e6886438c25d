import numpy as np
import pytest

from imgsort.grouping.categories.group import group_rows
from imgsort.grouping.categories.regroup import Regroup
from tests.grouping.blobs import blobs


@pytest.mark.parametrize("algorithm", ["kmeans", "agglomerative"])
@pytest.mark.parametrize("directions", [False, True])
def test_labels_are_those_of_grouping_the_rows_anew(algorithm, directions):
    """One number after another, and back again: each time the labels are the same as of `group_rows`."""
    rows = np.random.default_rng(3).normal(size=(60, 12)).astype(np.float32)
    order = np.random.default_rng(4).permutation(60)
    way = {"algorithm": algorithm, "directions": directions, "order": order}
    regroup = Regroup(rows, **way)
    for clusters in (5, 2, 9, 1, 5):
        assert np.array_equal(regroup(clusters), group_rows(rows, clusters, **way).labels)


def test_the_graph_is_cut_into_the_groups_that_are_there():
    """Clear groups are found with the graph that is made once."""
    rows, truth = blobs([40, 20, 10])
    regroup = Regroup(rows, algorithm="graph")
    for _ in range(2):
        labels = regroup(3)
        assert [set(truth[labels == label]) for label in range(3)] == [{0}, {1}, {2}]
    assert len(set(regroup(2))) == 2


@pytest.mark.parametrize("algorithm", ["kmeans", "graph", "agglomerative"])
def test_equal_rows_make_fewer_groups(algorithm):
    """Rows that cannot be told apart are one group, whatever is asked for."""
    rows = np.repeat(np.eye(2, 6, dtype=np.float32), [5, 3], axis=0)
    assert list(Regroup(rows, algorithm=algorithm)(4)) == [0] * 5 + [1] * 3
    assert set(Regroup(np.ones((4, 3), np.float32), algorithm=algorithm)(2)) == {0}


@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_more_categories_than_rows_are_an_error(algorithm):
    """As with `group_rows`."""
    with pytest.raises(ValueError, match="3 rows"):
        Regroup(np.eye(3, dtype=np.float32), algorithm=algorithm)(4)


def test_many_rows_are_grouped_quickly_and_as_well(monkeypatch):
    """K-Means that tries its starts on fewer columns finds clear groups, and its groups are about as tight."""
    monkeypatch.setattr("imgsort.grouping.categories.regroup.MOST_EXACT", 0)
    rows, truth = blobs([400, 200, 100], width=90)
    labels = Regroup(rows)(3)
    assert [set(truth[labels == label]) for label in range(3)] == [{0}, {1}, {2}]
    noise = np.random.default_rng(0).normal(size=(600, 150)).astype(np.float32)
    spread = [_spread(noise, each) for each in (Regroup(noise)(8), group_rows(noise, 8).labels)]
    assert spread[0] < 1.01 * spread[1]


def _spread(rows, labels):
    return sum(((rows[labels == label] - rows[labels == label].mean(axis=0)) ** 2).sum() for label in set(labels))
