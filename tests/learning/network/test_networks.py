import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgsort.features.keras_backend import import_keras
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES
from imgsort.features.models.choose import ChosenModel, choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.weights_file import WeightsFile
from imgsort.learning.network.foreign_network import require_known_layers
from imgsort.learning.network.head import Head
from imgsort.learning.network.networks import (
    build_on_backbone,
    build_small_network,
    features_part,
    freeze_normalisation,
    head_of,
    set_head,
    with_augmentation,
)
from imgsort.learning.result.classifier_file import load_classifier, save_classifier

SIZES_PX = dict.fromkeys(BACKBONES, 32) | {"inceptionv3": 75}


def pooled(name: str) -> PooledModel:
    """Return the backbone at a small size. It starts with random weights."""
    backbone = replace(BACKBONES[name], load=lambda model, file: None)
    return PooledModel(ChosenModel(backbone, WeightsFile(Path(), "package")), SIZES_PX[name])


@cache
def built(name: str) -> Any:
    """Return a network on the backbone, with random weights. It is built once, and tests must not change it."""
    import_keras().utils.set_random_seed(2)
    return build_on_backbone(pooled(name), 3)


def backbone_of(network: Any) -> Any:
    (backbone,) = (layer for layer in network.layers if isinstance(layer, import_keras().Model))
    return backbone


def pictures(size_px: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (count, size_px, size_px, 3), dtype=np.uint8)


def outputs(model: Any, pixels: np.ndarray, training: bool = False) -> np.ndarray:
    return model(pixels.astype(np.float32), training=training).numpy()


@pytest.mark.parametrize("name", ["vgg16", "resnet50v2", ALWAYS_THERE])
def test_raw_pixels_are_prepared_as_the_backbone_was_trained(name):
    """The network prepares raw pixels in the way that its backbone needs.

    For levels 0-255, RGB, the network's features are the means of the backbone's map of prepared pixels.
    """
    network, model = built(name), pooled(name)
    pixels = pictures(model.size_px)
    expected = backbone_of(network)(model.prepare(pixels), training=False).numpy().mean(axis=(1, 2))
    found, swapped = np.split(outputs(features_part(network), np.concatenate([pixels, pixels[..., ::-1]])), 2)
    assert found.shape == (2, model.model.backbone.width)
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.abs(swapped - expected).max() > 1e-3 * np.abs(expected).max(), "the order of channels must matter"


def test_every_kind_of_preparation_was_tried():
    """The test above covers all the ways in which backbones want their pixels."""
    tried = {BACKBONES[name].prepare for name in ("vgg16", "resnet50v2", ALWAYS_THERE)}
    assert {backbone.prepare for backbone in BACKBONES.values()} == tried


@pytest.mark.parametrize("name", [*BACKBONES, "cnn"])
def test_every_layer_is_one_that_a_file_may_have(name):
    """The saved description of an imgsort network is not refused as an untrusted one."""
    network = build_small_network(32, 3) if name == "cnn" else built(name)
    require_known_layers(json.loads(network.to_json()))


@pytest.mark.parametrize("name", ["vgg16", ALWAYS_THERE, "cnn"])
def test_a_network_loads_again(tmp_path, classifier_of, name):
    """A saved network comes back with the same layers and the same numbers."""
    network = build_small_network(32, 3) if name == "cnn" else built(name)
    save_classifier(tmp_path / "c.keras", network, classifier_of(network, "a", "b", "c"))
    loaded = load_classifier(tmp_path / "c.keras").load_network()
    for found, expected in zip(loaded.get_weights(), network.get_weights(), strict=True):
        assert np.array_equal(found, expected)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in network.layers]


def test_features_are_those_of_the_pooled_backbone():
    """With the real weights, the head gets the features that the rest of imgsort uses for the image."""
    chosen = choose_model(ALWAYS_THERE, ALWAYS_THERE, None, Fetching(pytest.fail))
    model = PooledModel(chosen, 64)
    pixels = pictures(64)
    expected = outputs(model.build(), model.prepare(pixels))
    assert np.allclose(outputs(features_part(build_on_backbone(model, 2)), pixels), expected, atol=1e-4)


@pytest.mark.parametrize(("classes", "units"), [(2, 1), (3, 3), (7, 7)])
def test_the_small_network(classes, units):
    """The small network has three convolutions, 128 features and dropout.

    Its map has an eighth of the side. It has one output for two classes, and one output per class for more.
    """
    network = build_small_network(40, classes)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("Conv2D") == kinds.count("MaxPooling2D") == 3
    assert "Dropout" in kinds
    assert network.input_shape == (None, 40, 40, 3)
    assert network.get_layer("map").output.shape == (None, 5, 5, 64)
    assert network.get_layer("features").output.shape == (None, 128)
    assert network.output_shape == (None, units)


@pytest.mark.parametrize("classes", [2, 4])
def test_a_head_is_set_and_read(classes):
    """After a head is set, the network gives what the head itself gives for the features."""
    network = build_small_network(32, classes)
    random = np.random.default_rng(0)
    units = 1 if classes == 2 else classes
    head = Head(random.normal(size=(128, units)).astype(np.float32), random.normal(size=units).astype(np.float32))
    set_head(network, head)
    assert np.array_equal(head_of(network).kernel, head.kernel)
    assert np.array_equal(head_of(network).bias, head.bias)
    pixels = pictures(32)
    expected = head.probabilities(outputs(features_part(network), pixels))
    assert np.allclose(outputs(network, pixels), expected[:, -units:], atol=1e-5)


@pytest.mark.parametrize("name", ["vgg16", ALWAYS_THERE])
def test_all_of_the_backbone_but_its_normalisation_is_trained(name):
    """Every layer with weights is trained, except batch normalisation.

    The layer that swaps channels is not trained either.
    """
    keras = import_keras()
    network = build_on_backbone(pooled(name), 3)
    freeze_normalisation(network)
    weighty = [layer for layer in backbone_of(network).layers if layer.weights]
    for layer in weighty:
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        assert bool(layer.trainable_weights) == (not is_norm)
    assert network.get_layer("classes").trainable
    assert all(layer.trainable for layer in network.layers if layer.name != "rgb_to_bgr")
    if name == "vgg16":
        assert not network.get_layer("rgb_to_bgr").trainable_weights


def test_a_network_without_a_backbone_is_trained_whole():
    """All parts of a network from scratch are trained."""
    network = build_small_network(32, 3)
    freeze_normalisation(network)
    assert len(network.trainable_weights) == len(network.weights)


@pytest.fixture(scope="module")
def through() -> Any:
    """A network that returns its input."""
    layers = import_keras().layers
    inputs = layers.Input((32, 32, 3))
    return import_keras().Model(inputs, layers.Identity()(inputs))


def photo() -> np.ndarray:
    """Return uint8 (32, 32, 3): a gradient in each of three colours, nowhere black.

    If it is turned or mirrored, it is a different image.
    """
    y, x = np.mgrid[0:32, 0:32]
    return np.stack([40 + 6 * x, 40 + 5 * y, 60 + 2 * (x + y)], axis=-1).astype(np.uint8)


def test_no_augmentation_changes_nothing(through):
    """With `none`, training does not change the images."""
    pixels = pictures(32)
    assert np.array_equal(outputs(with_augmentation(through, "none", 0), pixels, training=True), pixels)


@pytest.mark.parametrize("kind", ["light", "strong"])
def test_augmentation_changes_each_image(through, kind):
    """In training, each image changes, and its levels stay from 0 to 255. Outside of training, no image changes."""
    pixels = np.stack([photo()] * 12)
    augmented = with_augmentation(through, kind, 0)
    changed = outputs(augmented, pixels, training=True)
    assert changed.shape == pixels.shape
    assert changed.min() >= -1e-3
    assert changed.max() <= 255 + 1e-3
    assert np.abs(changed - pixels).mean(axis=(1, 2, 3)).min() > 1
    assert len({image.tobytes() for image in changed}) == len(changed)
    assert np.array_equal(outputs(augmented, pixels), pixels)


def test_images_stay_recognisable(through):
    """Light changes move an image a little.

    On average, its levels stay close to those of the image or of its mirror image.
    """
    pixels = np.stack([photo()] * 20)
    changed = outputs(with_augmentation(through, "light", 3), pixels, training=True)
    middle = np.s_[:, 8:24, 8:24]
    distances = [np.abs(changed[middle] - other[middle]).mean(axis=(1, 2, 3)) for other in (pixels, pixels[:, :, ::-1])]
    assert np.minimum(*distances).max() < 35


def test_the_same_seed_changes_alike(through):
    """The random changes depend on the seed alone, and they are new for each batch."""
    pixels = np.stack([photo()] * 4)
    one, other, another = (with_augmentation(through, "strong", seed) for seed in (1, 1, 2))
    first = outputs(one, pixels, training=True)
    assert np.array_equal(first, outputs(other, pixels, training=True))
    assert not np.array_equal(first, outputs(one, pixels, training=True))
    assert not np.array_equal(first, outputs(another, pixels, training=True))


def test_augmentation_shares_the_weights():
    """Training the augmented network also trains the network itself."""
    network = build_small_network(32, 3)
    augmented = with_augmentation(network, "strong", 0)
    assert {id(weight) for weight in network.trainable_weights} == {
        id(weight) for weight in augmented.trainable_weights
    }


def centre_yx(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centre of the light in each image, in pixels from the top and from the left."""
    light, levels = images.sum(axis=-1), np.arange(images.shape[1])
    total = light.sum(axis=(1, 2))
    return (light.sum(axis=2) * levels).sum(axis=1) / total, (light.sum(axis=1) * levels).sum(axis=1) / total


@pytest.mark.parametrize("kind", ["light", "strong"])
def test_changes_are_drawn_apart_from_each_other(through, kind):
    """The random changes are independent of each other.

    Whether an image is mirrored does not decide how it is turned. How it is turned does not decide how it is scaled,
    moved or lit.
    """
    spot = np.zeros((200, 32, 32, 3), np.float32)
    spot[:, 14:18, 24:28] = 200
    grey = np.full((200, 32, 32, 3), 120, np.float32) + np.linspace(-20, 20, 32)[:, None]
    measures = {
        "RandomFlip": lambda seen: centre_yx(seen)[1],
        "RandomZoom": lambda seen: centre_yx(seen)[1],
        "RandomContrast": lambda seen: seen.std(axis=(1, 2, 3)),
        "RandomBrightness": lambda seen: seen.mean(axis=(1, 2, 3)),
    }
    drawn = []
    for layer in with_augmentation(through, kind, 0).layers:
        name = type(layer).__name__
        if name.startswith("Random"):
            images = grey if name in ("RandomContrast", "RandomBrightness") else spot
            measure = measures.get(name, lambda seen: centre_yx(seen)[0])
            drawn.append(measure(np.asarray(layer(images, training=True))))
    assert len(drawn) == {"light": 4, "strong": 7}[kind]
    # With 200 draws, two independent changes have a correlation of about 0.07 by chance.
    between = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(between).max() < 0.5
