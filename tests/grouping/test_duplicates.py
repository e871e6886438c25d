import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.grouping.duplicates import group_near_duplicates


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
