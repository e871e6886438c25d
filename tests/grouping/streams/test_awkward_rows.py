"""Rows of any kind can be grouped by a sample, and how they are read and with how many cores makes no difference."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from imgsort.grouping.categories.group import group_rows
from imgsort.grouping.streams import rows as streams_rows
from imgsort.grouping.streams import sample
from tests.grouping.blobs import blobs, same_partition

ALGORITHMS = ["kmeans", "graph"]


@pytest.fixture(autouse=True, scope="module")
def of_a_sample():
    """Group sixty rows at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "MOST_AT_ONCE", 60)
        patch.setattr(sample, "_ROWS_PER_CLUSTER", 1)
        yield


def rows_of(kind: str, count: int, width: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, width))
    rows = {
        "any": rows,
        "copies": rows[random.integers(0, 5, count)],
        "one kind and one other": np.where(np.arange(count)[:, None] == count // 2, rows[:1] + 9, rows[:1]),
        "equal": np.full_like(rows, 2.5),
        "zeros": np.where(random.random((count, 1)) < 0.5, 0, rows),
        "brightness": rows[:1] * (1 + random.random((count, 1))),
        "large": 1e15 * rows,
        "small": 1e-15 * rows,
        "far": rows + 1e4,
        "rare": rows * 0.01 + np.where(np.arange(count)[:, None] < 2, 50, 0),
    }[kind]
    return rows.astype(np.float32)


KINDS = ["any", "copies", "one kind and one other", "equal", "zeros", "brightness", "large", "small", "far", "rare"]


@pytest.mark.usefixtures("one_thread")
@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.integers(61, 140),
    st.sampled_from([1, 2, 7, 70]),
    st.one_of(st.integers(1, 9), st.integers(50, 61)),
    st.sampled_from(ALGORITHMS),
)
@example("copies", 61, 70, 61, "kmeans")
def test_any_rows_can_be_grouped(kind, count, width, clusters, algorithm):
    """Labels are 0, 1, 2…, the largest category first. Numbers are finite. Equal rows have one label."""
    rows = rows_of(kind, count, width, seed=count)
    grouping = group_rows(rows, clusters, algorithm=algorithm)
    assert grouping.sample == (max(60, clusters) if max(60, clusters) < count else None)
    sizes = np.bincount(grouping.labels)
    assert 1 <= len(sizes) <= clusters
    assert (sizes > 0).all()
    assert (np.diff(sizes) <= 0).all()
    assert np.isfinite(grouping.distances).all()
    assert np.isfinite(grouping.clarity).all()
    pairs = {(row.tobytes(), int(label)) for row, label in zip(rows + 0.0, grouping.labels, strict=True)}
    assert len(pairs) == len({row for row, _ in pairs})


@pytest.mark.usefixtures("one_thread")
@settings(max_examples=25, deadline=None)
@given(st.integers(61, 200), st.integers(1, 5), st.integers(1, 80), st.integers(0, 9), st.sampled_from(ALGORITHMS))
def test_blocks_make_no_difference(count, clusters, at_a_time, seed, algorithm):
    """However many rows are read at a time, the labels are the same, and the numbers but for rounding."""
    rows = rows_of("any", count, 6, seed)
    expected = group_rows(rows, clusters, algorithm=algorithm)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams_rows, "_ROWS_AT_A_TIME", at_a_time)
        found = group_rows(rows, clusters, algorithm=algorithm)
    assert np.array_equal(found.labels, expected.labels)
    assert np.allclose(found.distances, expected.distances, atol=1e-5)
    assert np.allclose(found.clarity, expected.clarity, atol=1e-5)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_cores_make_no_difference(algorithm):
    """With one thread and with two, the labels are the same."""
    rows = rows_of("any", 400, 20, 0)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(group_rows(rows, 4, algorithm=algorithm).labels)
    assert np.array_equal(*found)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_huge_group_beside_small_ones(algorithm, monkeypatch):
    """Of 3,000 rows, 94 in 100 are one group, and three others have 2 in 100 each: all four are found."""
    monkeypatch.setattr(sample, "MOST_AT_ONCE", 1500)
    rows, truth = blobs([2820, 60, 60, 60], width=8)
    assert same_partition(group_rows(rows, 4, algorithm=algorithm).labels, truth)
