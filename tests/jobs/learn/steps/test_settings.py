"""The options of training, and what is no option."""

from pathlib import Path

import pytest

from imgsort.errors import UsageError
from imgsort.features.models.backbones import BACKBONES
from imgsort.jobs.learn.steps.settings import LearnOptions, LearnSettings, require_learnable

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "vgg99"}, "there are cnn, "),
        ({"size": 31}, "from 32 to 2048"),
        ({"size": 2049}, "from 32 to 2048"),
        ({"model": "cnn", "fine_tune": True}, "--fine-tune"),
        ({"model": "cnn", "weights": "cnn.h5"}, "--weights"),
        ({"split": (70, 30)}, "three shares"),
        ({"split": (70, 10, 10, 10)}, "three shares"),
        ({"split": (0, 50, 50)}, "more than 0"),
        ({"split": (50, 0, 50)}, "more than 0"),
        ({"split": (50, 60, -10)}, "three shares"),
        ({"split": (NAN, 15, 15)}, "three shares"),
        ({"split": (70, 15, NAN)}, "three shares"),
        ({"split": (INFINITE, 15, 15)}, "three shares"),
        ({"augment": "much"}, "light"),
        ({"class_weights": "heavy"}, "balanced"),
        ({"epochs": 0}, "epochs 0"),
        ({"batch_size": 0}, "batch size 0"),
        ({"learning_rate": 0}, "learning rate 0"),
        ({"learning_rate": -1.0}, "learning rate -1"),
        ({"learning_rate": NAN}, "learning rate nan"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 2**32}, "seed"),
    ],
)
def test_what_is_no_option_is_a_usage_error(options, words):
    """The message names the value, or what it may be."""
    with pytest.raises(UsageError, match=words):
        LearnSettings(**options)


def test_every_option_is_a_setting():
    """What a script may give is what is checked, but for the reader's own."""
    assert set(LearnSettings.__dataclass_fields__) == set(LearnOptions.__annotations__) - {"max_pixels", "truncated"}


def test_the_side_of_the_square():
    """A backbone sees what its classifiers do best with, the small network its own, and --size goes before both."""
    for name, backbone in BACKBONES.items():
        assert LearnSettings(model=name).size_px == backbone.classifier_px
    assert LearnSettings().size_px == 224
    assert LearnSettings(model="cnn").size_px == 256
    assert LearnSettings(model="cnn", size=32).size_px == LearnSettings(size=32).size_px == 32


def test_features_are_made_in_float32():
    """So that a classifier says the same wherever it is used; the other options go along."""
    features = LearnSettings(model="vgg16", weights="w.h5", size=64, device="cpu", cache=False, verify=True).features
    assert (features.precision, features.model, features.weights, features.size) == (
        *("float32", "vgg16"),
        *(Path("w.h5"), 64),
    )
    assert (features.device, features.cache, features.verify) == ("cpu", False, True)


@pytest.mark.parametrize(
    ("options", "from_nothing", "trains_network"),
    [
        ({}, False, False),
        ({"fine_tune": True}, False, True),
        ({"model": "cnn"}, True, True),
        ({"model": "cnn", "weights": "none"}, True, True),
        ({"weights": "none"}, True, True),
        ({"weights": "by-hand.h5"}, False, False),
    ],
)
def test_what_is_trained(options, from_nothing, trains_network):
    """A head alone, unless asked for more; the small network and random weights are trained whole."""
    settings = LearnSettings(**options)
    assert (settings.from_nothing, settings.trains_network) == (from_nothing, trains_network)


def test_training_is_gentle_with_what_was_learned_before():
    """Fewer epochs at a lower rate; what is given goes before, and seed and weights of classes go along."""
    new, old = LearnSettings(model="cnn").training, LearnSettings(fine_tune=True).training
    assert (new.epochs, new.batch_size, new.learning_rate, new.augment) == (40, 16, 5e-4, "light")
    assert (old.epochs, old.batch_size, old.learning_rate, old.augment) == (12, 16, 1e-4, "light")
    given = {"epochs": 3, "batch_size": 5, "learning_rate": 0.5, "augment": "none", "seed": 7}
    training = LearnSettings(model="cnn", class_weights="none", tensorboard="logs", **given).training
    assert {name: getattr(training, name) for name in given} == given
    assert (training.balanced, training.tensorboard) == (False, Path("logs"))


def test_the_names_that_can_be_learned():
    """Every backbone; the error for another name counts them up, and the small network with them."""
    for name in BACKBONES:
        require_learnable(name)
    with pytest.raises(UsageError, match=r"cnn, .*efficientnet-lite0"):
        require_learnable("resnet")
