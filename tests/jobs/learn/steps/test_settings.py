"""Tests the options of training, and the errors for wrong ones."""

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
    """The message names the wrong value, or the values that are allowed."""
    with pytest.raises(UsageError, match=words):
        LearnSettings(**options)


def test_every_option_is_a_setting():
    """`LearnSettings` checks every option that a script may give, except the two options of the image reader."""
    assert set(LearnSettings.__dataclass_fields__) == set(LearnOptions.__annotations__) - {"max_pixels", "truncated"}


def test_the_side_of_the_square():
    """A backbone uses the size that suits its classifiers best, and the small network its own.

    --size overrides both.
    """
    for name, backbone in BACKBONES.items():
        assert LearnSettings(model=name).size_px == backbone.classifier_px
    assert LearnSettings().size_px == 224
    assert LearnSettings(model="cnn").size_px == 256
    assert LearnSettings(model="cnn", size=32).size_px == LearnSettings(size=32).size_px == 32


def test_features_are_made_in_float32():
    """Features are float32, so that a classifier gives the same answers everywhere. Other options are passed on."""
    features = LearnSettings(
        model="vgg16", weights="w.h5", size=64, device="cpu", cache=False, verify=True
    ).model_settings
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
    """By default, only a head is trained. The small network and random weights are trained whole."""
    settings = LearnSettings(**options)
    assert (settings.from_nothing, settings.trains_network) == (from_nothing, trains_network)


def test_training_is_gentle_with_what_was_learned_before():
    """Fine-tuning has fewer epochs and a lower rate. Given values override these.

    The seed and the class weights are passed on.
    """
    new, old = LearnSettings(model="cnn").training, LearnSettings(fine_tune=True).training
    assert (new.epochs, new.batch_size, new.learning_rate, new.augment) == (40, 16, 5e-4, "light")
    assert (old.epochs, old.batch_size, old.learning_rate, old.augment) == (12, 16, 1e-4, "light")
    given = {"epochs": 3, "batch_size": 5, "learning_rate": 0.5, "augment": "none", "seed": 7}
    training = LearnSettings(model="cnn", class_weights="none", tensorboard="logs", **given).training
    assert {name: getattr(training, name) for name in given} == given
    assert (training.balanced, training.tensorboard) == (False, Path("logs"))


def test_the_names_that_can_be_learned():
    """Every backbone can be trained. The error for another name lists all backbones and the small network."""
    for name in BACKBONES:
        require_learnable(name)
    with pytest.raises(UsageError, match=r"cnn, .*efficientnet-lite0"):
        require_learnable("resnet")
