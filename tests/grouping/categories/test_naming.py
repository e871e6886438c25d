from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgsort.grouping.categories.naming import telling_columns
from imgsort.grouping.sums import ClusterSums

# The labels of rows, -1 or a category from 0 up, and what is seen in the rows. There are at least as many columns as
# categories.
few_categories = (
    st.integers(2, 4)
    .flatmap(
        lambda count: st.tuples(
            st.lists(st.integers(-1, count - 1), max_size=6).map(lambda more: np.array([*range(count), *more])),
            st.integers(count, 5),
        )
    )
    .flatmap(
        lambda drawn: st.tuples(
            st.just(drawn[0]),
            arrays(np.float64, (len(drawn[0]), drawn[1]), elements=st.integers(0, 8).map(lambda n: n / 8)),
        )
    )
)


def columns_of(seen: np.ndarray, labels: np.ndarray) -> list[int | None]:
    """Return the columns that tell the categories of rows from each other."""
    rows = labels >= 0
    return telling_columns(ClusterSums.of(seen[rows], labels[rows], int(labels.max()) + 1 if len(labels) else 0))


def worths(seen: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how well each column tells each category from the others, (k, c).

    This is the column's mean in the category minus its largest mean in another category.
    """
    means = np.array([seen[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    return np.array([mean - np.delete(means, label, axis=0).max(axis=0) for label, mean in enumerate(means)])


@pytest.mark.parametrize(
    ("seen", "labels", "expected"),
    [
        ([[0.9, 0.1], [0.7, 0.2], [0.1, 0.9]], [0, 0, 1], [0, 1]),
        # The first column (sand, say) is high everywhere, so it tells no category from another.
        ([[0.9, 0.5, 0.0], [0.9, 0.0, 0.4]], [0, 1], [1, 2]),
        # The third column is the highest of the first category too, but the second category has no other column.
        ([[0.0, 0.6, 0.8], [0.1, 0.1, 0.7], [0.5, 0.0, 0.0]], [0, 1, 2], [1, 2, 0]),
        ([[0.9, 0.0], [0.1, 0.8], [0.1, 0.1]], [0, 1, 2], [0, 1, None]),
        ([[0.3], [0.9]], [0, 1], [None, 0]),
        # With the rows of no category, it would be the other way round.
        ([[0.9, 0.2], [0.6, 0.5], [0.0, 5.0], [0.0, 5.0]], [0, 1, -1, -1], [0, 1]),
        ([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]], [0, 0], [1]),
        ([[0.2, 0.7, 0.1], [0.9, 0.3, 0.2]], [0, -1], [1]),
        ([[0.2, 0.8, 0.0], [0.7, 0.3, 0.0]], [0, 2], [1, None, 0]),
        ([[0.2, 0.8], [0.7, 0.3]], [-1, -1], []),
    ],
)
def test_telling_columns_by_a_table(seen, labels, expected):
    """A category is named after what is seen most in it and least in the others."""
    assert columns_of(np.array(seen), np.array(labels)) == expected


def test_no_row_has_no_category():
    """Without rows, there is no category to name."""
    assert columns_of(np.empty((0, 3)), np.empty(0, np.intp)) == []


@settings(deadline=None)
@given(few_categories)
def test_the_columns_together_are_worth_the_most(drawn):
    """No column is chosen twice, and the chosen columns tell the categories apart best.

    No other choice of columns is better.
    """
    labels, seen = drawn
    chosen, worth = columns_of(seen, labels), worths(seen, labels)
    assert len(set(chosen)) == len(chosen) == labels.max() + 1
    totals = [sum(worth[range(len(chosen)), columns]) for columns in permutations(range(seen.shape[1]), len(chosen))]
    assert sum(worth[range(len(chosen)), chosen]) == pytest.approx(max(totals))


@settings(deadline=None)
@given(few_categories, st.integers(1, 3))
def test_of_too_few_columns_each_is_taken_once(drawn, columns):
    """With fewer columns than categories, each column names one category; the others have no column."""
    labels, seen = drawn
    chosen = columns_of(seen[:, :columns], labels)
    taken = sorted(column for column in chosen if column is not None)
    assert taken == list(range(columns)) if columns <= len(chosen) else len(taken) == len(chosen)


@settings(deadline=None)
@given(few_categories)
def test_rows_of_no_category_do_not_matter(drawn):
    """Rows with the label -1 do not change the result."""
    labels, seen = drawn
    assert columns_of(seen, labels) == columns_of(seen[labels >= 0], labels[labels >= 0])
