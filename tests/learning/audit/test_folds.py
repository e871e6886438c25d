"""Tests the division of labelled rows into five parts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imgsort.learning.audit.folds import FOLDS, divide_into_folds


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), min_size=1, max_size=80), st.integers(0, 3))
def test_equal_files_stay_together_and_small_classes_are_not_judged(rows, seed):
    """Whatever the classes and groups: equal files share a part, and a row is judged if its class is large enough."""
    labels, copies = (np.array(column) for column in zip(*rows, strict=True))
    folds = divide_into_folds(labels, copies, copies, seed)
    for label in np.unique(labels):
        of_class = labels == label
        is_small = len(np.unique(copies[of_class])) < FOLDS
        assert ((folds.parts[of_class] == -1) == is_small).all()
        assert (label in folds.too_small) == is_small
    for copy in np.unique(copies):
        for label in set(labels[copies == copy].tolist()) - set(folds.loosened):
            judged = folds.parts[(copies == copy) & (labels == label)]
            assert len(set(judged.tolist())) == 1
    assert folds.parts.max(initial=-1) < FOLDS


def test_near_duplicates_stay_together():
    """Images of one burst are in one part, so that none of them vouches for another."""
    labels = np.repeat([0, 1], 30)
    groups = np.arange(60) // 3
    folds = divide_into_folds(labels, groups, np.arange(60), 0)
    assert all(len(set(folds.parts[groups == group].tolist())) == 1 for group in range(20))
    assert np.bincount(folds.parts).min() >= 9
    assert folds.loosened == folds.too_small == ()


def test_a_class_of_near_duplicates_is_divided_one_by_one():
    """The frames of a video are in all parts; else the few other images of the class would judge them."""
    labels = np.repeat([0, 1], 20)
    groups = np.concatenate([np.zeros(15, int), np.arange(1, 26)])
    folds = divide_into_folds(labels, groups, np.arange(40), 0)
    assert folds.loosened == (0,)
    assert set(folds.parts[:15].tolist()) == set(range(FOLDS))
