"""What a classifier's file says of its network is what Keras 3.4 understands. `benchmarks/older_keras.py` tries it."""

import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from imgsort.features.keras_backend import import_keras
from imgsort.features.models.backbones import BACKBONES
from imgsort.learning.network.networks import build_small_network, freeze_normalisation, with_augmentation
from imgsort.learning.network.portable_network import portable, save_portably
from imgsort.learning.result.classifier_file import save_classifier
from tests.learning.network.test_networks import SIZES_PX, built, outputs, pictures
from tests.support.archives import CONFIG

# The arguments of the layers' constructors in Keras 3.4.0, as its source has them, initialisers aside.
OF_ALL = "name trainable dtype"
CONVOLUTION = (
    "kernel_size strides padding data_format dilation_rate activation use_bias bias_regularizer activity_regularizer "
    "bias_constraint"
)
KNOWN_TO_3_4 = {
    "Activation": "activation",
    "Add": "",
    "AveragePooling2D": "pool_size strides padding data_format",
    "BatchNormalization": "axis momentum epsilon center scale beta_regularizer gamma_regularizer beta_constraint "
    "gamma_constraint synchronized",
    "Concatenate": "axis",
    "Conv2D": f"{CONVOLUTION} filters groups kernel_regularizer kernel_constraint",
    "Dense": "units activation use_bias kernel_regularizer bias_regularizer activity_regularizer kernel_constraint "
    "bias_constraint lora_rank",
    "DepthwiseConv2D": f"{CONVOLUTION} depth_multiplier depthwise_regularizer depthwise_constraint",
    "Dropout": "rate noise_shape seed",
    "Flatten": "data_format",
    "GlobalAveragePooling2D": "data_format keepdims",
    "Identity": "",
    "InputLayer": "shape batch_size sparse batch_shape",
    "MaxPooling2D": "pool_size strides padding data_format",
    "ReLU": "max_value negative_slope threshold",
    "Rescaling": "scale offset",
    "ZeroPadding2D": "padding data_format",
    "Functional": "layers input_layers output_layers",
}
OBJECT = {"module", "class_name", "config", "registered_name", "name", "inbound_nodes"}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object that a description has, the network itself and the networks in it too."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from objects(part)


def described(file: Any) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        return json.loads(archive.read(CONFIG))


def network(name: str) -> Any:
    return build_small_network(32, 3) if name == "cnn" else built(name)


@pytest.mark.parametrize("name", [*BACKBONES, "cnn"])
def test_a_file_says_only_what_keras_3_4_knows(tmp_path, classifier_of, name):
    """No layer has an argument, an initialiser or a type that Keras 3.4 does not know, and none is nested deeper."""
    whole = network(name)
    save_classifier(tmp_path / "n.keras", whole, classifier_of(whole, "a", "b", "c"))
    found = list(objects(described(tmp_path / "n.keras")))
    assert len(found) > 15
    for value in found:
        kind, config = value["class_name"], value["config"]
        if kind == "__keras_tensor__":
            assert set(value) == {"class_name", "config"}
            assert set(config) == {"shape", "dtype", "keras_history"}
            continue
        assert set(value) <= OBJECT, kind
        assert kind in KNOWN_TO_3_4
        assert set(config) <= set(f"{OF_ALL} {KNOWN_TO_3_4[kind]}".split()), kind
        assert config.get("dtype", "float32") == "float32"
        for node in value.get("inbound_nodes", []):
            assert set(node) == {"args", "kwargs"}
            assert set(node["kwargs"]) <= {"training", "mask"}


@pytest.mark.parametrize("name", [*BACKBONES, "cnn"])
def test_a_file_lacks_nothing(tmp_path, name):
    """Plain Keras loads the file, with every layer as it was, the same weights and the same answers."""
    expected = network(name)
    save_portably(expected, tmp_path / "n.keras")
    loaded = import_keras().models.load_model(tmp_path / "n.keras")
    assert portable(json.loads(loaded.to_json())) == portable(json.loads(expected.to_json()))
    pixels = pictures(SIZES_PX.get(name, 32))
    assert np.array_equal(outputs(loaded, pixels), outputs(expected, pixels))


def test_a_network_that_was_trained(tmp_path):
    """What is frozen stays frozen in the file, and the file holds neither an optimiser nor what changes images."""
    trained = build_small_network(32, 3)
    trained.get_layer("features").trainable = False
    augmented = with_augmentation(trained, "strong", 0)
    augmented.compile("adam", "sparse_categorical_crossentropy")
    augmented.fit(pictures(32, 4), np.array([0, 1, 2, 0]), verbose=0)
    trained.compile("adam", "sparse_categorical_crossentropy")
    save_portably(trained, tmp_path / "n.keras")
    config = described(tmp_path / "n.keras")
    assert "compile_config" not in config
    frozen = {layer["name"] for layer in config["config"]["layers"] if not layer["config"].get("trainable", True)}
    assert frozen == {"features"}
    loaded = import_keras().models.load_model(tmp_path / "n.keras")
    assert np.array_equal(outputs(loaded, pictures(32)), outputs(trained, pictures(32)))


def test_a_fine_tuned_backbone(tmp_path):
    """The normalisation of a backbone that was trained further comes back frozen, with its numbers."""
    tuned = import_keras().models.clone_model(built("efficientnet-lite0"))
    freeze_normalisation(tuned)
    save_portably(tuned, tmp_path / "n.keras")
    loaded = import_keras().models.load_model(tmp_path / "n.keras")
    assert len(loaded.trainable_weights) == len(tuned.trainable_weights) < len(tuned.weights)
    for found, expected in zip(loaded.get_weights(), tuned.get_weights(), strict=True):
        assert np.array_equal(found, expected)


def test_mixed_precision_stays():
    """A layer's type is its name, whatever the type."""
    layers = import_keras().layers
    dense = layers.Dense(3, dtype="mixed_bfloat16")
    assert portable(import_keras().saving.serialize_keras_object(dense))["config"]["dtype"] == "mixed_bfloat16"


@pytest.mark.parametrize(
    ("name", "argument", "value", "is_kept"),
    [
        ("BatchNormalization", "renorm", False, False),
        ("BatchNormalization", "renorm", True, True),
        ("BatchNormalization", "renorm_momentum", 0.99, False),
        ("BatchNormalization", "renorm_momentum", 0.5, True),
        ("InputLayer", "ragged", False, False),
        ("InputLayer", "optional", False, False),
        ("InputLayer", "optional", True, True),
        ("Dense", "quantization_config", None, False),
        ("Dense", "quantization_config", {"mode": "int8"}, True),
        ("Dense", "of_a_keras_to_come", 1, True),
        ("Conv2D", "kernel_initializer", "he_normal", False),
    ],
)
def test_an_argument_of_a_newer_keras(name, argument, value, is_kept):
    """It goes if an older Keras does the same without it. Otherwise it stays, and an older Keras refuses the file."""
    described = {"module": "keras.layers", "class_name": name, "config": {"name": "x", argument: value}}
    assert (argument in portable(described)["config"]) == is_kept


def test_a_description_that_is_portable_stays():
    """To make a description portable twice changes nothing more."""
    once = portable(json.loads(built("resnet50v2").to_json()))
    assert portable(once) == once


def test_only_one_file_is_left(tmp_path):
    """The file as Keras writes it does not stay beside the other."""
    save_portably(build_small_network(32, 2), tmp_path / "n.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["n.keras"]
