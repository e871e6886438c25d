"""Tests the rule of confident learning, and the judgement that it is applied to."""

import numpy as np
import pytest

from imgsort.learning.audit.confident import judge_labels, judgement_of
from imgsort.learning.audit.probabilities import coordinates, out_of_fold

SIZE = 60


@pytest.fixture
def clouds():
    """Return (features, labels, parts) of three classes that are well apart, and five parts."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], SIZE)
    features = (rng.normal(size=(3 * SIZE, 40)) + 9 * np.eye(3, 40)[labels]).astype(np.float32)
    return features, labels, np.arange(3 * SIZE) % 5


def test_the_rule_is_that_of_the_paper():
    """The thresholds are the mean probabilities of a class over its own rows; what reaches another's is wrong."""
    labels = np.array([0, 0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.25, 0.75], [0.1, 0.9], [0.45, 0.55]])
    # The threshold of class 1 is (0.9 + 0.55) / 2 = 0.725.
    judgement = judgement_of(probabilities, labels)
    assert judgement.is_wrong.tolist() == [False, False, True, False, False]
    assert judgement.suggested.tolist() == [1, 1, 1, 0, 0]
    assert judgement.scores == pytest.approx([-0.8, -0.6, 0.5, -0.8, -0.1])
    below = judgement_of(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9], [0.45, 0.55]]), labels)
    assert not below.is_wrong.any()


def test_a_class_that_no_row_has_is_never_suggested_as_certain():
    """A class without rows has no threshold that anything could reach."""
    judgement = judgement_of(np.array([[0.1, 0.2, 0.7], [0.2, 0.8, 0.0]]), np.array([0, 1]))
    assert not judgement.is_wrong.any()


def test_changed_labels_are_found(clouds):
    """The rows whose labels were changed come first, are marked, and their own class is suggested."""
    features, labels, parts = clouds
    changed = labels.copy()
    changed[[5, 70, 130]] = [1, 2, 0]
    judgement = judge_labels(coordinates(features), changed, parts)
    assert set(np.argsort(-judgement.scores)[:3].tolist()) == {5, 70, 130}
    assert np.flatnonzero(judgement.is_wrong).tolist() == [5, 70, 130]
    assert judgement.suggested[[5, 70, 130]].tolist() == [0, 1, 2]
    assert judgement.probabilities.sum(axis=1) == pytest.approx(np.ones(len(labels)))


def test_nothing_is_marked_where_all_labels_are_right(clouds):
    """Of classes that are well apart, no row is marked."""
    features, labels, parts = clouds
    assert not judge_labels(coordinates(features), labels, parts).is_wrong.any()


def test_a_row_is_never_judged_by_itself(clouds):
    """What is said of a row depends on its label in no way: it was not learned from."""
    features, labels, parts = clouds
    rows, everyone = coordinates(features), np.ones(len(labels), bool)
    changed = np.where(parts == 2, (labels + 1) % 3, labels)
    before, after = (out_of_fold(rows, given, parts, everyone) for given in (labels, changed))
    assert np.array_equal(before[parts == 2], after[parts == 2])
    assert not np.array_equal(before[parts == 1], after[parts == 1])


def test_a_class_that_is_missing_from_a_part_is_impossible_there():
    """If only one part has images of a class, the others know nothing of it, and the judgement still ends."""
    features = np.random.default_rng(1).normal(size=(20, 5)).astype(np.float32)
    labels, parts = np.repeat([0, 1], 10), np.repeat([0, 1], 10)
    found = out_of_fold(coordinates(features), labels, parts, np.ones(20, bool))
    assert found[:10, 0].max() == 0.0
    assert found[:10, 1].min() == 1.0


def test_a_class_that_is_mostly_doubted_still_speaks_for_itself(clouds):
    """If most rows of a class are not trusted, all of them are learned from."""
    features, labels, parts = clouds
    rows, trusted = coordinates(features), labels != 2
    found = out_of_fold(rows, labels, parts, trusted)
    assert (found[labels == 2].argmax(axis=1) == 2).all()


def test_rows_that_are_all_equal_are_judged(clouds):
    """Images without any difference have no direction; they give probabilities all the same."""
    _, labels, parts = clouds
    judgement = judge_labels(coordinates(np.ones((len(labels), 8), np.float32)), labels, parts)
    assert np.isfinite(judgement.scores).all()


@pytest.mark.parametrize("shape", [(30, 300), (400, 300)])
def test_coordinates_keep_what_tells_rows_apart(shape):
    """At most 256 numbers are left of each row, with the distances between the rows of few rows as they were."""
    features = np.random.default_rng(2).random(shape).astype(np.float32)
    rows = coordinates(features)
    assert rows.shape == (shape[0], min(256, *shape))
    assert np.square(rows).sum(axis=1).mean() == pytest.approx(1, abs=0.25)
