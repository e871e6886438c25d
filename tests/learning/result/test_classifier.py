import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.learning.network.head import Examples, Head
from imgsort.learning.result.classifier import (
    Classifier,
    NetworkRecord,
    Predictions,
    Reference,
    centres_of_classes,
    predictions_of,
    reference_of,
)

HEAD = Head(np.eye(3, dtype=np.float32) * 4, np.zeros(3, np.float32))
CENTRES = np.eye(3, dtype=np.float32)


def predictions(confidences, distances=None, likeliest=0) -> Predictions:
    """Return predictions for two classes with these confidences."""
    confidences = np.float32(confidences)
    probabilities = np.stack([confidences, 1 - confidences], axis=1)
    if likeliest:
        probabilities = probabilities[:, ::-1]
    return Predictions(probabilities, np.zeros(len(confidences)) if distances is None else np.array(distances))


def classifier(reference) -> Classifier:
    record = NetworkRecord("cnn", 32, is_stock=False, weights_sha256="")
    return Classifier(("a", "b", "c"), record, HEAD, CENTRES, reference, frozenset(), {})


def test_what_is_said_of_features():
    """Probabilities come from the head, and the label is the most likely class.

    The distance is the distance to the nearest centre.
    """
    features = np.float32([[2, 0, 0], [0, 0.5, 0.5], [0, 0, 7]])
    found = classifier(Reference(0.5, 0.5, 0.5)).predict(features)
    assert np.array_equal(found.probabilities, HEAD.probabilities(features))
    assert found.labels.tolist()[::2] == [0, 2]
    assert found.confidences == pytest.approx(found.probabilities.max(axis=1))
    assert found.distances == pytest.approx([0, np.sqrt(2 - np.sqrt(2)), 0], abs=1e-6)
    assert found.distances.dtype == np.float64


def test_nothing_is_said_of_no_features():
    """No rows give no predictions."""
    found = predictions_of(HEAD, CENTRES, np.empty((0, 3), np.float32))
    assert len(found.labels) == len(found.confidences) == len(found.distances) == 0


def test_the_strength_of_a_row_does_not_move_it():
    """Distances are computed for rows of unit length."""
    features = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    one, other = (predictions_of(HEAD, CENTRES, features * np.float32(factor)).distances for factor in (1, 30))
    assert np.allclose(one, other, atol=1e-5)


def test_centres_are_means_of_unit_rows():
    """The centre of a class is the mean of its rows, each scaled to unit length."""
    centres = centres_of_classes(Examples(np.float32([[2, 0], [0, 5], [0, -1]]), np.array([0, 0, 1])))
    assert centres == pytest.approx(np.array([[0.5, 0.5], [0, -1]]))
    assert centres.dtype == np.float32


@given(st.lists(st.tuples(st.integers(50, 100), st.booleans()), min_size=1, max_size=80))
def test_nineteen_in_twenty_are_right_from_the_confidence_on(rows):
    """Of the images with at least the reference confidence, at least 95 % are right.

    It is the lowest such confidence of the validation images. If all of these images reach it, a majority (0.5) is
    enough.
    """
    confidences = np.float32([row[0] / 100 for row in rows])
    right = np.array([row[1] for row in rows])
    # At exactly one half, both classes are equally likely, and the label is the first class.
    reference = reference_of(predictions(confidences), np.where(right, 0, 1))
    good = [level for level in set(confidences.tolist()) if right[confidences >= level].mean() >= 0.95]
    if not good:
        assert reference.confidence > 1
    else:
        assert reference.confidence == (0.5 if min(good) == confidences.min() else min(good))


@pytest.mark.parametrize("confidences", [[0.9, 0.8], [1.0, 1.0]])
def test_a_confidence_that_never_was_right(confidences):
    """If even the surest images are wrong, no image is sure enough, not even at probability 1."""
    reference = reference_of(predictions(confidences), np.array([1, 1]))
    assert not (predictions([1.0]).confidences >= reference.confidence).any()


def test_one_in_twenty_lies_beyond_the_edges():
    """The edges are the 5 % quantile of confidence and the 95 % quantile of distance."""
    random = np.random.default_rng(0)
    confidences, distances = random.uniform(0.5, 1, 1000), random.uniform(0, 2, 1000)
    reference = reference_of(predictions(confidences, distances), np.zeros(1000, np.intp))
    assert (np.float32(confidences) < reference.low_confidence).mean() == pytest.approx(0.05, abs=0.002)
    assert (distances > reference.far_distance).mean() == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize(
    ("confidences", "distances", "expected"),
    [
        ([0.9] * 20, [0.1] * 20, None),
        ([0.9] * 20, [0.1] * 14 + [2] * 6, "distance"),
        ([0.9] * 20, [0.1] * 15 + [2] * 5, None),
        ([0.9] * 14 + [0.5] * 6, [0.1] * 20, "confidence"),
        ([0.9] * 15 + [0.5] * 5, [0.1] * 20, None),
        ([0.5] * 20, [2] * 20, "distance"),
        ([0.5] * 9, [2] * 9, None),
        ([0.5] * 10, [2] * 10, "distance"),
        ([], [], None),
    ],
)
def test_images_of_another_kind_are_noticed(confidences, distances, expected):
    """Images are reported as unlike the known ones if more than a quarter lie beyond an edge.

    There must be at least ten images.
    """
    reference = Reference(confidence=0.8, low_confidence=0.6, far_distance=1.0)
    assert classifier(reference).unlikeness(predictions(confidences, distances)) == expected


def test_the_validation_images_look_like_themselves():
    """A reference never reports the images that it was learned from as unlike."""
    random = np.random.default_rng(1)
    own = predictions(random.uniform(0.5, 1, 40), random.uniform(0, 2, 40), likeliest=1)
    assert classifier(reference_of(own, np.ones(40, np.intp))).unlikeness(own) is None
