"""Small but real networks and classifiers for the tests."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from imgsort.features.keras_backend import import_keras
from imgsort.learning.network.networks import head_of
from imgsort.learning.result.classifier import Classifier, NetworkRecord, Reference
from imgsort.learning.result.classifier_file import save_classifier

SIDE_PX = 32


@pytest.fixture(scope="session")
def tiny_network() -> Callable[..., Any]:
    """A function that builds a tiny network with the layer names that imgsort expects."""
    layers = import_keras().layers

    def build(classes: int = 3, size_px: int = SIDE_PX) -> Any:
        inputs = layers.Input((size_px, size_px, 3))
        x = layers.Rescaling(1 / 255)(inputs)
        x = layers.Conv2D(6, 3, strides=4, activation="relu")(x)
        x = layers.Identity(name="map")(x)
        x = layers.GlobalAveragePooling2D(name="features")(x)
        units, activation = (1, "sigmoid") if classes == 2 else (classes, "softmax")
        return import_keras().Model(inputs, layers.Dense(units, activation=activation, name="classes")(x))

    return build


@pytest.fixture(scope="session")
def classifier_of() -> Callable[..., Classifier]:
    """A function that returns a classifier with a network's own head. The rest is made up."""

    def make(network: Any, *classes: str, **options: Any) -> Classifier:
        head = head_of(network)
        random = np.random.default_rng(5)
        return Classifier(
            **{
                "classes": classes,
                "network": NetworkRecord("cnn", network.input_shape[1], is_stock=False, weights_sha256=""),
                "head": head,
                "centres": random.normal(size=(len(classes), head.kernel.shape[0])).astype(np.float32),
                "reference": Reference(confidence=0.75, low_confidence=0.5, far_distance=1.25),
                "trained_on": frozenset({"00ff", "abcd"}),
                "provenance": {"imgsort": "0", "seed": 3, "images": {"train": 7}},
                **options,
            }
        )

    return make


@pytest.fixture(scope="session")
def small_file(tmp_path_factory, tiny_network, classifier_of) -> bytes:
    """The bytes of a classifier file with the tiny network and three classes."""
    file = tmp_path_factory.mktemp("classifier") / "small.keras"
    network = tiny_network()
    save_classifier(file, network, classifier_of(network, "ant", "bee", "cat"))
    return file.read_bytes()
