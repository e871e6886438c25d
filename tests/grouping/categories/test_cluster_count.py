import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import silhouette_score

from imgsort.grouping.categories import cluster_count
from imgsort.grouping.categories.cluster_count import Candidate, best, candidates
from tests.grouping.blobs import blobs

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("groups", range(2, 8))
def test_clear_groups_are_counted(groups):
    """The best number is the number of clear groups, even if the groups have different sizes."""
    features, _ = blobs([12 + 3 * number for number in range(groups)], seed=groups)
    chosen = best(candidates(features, 2, 9))
    assert chosen.clusters == groups
    assert chosen.silhouette > 0.9
    assert chosen.stability == 1


def test_the_silhouette_is_scikit_learns_by_cosine():
    """If K-Means finds the groups, the silhouette is scikit-learn's silhouette of the groups, by cosine."""
    features, truth = blobs([20, 15, 10])
    (judged,) = candidates(features, 3, 3)
    assert judged.silhouette == pytest.approx(silhouette_score(features, truth, metric="cosine"), abs=1e-4)


def test_what_is_not_there_is_not_stable():
    """Rows without groups are split differently each time, so the stability is far from 1."""
    features = np.random.default_rng(0).normal(size=(80, 10)).astype(np.float32)
    assert all(judged.stability < 0.7 for judged in candidates(features, 2, 5))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 9).flatmap(lambda n: arrays(np.float32, (n, 2), elements=st.integers(-1, 1).map(float))),
    st.integers(2, 4),
    st.integers(2, 6),
)
def test_numbers_are_those_asked_for_that_rows_allow(rows, smallest, largest):
    """Numbers rise one by one from the smallest number.

    They never go beyond the largest number, nor beyond the number of different rows.
    """
    judged = candidates(rows, smallest, largest)
    numbers = [candidate.clusters for candidate in judged]
    assert numbers == list(range(smallest, smallest + len(numbers)))
    assert all(number <= min(largest, len(np.unique(rows, axis=0))) for number in numbers)
    assert all(-1 <= candidate.silhouette <= 1 and -1 <= candidate.stability <= 1 for candidate in judged)
    if len(np.unique(rows, axis=0)) > largest >= smallest:
        assert numbers[-1] == largest


@pytest.mark.parametrize("rows", [np.ones((1, 4)), np.eye(2), np.zeros((6, 3)), np.full((30, 4), 0.1)])
def test_few_or_equal_rows_cannot_be_judged(rows):
    """For one row, two rows or equal rows, no number makes sense, and there is no warning."""
    assert candidates(rows) == ()


def test_the_same_seed_gives_the_same_judgement():
    """Two runs with the same seed give the same numbers to the last digit."""
    rows = np.random.default_rng(3).normal(size=(50, 6))
    first, again = (candidates(rows, 2, 5, random_state=7) for _ in range(2))
    assert first == again


def test_rows_are_left_as_they_were():
    """The given matrix is not changed."""
    features, _ = blobs([9, 8])
    candidates(features, 2, 3)
    assert np.array_equal(features, blobs([9, 8])[0])


def test_of_very_many_rows_a_part_is_asked(monkeypatch):
    """Of very many rows, only a part is judged.

    Here the part is every third row, and the answer is the one for these rows alone.
    """
    features, _ = blobs([60, 50, 40])
    monkeypatch.setattr(cluster_count, "_MOST_ROWS", 50)
    judged = candidates(features, 2, 5)
    assert judged == candidates(features[::3], 2, 5)
    assert best(judged).clusters == 3


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([(4, 0.2, 0.5)], 4),
        ([(2, 0.5, 0.9), (3, 0.9, 0.8), (4, 0.6, 1.0)], 3),
        ([(2, 0.88, 0.7), (3, 0.9, 0.6)], 2),
        ([(2, 0.9, 0.6), (3, 0.88, 0.7), (4, 0.89, 0.64)], 3),
        ([(2, 0.9, 0.6), (3, 0.88, 0.7), (4, 0.89, 0.66)], 4),
        ([(2, 0.87, 1.0), (3, 0.9, 0.6)], 3),
        ([(2, 0.9, 0.8), (3, 0.9, 0.8)], 3),
        ([(2, 0.0, 0.5), (3, -0.2, 0.9)], 2),
        ([(2, -0.3, 0.9), (3, -0.1, 0.2), (4, -0.2, 1.0)], 3),
    ],
)
def test_best_by_a_table(judged, expected):
    """`best` returns the largest number among the candidates that are nearly the best.

    Their silhouette is within 3 in 100 of the best. Of these, their stability is within 0.05 of the best.
    """
    assert best([Candidate(*numbers) for numbers in judged]).clusters == expected


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=8))
def test_the_best_is_nearly_as_good_as_any(judged):
    """The best candidate is one of those judged.

    No candidate with an equally good silhouette is much more stable.
    """
    made = [Candidate(number, *pair) for number, pair in enumerate(judged, 2)]
    chosen, top = best(made), max(candidate.silhouette for candidate in made)
    assert chosen in made
    assert chosen.silhouette >= min(0.97 * top, top)
    good = [other for other in made if other.silhouette >= max(0.97 * top, top)]
    assert all(other.stability - 0.05 <= chosen.stability for other in good)
