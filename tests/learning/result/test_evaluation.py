import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from imgsort.learning.result.evaluation import evaluate_predictions, worst_mistakes

NAMES = tuple("abcdefghij")


@st.composite
def judged(draw):
    rows, classes = draw(st.integers(1, 40)), draw(st.integers(2, 8))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    probabilities = random.dirichlet(np.full(classes, 0.5), rows).astype(np.float32)
    return probabilities, random.integers(0, draw(st.integers(1, classes)), rows), NAMES[:classes]


@settings(deadline=None)
@given(judged())
def test_the_confusion_matrix_counts_every_image_once(judged):
    """The matrix counts every image once.

    Its sum is the number of images. The sum of a row is the support of its class. The diagonal holds the right answers.
    """
    probabilities, labels, classes = judged
    evaluation = evaluate_predictions(probabilities, labels, classes)
    matrix = np.array(evaluation.confusion_matrix)
    assert matrix.shape == (len(classes), len(classes))
    assert matrix.sum() == evaluation.images == len(labels)
    assert matrix.sum(axis=1).tolist() == [row.support for row in evaluation.per_class]
    assert matrix.sum(axis=0).tolist() == np.bincount(probabilities.argmax(axis=1), minlength=len(classes)).tolist()
    assert np.trace(matrix) / len(labels) == pytest.approx(evaluation.accuracy)


@settings(deadline=None)
@given(judged())
def test_every_figure_is_a_share_and_can_be_printed(judged):
    """All figures except the loss are from 0 to 1. None is NaN, and the whole can be written as JSON."""
    evaluation = evaluate_predictions(*judged)
    shares = ["accuracy", "macro_precision", "macro_recall", "macro_f1", "weighted_f1", "calibration_error"]
    optional = [evaluation.binary_accuracy, evaluation.roc_auc, evaluation.top5_accuracy]
    for figure in (
        *(getattr(evaluation, name) for name in shares),
        *(figure for figure in optional if figure is not None),
    ):
        assert 0 <= figure <= 1 + 1e-6
    assert evaluation.loss >= 0
    printed = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert printed["classes"] == list(judged[2])
    assert printed["per_class"][0]["name"] == "a"
    assert printed["confusion_matrix"] == [list(row) for row in evaluation.confusion_matrix]


@settings(deadline=None)
@given(judged())
def test_figures_are_scikit_learns(judged):
    """The figures are the same as those of scikit-learn.

    Means are over the classes that have images. Weighted means use the number of images of each class.
    """
    probabilities, labels, classes = judged
    evaluation = evaluate_predictions(probabilities, labels, classes)
    there, predicted = sorted(set(labels.tolist())), probabilities.argmax(axis=1)
    for average, kind in (("macro", "macro"), ("weighted", "weighted")):
        expected = metrics.precision_recall_fscore_support(
            labels, predicted, labels=there, average=average, zero_division=0.0
        )
        assert getattr(evaluation, f"{kind}_f1") == pytest.approx(expected[2])
        if kind == "macro":
            assert (evaluation.macro_precision, evaluation.macro_recall) == pytest.approx(expected[:2])
    assert evaluation.accuracy == pytest.approx(metrics.accuracy_score(labels, predicted))


def test_two_classes():
    """The area under the curve uses the second class's probability. The accuracy uses a threshold of one half."""
    second = np.float32([0.1, 0.4, 0.35, 0.8])
    probabilities = np.stack([1 - second, second], axis=1)
    evaluation = evaluate_predictions(probabilities, np.array([0, 0, 1, 1]), ("no", "yes"))
    assert evaluation.roc_auc == pytest.approx(0.75)
    assert evaluation.binary_accuracy == evaluation.accuracy == 0.75
    assert evaluation.top5_accuracy is None
    assert evaluation.confusion_matrix == ((2, 0), (1, 1))
    figures = [(row.name, row.precision, row.recall, row.support) for row in evaluation.per_class]
    assert figures == [("no", pytest.approx(2 / 3), 1, 2), ("yes", 1, 0.5, 2)]


def test_images_of_one_class_alone_have_no_curve():
    """If all images are of one class, there is no ROC curve and no warning."""
    evaluation = evaluate_predictions(np.float32([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]), ("a", "b"))
    assert evaluation.roc_auc is None
    assert evaluation.macro_recall == 0.5
    assert evaluation.per_class[1].support == 0


def test_a_class_without_images_does_not_count():
    """A class without images, and without predictions, lowers no mean."""
    evaluation = evaluate_predictions(np.eye(3, dtype=np.float32)[[0, 0, 1]], np.array([0, 0, 1]), ("a", "b", "c"))
    assert evaluation.macro_f1 == evaluation.macro_recall == evaluation.macro_precision == evaluation.weighted_f1 == 1
    assert (evaluation.roc_auc, evaluation.binary_accuracy, evaluation.top5_accuracy) == (None, None, None)


def test_the_five_likeliest():
    """With six classes, an image counts unless its own class is the least likely one."""
    probabilities = np.float32([[0.3, 0.25, 0.2, 0.15, 0.08, 0.02]] * 3)
    evaluation = evaluate_predictions(probabilities, np.array([0, 4, 5]), NAMES[:6])
    assert evaluation.top5_accuracy == pytest.approx(2 / 3)
    assert evaluate_predictions(probabilities[:, :5], np.array([0, 1, 2]), NAMES[:5]).top5_accuracy is None


def test_the_loss_of_certainty_is_finite():
    """If an answer is certain and wrong, the loss is large but finite."""
    assert math.isfinite(evaluate_predictions(np.float32([[1, 0, 0]]), np.array([2]), NAMES[:3]).loss)


@given(judged(), st.integers(0, 10))
def test_mistakes_come_worst_first(judged, most):
    """Wrong rows come in the order of the probability of their own class, the lowest first.

    There are no more rows than asked for, and no worse row is left out.
    """
    probabilities, labels, _ = judged
    found = worst_mistakes(probabilities, labels, most)
    own = probabilities[np.arange(len(labels)), labels]
    wrong = probabilities.argmax(axis=1) != labels
    assert len(found) == min(most, wrong.sum())
    assert wrong[found].all()
    assert (np.diff(own[found]) >= 0).all()
    left = np.setdiff1d(np.flatnonzero(wrong), found)
    assert not len(left) or not len(found) or own[left].min() >= own[found].max()
