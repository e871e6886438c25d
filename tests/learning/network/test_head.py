from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.learning.network.head import MOST_STEPS, Examples, Head, fit_again, fit_head, together
from imgsort.learning.network.measures import accuracy, cross_entropy


def examples(counts, *, width=8, seed=0, spread=1.0, distance=3.0) -> Examples:
    """Return as many rows for each class as `counts` says, around a direction for each class.

    The directions are always the same.
    """
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    rows = np.eye(width)[labels] * distance + random.normal(scale=spread, size=(len(labels), width))
    return Examples(rows.astype(np.float32), labels)


def fitted(train, validation, *, balanced=True, seed=0):
    """Return the head and the rows of the history."""
    rows = []
    return fit_head(train, validation, balanced=balanced, seed=seed, hear=rows.append).head, rows


def test_two_classes_have_one_output():
    """The one logit belongs to the second class. Its sigmoid is the probability of that class."""
    head = Head(np.float32([[2.0], [0.0]]), np.float32([-1.0]))
    found = head.probabilities(np.float32([[0.5, 9], [1.5, 9]]))
    second = 1 / (1 + np.exp(-2.0))
    assert found == pytest.approx(np.array([[0.5, 0.5], [1 - second, second]]), abs=1e-6)
    assert found.dtype == np.float32


def test_more_classes_have_a_softmax():
    """Each class has its own logit. Its probability is its share in the sum of the exponentials."""
    head = Head(np.eye(3, dtype=np.float32), np.float32([0, 1, 0]))
    exponentials = np.exp([1.0, 1.0, 3.0])
    found = head.probabilities(np.float32([[1, 0, 3]]))
    assert found == pytest.approx(exponentials[None] / exponentials.sum(), abs=1e-6)
    assert found.dtype == np.float32


@given(st.integers(1, 5), st.sampled_from([0, 1, 100, 1e6]), st.integers(0, 99))
def test_probabilities_sum_to_one(outputs, scale, seed):
    """Probabilities are finite and sum to 1, however large the logits are."""
    random = np.random.default_rng(seed)
    head = Head((random.normal(size=(4, outputs)) * scale).astype(np.float32), np.zeros(outputs, np.float32))
    found = head.probabilities(random.normal(size=(7, 4)).astype(np.float32))
    assert found.shape == (7, max(2, outputs))
    assert ((found >= 0) & (found <= 1)).all()
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("counts", [[40, 30], [30, 40, 20]])
def test_what_lies_apart_is_learned(counts):
    """The head learns classes in different directions. It is also right about unseen rows."""
    head, _ = fitted(examples(counts), examples([10] * len(counts), seed=1))
    unseen = examples([50] * len(counts), seed=2)
    assert accuracy(head.probabilities(unseen.features), unseen.labels) > 0.9
    assert head.kernel.shape == (8, 1 if len(counts) == 2 else len(counts))
    assert head.kernel.dtype == head.bias.dtype == np.float32


def test_the_history_is_of_heads_as_they_are():
    """Steps count from one. The returned head has the lowest validation loss of all rows."""
    train, validation = examples([40, 30, 20]), examples([9, 9, 9], seed=1)
    head, rows = fitted(train, validation)
    assert [row.step for row in rows] == list(range(1, len(rows) + 1))
    assert {row.stage for row in rows} == {"head"}
    best = min(rows, key=lambda row: row.validation_loss)
    seen, unseen = head.probabilities(train.features), head.probabilities(validation.features)
    assert cross_entropy(unseen, validation.labels) == best.validation_loss
    assert accuracy(unseen, validation.labels) == best.validation_accuracy
    assert cross_entropy(seen, train.labels) == best.loss
    assert accuracy(seen, train.labels) == best.accuracy


def test_it_ends_when_it_gets_worse():
    """The fit ends after two steps without a lower loss.

    The labels have no meaning, so the head can only learn them by heart.
    """
    random = np.random.default_rng(0)
    rows = random.normal(size=(60, 30)).astype(np.float32)
    train = Examples(rows, random.integers(0, 2, 60))
    validation = Examples(random.normal(size=(40, 30)).astype(np.float32), random.integers(0, 2, 40))
    _, history = fitted(train, validation)
    losses = [row.validation_loss for row in history]
    assert len(losses) < MOST_STEPS
    assert len(losses) - 1 - losses.index(min(losses)) == 2


def test_steps_are_no_more_than_said():
    """If each step is better than the last, the fit ends at the last strength."""
    _, rows = fitted(examples([30, 30], spread=0.1), examples([9, 9], spread=0.1, seed=1))
    assert len(rows) == MOST_STEPS


def test_the_same_seed_gives_the_same_head():
    """The same examples give the same numbers twice."""
    train, validation = examples([40, 30, 20]), examples([9, 9, 9], seed=1)
    one, other = (fitted(train, validation, seed=7)[0] for _ in range(2))
    assert np.array_equal(one.kernel, other.kernel)
    assert np.array_equal(one.bias, other.bias)


def test_balanced_classes_count_alike():
    """With 200 images against 10, the small class is found more often if classes are balanced."""
    train = examples([200, 10], distance=1.2)
    validation, unseen = examples([40, 40], distance=1.2, seed=1), examples([0, 200], distance=1.2, seed=2)
    found = [
        accuracy(fitted(train, validation, balanced=balanced)[0].probabilities(unseen.features), unseen.labels)
        for balanced in (False, True)
    ]
    assert found[1] > found[0] + 0.2


@pytest.mark.parametrize(("factor", "offset"), [(1e-4, 0), (1000, 0), (1, 50), (0.01, -3)])
def test_scale_and_offset_of_features_do_not_matter(factor, offset):
    """If features are scaled or shifted, the head still gives the same probabilities."""
    train, validation = examples([30, 30, 30]), examples([9, 9, 9], seed=1)
    moved = [
        Examples(part.features * np.float32(factor) + np.float32(offset), part.labels) for part in (train, validation)
    ]
    expected = fitted(train, validation)[0].probabilities(validation.features)
    found = fitted(*moved)[0].probabilities(moved[1].features)
    assert np.allclose(found, expected, atol=0.02)


def test_rows_of_both():
    """`together` returns the rows of the first set, then the rows of the second set."""
    one, other = examples([2, 1]), examples([1, 2], seed=1)
    both = together(one, other)
    assert both.labels.tolist() == [0, 0, 1, 0, 1, 1]
    assert np.array_equal(both.features, np.concatenate([one.features, other.features]))
    assert both.features.dtype == np.float32


@pytest.mark.parametrize("counts", [[40, 30], [30, 40, 20]])
def test_a_head_is_fitted_again_at_the_strength_that_was_chosen(counts):
    """On the same images, the new head equals the chosen one. On more images, it is as good.

    Small differences come from the point at which the solver stops.
    """
    train, validation = examples(counts), examples([10] * len(counts), seed=1)
    fit = fit_head(train, validation, balanced=True, seed=0, hear=lambda row: None)
    again = fit_again(train, fit.strength, balanced=True, seed=0)
    unseen = examples([50] * len(counts), seed=2)
    expected = fit.head.probabilities(unseen.features)
    assert np.allclose(again.probabilities(unseen.features), expected, atol=0.1)
    more = fit_again(together(train, validation), fit.strength, balanced=True, seed=0)
    assert accuracy(more.probabilities(unseen.features), unseen.labels) > 0.9
    assert more.kernel.dtype == more.bias.dtype == np.float32


def test_features_that_say_nothing():
    """If all rows are equal, every class is equally likely, and all numbers are finite."""
    rows = np.full((20, 3), 7, np.float32)
    head, _ = fitted(Examples(rows, np.arange(20) % 2), Examples(rows, np.arange(20) % 2))
    assert np.allclose(head.probabilities(rows), 0.5, atol=1e-3)


def test_one_image_a_class_will_do():
    """A class with a single image is learned too."""
    train = examples([1, 1, 1], spread=0)
    head, _ = fitted(train, train)
    assert accuracy(head.probabilities(train.features), train.labels) == 1


@settings(max_examples=8, deadline=None)
@given(st.integers(2, 4), st.integers(1, 6), st.integers(0, 999))
def test_any_examples_give_a_head(classes, width, seed):
    """Whatever the rows are, the head is finite and fits their width and number of classes."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, 10)])
    train = Examples(random.normal(size=(len(labels), width)).astype(np.float32), labels)
    steps = count()
    head = fit_head(train, train, balanced=True, seed=seed, hear=lambda row: next(steps)).head
    assert head.kernel.shape == (width, 1 if classes == 2 else classes)
    assert np.isfinite(head.kernel).all()
    assert np.isfinite(head.bias).all()
    assert 1 <= next(steps) <= MOST_STEPS
