import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from imgsort.cli import main
from imgsort.errors import UsageError
from imgsort.features.extraction import prepare_extraction
from imgsort.features.keras_backend import import_keras
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES, backbone_named
from imgsort.features.models.choose import ChosenModel, choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.keras_host import address_of
from imgsort.images.decoding.decode import DEFAULTS
from tests.support.published_layout import write_published

SIDE_PX = 64
# The module of each model in `keras.applications`.
MODULES = {"vgg16": "vgg16", "resnet50": "resnet", "resnet50v2": "resnet_v2", "inceptionv3": "inception_v3"}
OF_KERAS = list(MODULES)
# InceptionV3 needs at least 75 pixels.
SMALL_PX = dict.fromkeys(BACKBONES, SIDE_PX) | {"inceptionv3": 75}


def map_side(name: str, size_px: int) -> int:
    """Return the side of a model's map, from the strides and paddings in its paper."""
    if name == "vgg16":  # halved five times, rounded down
        return size_px // 32
    if name == "inceptionv3":  # halved five times without padding; two convolutions take two pixels each
        side = (size_px - 1) // 2 - 2
        side = (side - 1) // 2 - 2
        for _ in range(3):
            side = (side - 1) // 2
        return side
    return -(-size_px // 32)


@cache
def built(name: str) -> Any:
    """Return a small model of the row with random weights. It is built once, and tests must not change it."""
    return BACKBONES[name].build(SMALL_PX[name])


def pictures() -> np.ndarray:
    """Return uint8 (3, 64, 64, 3), RGB: noise, a bluish gradient and a reddish gradient."""
    picture = np.random.default_rng(7).integers(0, 256, (3, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    slope = np.linspace(0, 200, SIDE_PX, dtype=np.uint8)
    picture[1] = np.stack([slope[None] * np.ones((SIDE_PX, 1), np.uint8)] * 3, axis=-1)
    picture[2] = picture[1].transpose(1, 0, 2)
    picture[1, ..., 2] = 250
    picture[2, ..., 0] = 250
    return picture


def test_the_command_line_offers_the_models_of_the_table():
    """`--model` and `models pull` take the names in the table."""
    commands = (main.commands["categorize"], main.commands["models"].commands["pull"])
    models = [option for command in commands for option in command.params if option.name in ("model", "name")]
    assert [tuple(option.type.choices) for option in models] == [tuple(BACKBONES)] * 2


@pytest.mark.parametrize("name", BACKBONES)
def test_a_row_is_found_by_its_name(name):
    """Each row is found by its name."""
    assert backbone_named(name) is BACKBONES[name]
    assert BACKBONES[name].name == name


def test_an_unknown_name_is_a_usage_error():
    """The error for an unknown name repeats it, and lists the names in the table."""
    with pytest.raises(UsageError, match=f"no model 'alexnet'; there are {', '.join(BACKBONES)}"):
        backbone_named("alexnet")


@pytest.mark.parametrize("name", BACKBONES)
def test_the_width_is_the_models(name):
    """The number of features in a row of the table is the number of channels that its model gives."""
    size_px, model = SMALL_PX[name], built(name)
    side = map_side(name, size_px)
    assert model.input_shape == (None, size_px, size_px, 3)
    assert model.output_shape == (None, side, side, BACKBONES[name].width)


@pytest.mark.parametrize("name", BACKBONES)
def test_the_size_of_the_row_builds(name):
    """Each model can be built for the size that its row states."""
    backbone = BACKBONES[name]
    side = map_side(name, backbone.size_px)
    assert backbone.build(backbone.size_px).output_shape == (None, side, side, backbone.width)


@pytest.mark.parametrize("name", OF_KERAS)
def test_the_models_of_keras_see_what_keras_prepares(name):
    """Each level of each channel becomes what Keras' own `preprocess_input` gives, except for rounding."""
    prepare = getattr(import_keras().applications, MODULES[name]).preprocess_input
    levels = np.stack([np.random.default_rng(1).permutation(256) for _ in range(3)], axis=-1)
    pixels = levels.astype(np.uint8).reshape(1, 16, 16, 3)
    found, expected = BACKBONES[name].prepare(pixels), prepare(pixels.astype("float32"))
    # Keras divides before it subtracts, which rounds differently. Without a division, all bits are the same.
    assert np.abs(found - expected).max() <= (0 if BACKBONES[name].prepare.divisor == 1 else 2e-7)


def test_lite_is_prepared_as_it_was_trained():
    """EfficientNet-Lite0 gets (rgb - 127) / 128, as in its training."""
    pixels = np.array([[[[0, 127, 255]]]], np.uint8)
    assert BACKBONES[ALWAYS_THERE].prepare(pixels).tolist() == [[[[-127 / 128, 0, 1]]]]


def test_vgg16s_file_and_hash_are_those_of_keras(monkeypatch):
    """The address and MD5 of VGG16's weights are the same as in Keras."""
    import_keras()
    from keras.src.applications import vgg16

    monkeypatch.delenv("IMGSORT_WEIGHTS_URL")
    weights = BACKBONES["vgg16"].weights
    assert address_of(weights.path) == vgg16.WEIGHTS_PATH_NO_TOP
    no_top = inspect.getsource(vgg16.VGG16).rpartition("WEIGHTS_PATH_NO_TOP")[2]
    assert f'file_hash="{weights.md5}"' in no_top
    assert f'"{weights.file.name}"' in inspect.getsource(vgg16.VGG16)


@pytest.mark.parametrize("name", ["resnet50", "resnet50v2"])
def test_the_resnets_files_and_hashes_are_those_of_keras(monkeypatch, name):
    """The address and MD5 of the weights of both ResNets are the same as in Keras."""
    import_keras()
    from keras.src.applications import resnet

    monkeypatch.delenv("IMGSORT_WEIGHTS_URL")
    weights = BACKBONES[name].weights
    assert weights.md5 == resnet.WEIGHTS_HASHES[name][1]
    assert address_of(weights.path) == f"{resnet.BASE_WEIGHTS_PATH}{name}_weights_tf_dim_ordering_tf_kernels_notop.h5"


def test_inceptionv3s_file_and_hash_are_those_of_keras(monkeypatch):
    """The address of InceptionV3's weights and their MD5 are the same as in Keras."""
    import_keras()
    from keras.src.applications import inception_v3

    monkeypatch.delenv("IMGSORT_WEIGHTS_URL")
    weights = BACKBONES["inceptionv3"].weights
    assert address_of(weights.path) == inception_v3.WEIGHTS_PATH_NO_TOP
    no_top = inspect.getsource(inception_v3.InceptionV3).rpartition("WEIGHTS_PATH_NO_TOP")[2]
    assert f'file_hash="{weights.md5}"' in no_top


class Original(NamedTuple):
    """What `keras.applications` itself gives for the pictures, and a file of its weights.

    The file has the published layout.
    """

    weights_file: Path
    maps: np.ndarray


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Callable[[str], Original]:
    """A function that returns the original of a model. Each original is made once."""
    folder = tmp_path_factory.mktemp("weights")

    @cache
    def make(name: str) -> Original:
        keras = import_keras()
        keras.utils.set_random_seed(11)
        constructor, module = {
            "vgg16": (keras.applications.VGG16, keras.applications.vgg16),
            "resnet50": (keras.applications.ResNet50, keras.applications.resnet50),
        }[name]
        model = constructor(include_top=False, weights=None, input_shape=(SIDE_PX, SIDE_PX, 3))
        random = np.random.default_rng(11)
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.set_weights([weight + random.uniform(0, 0.2, weight.shape) for weight in layer.get_weights()])
        write_published(model, folder / f"{name}.h5")
        prepared = module.preprocess_input(pictures().astype("float32"))
        return Original(folder / f"{name}.h5", model.predict(prepared, verbose=0))

    return make


def brought_by_hand(name: str, file: Path) -> ChosenModel:
    return choose_model(name, name, file, Fetching(pytest.fail))


def assert_equal_to_scale(found: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


POOLED = {
    "avg": lambda maps: maps.mean(axis=(1, 2)),
    "max": lambda maps: maps.max(axis=(1, 2)),
    "none": lambda maps: maps.reshape(len(maps), -1),
}


@pytest.mark.parametrize(
    ("name", "pooling"), [("vgg16", "avg"), ("vgg16", "max"), ("vgg16", "none"), ("resnet50", "avg")]
)
def test_features_are_those_of_keras(original, name, pooling):
    """The whole way from the published file to features gives what Keras itself gives.

    Keras uses its own model and its own preprocessing.
    """
    weights_file, maps = original(name)
    pooled = PooledModel(brought_by_hand(name, weights_file), SIDE_PX, pooling)
    extractor = prepare_extraction(
        pooled, DEFAULTS, notice=lambda text: None, batch_size=3, device="cpu", precision="float32"
    ).extractor
    expected = POOLED[pooling](maps)
    features = extractor.extract(pictures())
    assert features.dtype == np.float32
    assert_equal_to_scale(features, expected, 1e-4)

    swapped = extractor.extract(np.ascontiguousarray(pictures()[..., ::-1]))
    assert np.abs(swapped - expected).max() > 0.01 * np.abs(expected).max(), "the order of channels must matter"
    assert np.abs(features[0] - features[1]).max() > 0.01 * np.abs(expected).max(), "pictures must differ"
