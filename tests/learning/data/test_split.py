import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.learning.data.split import split_rows

SHARES = st.lists(st.sampled_from([0.0, 0.1, 0.15, 0.2, 0.5, 0.7, 3.0]), min_size=1, max_size=4).filter(any)
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=60)
SEEDS = st.integers(0, 2**32)


def split(rows, shares, seed):
    labels, groups = (np.array([row[column] for row in rows], dtype=np.intp) for column in (0, 1))
    return split_rows(labels, groups, shares, seed)


@given(ROWS, SHARES, SEEDS)
def test_every_row_gets_one_of_the_parts(rows, shares, seed):
    """Each row goes to a part with a share. A part with a share of 0 gets nothing."""
    parts = split(rows, shares, seed)
    assert parts.shape == (len(rows),)
    assert parts.dtype == np.intp
    assert all(shares[part] > 0 for part in parts)


def test_no_rows():
    """Without rows, no part gets anything. This happens if all images of a folder are unreadable."""
    assert len(split([], (0.7, 0.15, 0.15), 0)) == 0


@given(ROWS, SHARES, SEEDS)
def test_groups_stay_together(rows, shares, seed):
    """Rows of one group are in one part, whatever their classes are."""
    parts = split(rows, shares, seed)
    part_of = {}
    for (_, group), part in zip(rows, parts, strict=True):
        assert part_of.setdefault(group, part) == part


@given(ROWS, SHARES, SEEDS)
def test_the_same_seed_gives_the_same_parts(rows, shares, seed):
    """Only the rows, the shares and the seed decide."""
    assert np.array_equal(split(rows, shares, seed), split(rows, shares, seed))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=120), SHARES, SEEDS)
def test_each_class_has_its_share_of_every_part(labels, shares, seed):
    """If every row is a group of its own, each part is close to its share of each class.

    A part has less than one row too many. It lacks fewer rows than there are parts.
    """
    labels = np.array(labels)
    parts = split_rows(labels, np.arange(len(labels)), shares, seed)
    for label in set(labels.tolist()):
        counts = np.bincount(parts[labels == label], minlength=len(shares))
        wanted = counts.sum() * np.array(shares) / sum(shares)
        assert (counts < wanted + 1).all()
        assert (counts > wanted - len(shares)).all()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30), SHARES, SEEDS)
def test_groups_are_spread_as_well_as_their_sizes_let(sizes, shares, seed):
    """If groups have several rows, a part exceeds its share by less than one group."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    parts = split_rows(np.zeros(len(groups), np.intp), groups, shares, seed)
    counts = np.bincount(parts, minlength=len(shares))
    assert (counts < len(groups) * np.array(shares) / sum(shares) + max(sizes)).all()


@given(st.integers(3, 40), SEEDS)
def test_every_part_gets_some_of_a_class_of_three(extra, seed):
    """A class with as many groups as there are parts has one in each, however small a share is."""
    labels = np.array([0] * 3 + [1] * extra)
    parts = split_rows(labels, np.arange(len(labels)), (0.9, 0.09, 0.01), seed)
    for label in (0, 1):
        assert set(parts[labels == label].tolist()) == {0, 1, 2}


def test_another_seed_gives_other_parts():
    """The order is random: with another seed, other rows are in the test part."""
    labels, groups = np.repeat([0, 1], 50), np.arange(100)
    drawn = {split_rows(labels, groups, (0.7, 0.15, 0.15), seed).tobytes() for seed in range(5)}
    assert len(drawn) == 5


def test_the_usual_shares():
    """Of 100 images of a class, 70, 15 and 15 go to the three parts."""
    labels = np.repeat([0, 1], 100)
    parts = split_rows(labels, np.arange(200), (0.7, 0.15, 0.15), 0)
    for label in (0, 1):
        assert np.bincount(parts[labels == label]).tolist() == pytest.approx([70, 15, 15], abs=1)


def test_the_largest_group_goes_where_there_is_most_room():
    """Eight copies of one picture go to the training part. The two other pictures go to validation and test."""
    groups = np.array([0] * 8 + [1, 2])
    for seed in range(10):
        parts = split_rows(np.zeros(10, np.intp), groups, (0.7, 0.15, 0.15), seed)
        assert parts[:8].tolist() == [0] * 8
        assert sorted(parts[8:].tolist()) == [1, 2]
