import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from imgsort.learning.network.measures import ECE_BINS, accuracy, cross_entropy, expected_calibration_error


@st.composite
def judged(draw):
    """Return probabilities, float32 (n, classes), with rows that sum to 1, and labels."""
    rows, classes = draw(st.integers(1, 30)), draw(st.integers(2, 6))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    logits = random.normal(size=(rows, classes)) * draw(st.sampled_from([0, 0.1, 1, 10, 100]))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities, random.integers(0, classes, rows)


@given(judged())
def test_calibration_error_is_a_share(judged):
    """The calibration error is from 0 to 1, whatever the probabilities are."""
    assert 0 <= expected_calibration_error(*judged) <= 1 + 1e-6


@given(judged())
def test_calibration_error_is_the_papers(judged):
    """The error is the weighted mean of |accuracy - confidence| over fifteen bins.

    The test computes it one bin at a time.
    """
    probabilities, labels = judged
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum(np.floor(confidence * ECE_BINS), ECE_BINS - 1)
    expected = sum(
        (bins == number).mean() * abs(right[bins == number].mean() - confidence[bins == number].mean())
        for number in set(bins.tolist())
    )
    assert expected_calibration_error(probabilities, labels) == pytest.approx(expected, abs=1e-5)


def test_calibration_error_by_a_table():
    """The error is 0 if four of five are right at 80 %, and 0.2 if all are right at 80 %.

    It is 1 if all are wrong at the highest confidence.
    """
    sure = np.tile(np.float32([0.8, 0.2]), (5, 1))
    assert expected_calibration_error(sure, np.array([0, 0, 0, 0, 1])) == pytest.approx(0, abs=1e-6)
    assert expected_calibration_error(sure, np.zeros(5, np.intp)) == pytest.approx(0.2, abs=1e-6)
    assert expected_calibration_error(np.float32([[1, 0], [0, 1]]), np.array([1, 0])) == 1


def test_cross_entropy_is_scikit_learns():
    """Cross-entropy is the mean of -log(p) of each row's own class."""
    probabilities = np.random.default_rng(3).dirichlet(np.ones(4), 50)
    labels = np.random.default_rng(4).integers(0, 4, 50)
    expected = log_loss(labels, probabilities, labels=range(4))
    assert cross_entropy(probabilities.astype(np.float32), labels) == pytest.approx(expected, rel=1e-4)


@given(judged())
def test_cross_entropy_is_finite(judged):
    """Cross-entropy is from 0 to the limit that Keras' own bound sets, whatever the probabilities are."""
    assert 0 <= cross_entropy(*judged) <= -np.log(1e-7) * (1 + 1e-6)


def test_a_probability_of_nothing_has_a_finite_loss():
    """A classifier that was certain and wrong has the loss that Keras gives.

    A classifier that was certain and right has a loss of 0.
    """
    assert cross_entropy(np.float32([[1, 0]]), np.array([1])) == pytest.approx(-np.log(1e-7), rel=1e-4)
    assert cross_entropy(np.float32([[1, 0]]), np.array([0])) == 0


@given(judged())
def test_accuracy_is_the_share_of_rows_that_are_right(judged):
    """Accuracy is the share of the right rows. The test counts row by row."""
    probabilities, labels = judged
    right = [int(row.argmax()) == label for row, label in zip(probabilities, labels, strict=True)]
    assert accuracy(probabilities, labels) == pytest.approx(sum(right) / len(right))
