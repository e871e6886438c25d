import re

import numpy as np
import pytest

from imgsort.errors import WeightsError
from imgsort.features.extraction import prepare_extraction
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES
from imgsort.features.models.efficientnet_lite import add_classifier, build_efficientnet_lite, load_state
from imgsort.features.models.imagenet_classes import beside_classes, class_logits, class_probabilities, class_words
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.weights.formats.torch_archive import read_state_dict
from imgsort.images.decoding.decode import DEFAULTS
from tests.support.torch_format import Storage, Tensor, old_format

LITE = BACKBONES[ALWAYS_THERE]
WEIGHTS = LITE.weights.file
SIDE_PX = 64


def pictures() -> np.ndarray:
    """Return uint8 (4, 64, 64, 3), RGB: two kinds of noise, a black picture and a gradient."""
    random = np.random.default_rng(3)
    found = random.integers(0, 256, (4, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    found[1] = random.integers(100, 140, (SIDE_PX, SIDE_PX, 1), dtype=np.uint8)
    found[2] = 0
    found[3] = np.linspace(0, 255, SIDE_PX, dtype=np.uint8)[:, None, None]
    return found


@pytest.fixture(scope="module")
def features(lite_model):
    """The features of the pictures, from the model that sorts and has no classifier."""
    extraction = prepare_extraction(
        PooledModel(lite_model, SIDE_PX),
        DEFAULTS,
        notice=lambda text: None,
        batch_size=4,
        device="cpu",
        precision="float32",
    )
    return extraction.extractor.extract(pictures())


def test_probabilities_are_those_of_the_whole_model(features):
    """Features alone give the same probabilities as the Keras model with its classifier."""
    classifier = add_classifier(build_efficientnet_lite(SIDE_PX))
    load_state(classifier, read_state_dict(WEIGHTS.read_bytes()))
    expected = classifier(LITE.prepare(pictures()), training=False).numpy()
    found = class_probabilities(features, WEIGHTS)
    assert (found.shape, found.dtype) == ((4, 1000), np.float32)
    assert np.abs(found - expected).max() < 1e-4
    assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    assert np.abs(expected[0] - expected[2]).max() > 0.01, "pictures must differ"


def test_probabilities_are_numbers_however_strong_the_features(features):
    """Probabilities are from 0 to 1 and sum to 1, however large the features are.

    This holds even if an exponential is too large for single precision.
    """
    found = class_probabilities(np.concatenate([features * 1000, features * 0]), WEIGHTS)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


def test_no_image_has_no_class():
    """An empty matrix gives an empty matrix."""
    assert class_logits(np.empty((0, 1280), np.float32), WEIGHTS).shape == (0, 1000)
    assert class_probabilities(np.empty((0, 1280), np.float32), WEIGHTS).shape == (0, 1000)


def test_the_cosine_beside_classes_is_four_fifths_of_the_features(features):
    """The cosine of the rows is four fifths of the features' cosine and a fifth of the logits'.

    What all classes have in common is taken from the logits before.
    """

    def cosines(rows):
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit @ unit.T

    logits = class_logits(features, WEIGHTS)
    expected = 0.8 * cosines(features) + 0.2 * cosines(logits - logits.mean(axis=1, keepdims=True))
    rows = beside_classes(features, WEIGHTS)
    assert rows.shape == (4, 2280)
    assert np.allclose(cosines(rows), expected, atol=1e-5)
    assert np.isfinite(beside_classes(np.zeros((1, 1280), np.float32), WEIGHTS)).all()


def test_a_word_for_every_class():
    """There are a thousand words of at most 40 characters: a to z, 0 to 9 and `_`. No word begins or ends with `_`."""
    words = class_words()
    assert len(words) == 1000
    assert [word for word in words if not re.fullmatch(r"[a-z0-9](\w*[a-z0-9])?", word, re.ASCII)] == []
    assert [word for word in words if word.lower() != word or "__" in word or len(word) > 40] == []
    assert len(set(words)) > 990


def test_words_are_those_of_their_classes():
    """Each number has the right word, because the words are in the order of the weights."""
    words = class_words()
    found = {number: words[number] for number in (0, 281, 442, 497, 504, 967, 985, 999)}
    expected = {0: "tench", 281: "tabby", 442: "bell", 497: "church", 504: "mug", 967: "espresso", 985: "daisy"}
    expected[999] = "toilet"
    assert {number: word for number, word in expected.items() if word not in found[number]} == {}


def test_words_are_no_sentences():
    """A word is the name of a thing, not a sentence about it."""
    assert [word for word in class_words() if word.startswith(("a_", "an_", "the_"))] == []


def weights_of(path, **shapes):
    """Write a weights file in torch's format, with tensors of these shapes."""
    tensors = {}
    for name, shape in shapes.items():
        numbers = np.zeros(int(np.prod(shape)), "<f4")
        strides = tuple(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape)))
        tensors[name] = Tensor(Storage(name, numbers), 0, shape, strides)
    path.write_bytes(old_format(tensors))
    return path


@pytest.mark.parametrize(
    "shapes",
    [
        {"_bn1.weight": (4,)},
        {"_fc.weight": (1000, 8)},
        {"_fc.bias": (1000,)},
        {"_fc.weight": (1000, 7), "_fc.bias": (1000,)},
        {"_fc.weight": (8, 1000), "_fc.bias": (1000,)},
        {"_fc.weight": (1000, 8), "_fc.bias": (999,)},
    ],
)
@pytest.mark.parametrize("see", [class_logits, class_probabilities, beside_classes])
def test_weights_without_a_classifier_that_fits(tmp_path, see, shapes):
    """If a part of the classifier is missing or does not fit the features, the error names the file."""
    file = weights_of(tmp_path / "own.pth", **shapes)
    with pytest.raises(WeightsError, match=r"own\.pth: this file has no classifier for 8 features"):
        see(np.ones((2, 8), np.float32), file)


@pytest.mark.parametrize("data", [b"", b"no weights", b"\x80\x02."])
def test_a_file_that_is_no_weights(tmp_path, data):
    """A file of other bytes is refused with a WeightsError."""
    (tmp_path / "own.pth").write_bytes(data)
    with pytest.raises(WeightsError):
        class_probabilities(np.ones((2, 8), np.float32), tmp_path / "own.pth")


def test_features_of_another_model():
    """VGG16's 512 features do not fit this classifier."""
    with pytest.raises(WeightsError, match="no classifier for 512 features"):
        class_probabilities(np.ones((2, 512), np.float32), WEIGHTS)
