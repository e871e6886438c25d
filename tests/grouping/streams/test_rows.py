"""Rows come in parts, as often as they are wanted, from memory or from a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.grouping.streams import rows as streams_rows
from imgsort.grouping.streams.rows import MatrixRows, gathered, numbered_parts
from imgsort.mapped import empty_matrix


@pytest.fixture(autouse=True, scope="module")
def small_parts():
    """Make parts of seven rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams_rows, "_ROWS_AT_A_TIME", 7)
        yield


def matrix_of(count: int) -> np.ndarray:
    return np.arange(3 * count, dtype=np.float32).reshape(count, 3)


@given(st.integers(0, 40))
def test_parts_are_all_rows_in_their_order(count):
    """The parts together are the matrix, each time anew, and their numbers are those of the rows."""
    rows = MatrixRows(matrix_of(count))
    for _ in range(2):
        found = np.empty((count, 3), np.float32)
        for place, part in numbered_parts(rows):
            found[place] = part
        assert np.array_equal(found, matrix_of(count))
    assert (len(rows), rows.width) == (count, 3)


def test_wide_rows_come_a_few_at_a_time(monkeypatch):
    """A part has a limited number of numbers, however wide its rows are, and at least one row."""
    monkeypatch.setattr(streams_rows, "_NUMBERS_AT_A_TIME", 12)
    for width, lengths in [(1, [7, 3]), (4, [3, 3, 3, 1]), (50, [1] * 10)]:
        assert [len(part) for part in MatrixRows(np.zeros((10, width), np.float32)).parts()] == lengths


@given(st.integers(1, 40).flatmap(lambda count: st.tuples(st.just(count), st.lists(st.integers(0, count - 1)))))
def test_any_rows_are_gathered_in_any_order(drawn):
    """The rows asked for come in the order asked for, also if one is asked for twice."""
    count, numbers = drawn
    asked = np.array(numbers, dtype=np.intp)
    assert np.array_equal(gathered(MatrixRows(matrix_of(count)), asked), matrix_of(count)[asked])


def test_rows_of_a_file_are_read_as_those_of_memory():
    """A mapped matrix gives the same rows, also after its memory was given back."""
    matrix = empty_matrix(3000, 2048)
    matrix[:] = np.arange(3000, dtype=np.float32)[:, None]
    numbers = np.array([2999, 0, 1500])
    assert gathered(MatrixRows(matrix), numbers)[:, -1].tolist() == [2999, 0, 1500]
