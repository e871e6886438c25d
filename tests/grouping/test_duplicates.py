import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.grouping.duplicates import connected_near_duplicates, group_near_duplicates


def by_brute_force(hashes: list[int], max_distance: int) -> list[int]:
    leaders: list[int] = []
    labels = []
    for value in hashes:
        near = [label for label, leader in enumerate(leaders) if (leader ^ value).bit_count() <= max_distance]
        if not near:
            leaders.append(value)
        labels.append(near[0] if near else len(leaders) - 1)
    return labels


@given(
    st.lists(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 63), st.integers(2**64 - 16, 2**64 - 1))),
    st.integers(0, 64),
)
def test_groups_are_those_of_brute_force(hashes, max_distance):
    """Each row joins the first leader that is near, or becomes a leader itself."""
    labels = group_near_duplicates(np.array(hashes, dtype=np.uint64), max_distance)
    assert labels.tolist() == by_brute_force(hashes, max_distance)


@pytest.mark.parametrize(
    ("hashes", "max_distance", "expected"),
    [
        ([], 3, []),
        ([5], 0, [0]),
        ([0, 1, 3, 7], 1, [0, 0, 1, 1]),
        ([0, 255, 1], 2, [0, 1, 0]),
        ([9, 9, 8], 0, [0, 0, 1]),
    ],
)
def test_near_means_near_to_the_first(hashes, max_distance, expected):
    """A chain of small differences does not join the rows at its two ends."""
    assert group_near_duplicates(np.array(hashes, dtype=np.uint64), max_distance).tolist() == expected


def test_twenty_thousand_rows_take_seconds():
    """Twenty thousand different rows take seconds; different rows are the slowest case."""
    hashes = np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64)
    start = time.process_time()
    assert len(group_near_duplicates(hashes, 8)) == 20_000
    assert time.process_time() - start < 10


def of_one_kind(row: int, others: np.ndarray) -> np.ndarray:
    """Say that even rows are the same as even ones, and odd rows as odd ones."""
    return others % 2 == row % 2


@pytest.mark.parametrize(
    ("hashes", "grouped", "connected"),
    [
        ([], [], []),
        ([5, 5, 5, 5], [0, 1, 0, 1], [0, 1, 0, 1]),
        ([0, 0, 1, 9, 3], [0, 1, 0, 2, 3], [0, 1, 0, 2, 0]),
    ],
)
def test_what_is_not_confirmed_is_not_the_same(hashes, grouped, connected):
    """Near hashes only propose: rows that are not confirmed are in other groups."""
    bits = np.array(hashes, dtype=np.uint64)
    assert group_near_duplicates(bits, 1, of_one_kind).tolist() == grouped
    assert connected_near_duplicates(bits, 1, of_one_kind).tolist() == connected


@given(st.lists(st.integers(0, 255), max_size=30), st.integers(0, 3))
def test_connected_rows_are_those_of_the_graph(hashes, max_distance):
    """Rows share a label exactly if a chain of near rows links them."""
    labels = list(range(len(hashes)))
    for one in range(len(hashes)):
        for other in range(one):
            if (hashes[one] ^ hashes[other]).bit_count() <= max_distance:
                joined = {labels[one], labels[other]}
                labels = [min(joined) if label in joined else label for label in labels]
    expected = [sorted(set(labels)).index(label) for label in labels]
    assert connected_near_duplicates(np.array(hashes, dtype=np.uint64), max_distance).tolist() == expected


def test_linked_rows_are_not_compared_again():
    """A thousand frames of one scene take a thousand comparisons, not half a million."""
    asked = []

    def confirm(row: int, others: np.ndarray) -> np.ndarray:
        asked.extend(others.tolist())
        return np.ones(len(others), dtype=bool)

    assert set(connected_near_duplicates(np.zeros(1000, np.uint64), 8, confirm).tolist()) == {0}
    assert len(asked) == 999
