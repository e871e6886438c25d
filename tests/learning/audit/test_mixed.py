"""Tests which classes are called mixed up, and which look like one."""

import numpy as np

from imgsort.learning.audit.confident import judge_labels
from imgsort.learning.audit.mixed import mixed_pairs
from imgsort.learning.audit.probabilities import coordinates


def judged(labels, kinds):
    """Return the judgement and labels of rows whose features depend on their kind only."""
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(len(labels), 30)) + 9 * np.eye(4, 30)[kinds]).astype(np.float32)
    return judge_labels(coordinates(features), labels, np.arange(len(labels)) % 5), labels


def test_two_halves_of_one_class_look_like_one():
    """Nothing tells them apart; a third class is another matter."""
    labels = np.repeat([0, 1, 2], [40, 40, 40])
    pairs = mixed_pairs(*judged(labels, np.repeat([0, 0, 1], 40)))
    assert [(pair.first, pair.second) for pair in pairs if pair.is_one] == [(0, 1)]
    assert pairs[0].is_one
    assert 0.3 < pairs[0].share <= 1


def test_a_small_part_of_a_large_class_looks_like_one_too():
    """How much larger one of the two is does not matter."""
    labels = np.repeat([0, 1, 2], [80, 15, 40])
    pairs = mixed_pairs(*judged(labels, np.repeat([0, 0, 1], [80, 15, 40])))
    assert [(pair.first, pair.second) for pair in pairs if pair.is_one] == [(0, 1)]


def test_a_few_wrong_labels_make_no_class_of_two():
    """The pair is named with its number of images, and is not one class."""
    labels = np.repeat([0, 1], 50)
    kinds = labels.copy()
    kinds[:5] = 1
    pairs = mixed_pairs(*judged(labels, kinds))
    assert [(pair.first, pair.second, pair.count, pair.is_one) for pair in pairs] == [(0, 1, 5, False)]
    assert pairs[0].share == 0.05


def test_nothing_is_said_of_a_handful_of_images():
    """Fewer than ten images of a class are too few to say that it looks like another one."""
    labels = np.repeat([0, 1], [40, 8])
    pairs = mixed_pairs(*judged(labels, np.zeros(48, int)))
    assert not any(pair.is_one for pair in pairs)
