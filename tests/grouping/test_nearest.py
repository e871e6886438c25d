"""The nearest rows are those that a plain search finds, whatever the parts and the order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imgsort.grouping.nearest import DIGITS, NearestRows


def plain(rows, queries, top=None, within=None):
    """Return (number, distance) of the nearest rows by the plainest search, in float64."""
    units, queries = (
        m / np.where((n := np.linalg.norm(m, axis=1, keepdims=True)) == 0, 1, n)
        for m in (rows.astype(np.float64), np.asarray(queries, np.float64))
    )
    distances = np.clip(1 - (units[:, None] * queries[None]).sum(axis=2).max(axis=1), 0, 2)
    nearest = [(number, round(distances[number], DIGITS)) for number in np.argsort(distances, kind="stable").tolist()]
    return [(number, distance) for number, distance in nearest if within is None or distance <= within][:top]


def searched(rows, queries, parts=1, **limits):
    nearest = NearestRows(np.asarray(queries), **limits)
    for numbers in np.array_split(np.arange(len(rows)), parts):
        nearest.see(rows[numbers], numbers)
    assert nearest.rows is None or np.array_equal(nearest.rows, rows[nearest.numbers])
    return list(zip(nearest.numbers.tolist(), nearest.distances.tolist(), strict=True))


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 60),
    st.integers(1, 3),
    st.integers(1, 8),
    st.fixed_dictionaries({"top": st.none() | st.integers(1, 70), "within": st.none() | st.floats(0, 2)}),
)
def test_it_is_what_a_plain_search_finds(seed, count, asked, parts, limits):
    """Copies of rows, rows of zeros and opposite rows included: the same rows, distances and order as without parts."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, 6)).astype(np.float32)
    rows = np.concatenate([rows, rows[random.integers(0, count, count)], np.zeros((1, 6), np.float32), -rows[:1]])
    queries = random.standard_normal((asked, 6))
    assert searched(rows, queries, parts, **limits) == plain(rows, queries, **limits)


def test_equal_rows_keep_their_order_wherever_they_lie():
    """Equal rows have one distance, bit for bit, so the lowest number comes first, at any place of the matrix."""
    random = np.random.default_rng(0)
    row = random.standard_normal(1280).astype(np.float32)
    rows = random.standard_normal((5000, 1280)).astype(np.float32)
    places = [3, 17, 1001, 4095, 4096, 4999]
    rows[places] = row
    found = searched(rows, row[None] + random.standard_normal(1280) / 10, parts=7, top=6)
    assert [number for number, _ in found] == places
    assert len({distance for _, distance in found}) == 1


def test_many_wide_rows_and_none():
    """As many features as a model has, and a distance to the nearest of two queries; nothing in, nothing out."""
    random = np.random.default_rng(1)
    rows = np.abs(random.standard_normal((3000, 1280))).astype(np.float32)
    queries = np.abs(random.standard_normal((2, 1280)))
    assert searched(rows, queries, 3, top=50) == plain(rows, queries, 50)
    assert searched(rows[:0], queries, top=5) == []
