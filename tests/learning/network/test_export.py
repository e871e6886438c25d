"""Networks in other formats give the same answers, and a different network is noticed."""

import os

import numpy as np
import pytest

from imgsort.errors import ExportError
from imgsort.learning.network.export import (
    MOST_DIFFERENCE,
    SUFFIXES,
    export_network,
    largest_difference,
    remove_exported,
)
from imgsort.learning.network.networks import build_small_network

FORMATS = tuple(SUFFIXES)
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def network(seed, size_px=32, classes=3):
    """Return a small network whose answers differ from image to image and from seed to seed."""
    import keras

    keras.utils.set_random_seed(seed)
    built = build_small_network(size_px, classes)
    built.get_layer("classes").set_weights([3 * weight for weight in built.get_layer("classes").get_weights()])
    return built


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A network, and a function that returns the path of its export in a format. Each format is exported once."""
    built, folder, made = network(1), tmp_path_factory.mktemp("exported"), {}

    def path(kind):
        if kind not in made:
            made[kind] = folder / f"network{SUFFIXES[kind]}"
            export_network(built, kind, made[kind])
        return made[kind]

    return built, path


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_network_gives_the_same_answers(exported, kind, capfd):
    """The answers differ by rounding alone, and nothing is printed to stdout or stderr."""
    built, path = exported
    assert largest_difference(built, kind, path(kind), PIXELS) < 1e-5
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", FORMATS)
def test_another_network_is_seen(exported, kind):
    """A network with other weights differs by far more than the allowed difference."""
    _, path = exported
    assert largest_difference(network(2), kind, path(kind), PIXELS) > 10 * MOST_DIFFERENCE


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("other", [{"classes": 4}, {"classes": 2}, {"size_px": 64}])
def test_a_network_of_another_shape_is_seen(exported, kind, other):
    """Another number of classes or another size is an error or a large difference. Broadcasting must not hide it."""
    _, path = exported
    side = other.get("size_px", 32)
    pixels = np.random.default_rng(0).integers(0, 256, (3, side, side, 3), dtype=np.uint8)
    try:
        difference = largest_difference(network(1, **other), kind, path(kind), pixels)
    except ExportError as error:
        assert str(path(kind)) in str(error)
    else:
        assert difference > 10 * MOST_DIFFERENCE


@pytest.mark.parametrize("kind", FORMATS)
def test_a_damaged_file_is_an_error(exported, kind, tmp_path):
    """A file that cannot run is an error that names its path."""
    path = tmp_path / f"damaged{SUFFIXES[kind]}"
    if kind == "savedmodel":
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"damaged")
    else:
        path.write_bytes(b"damaged")
    with pytest.raises(ExportError, match="damaged"):
        largest_difference(exported[0], kind, path, PIXELS)


def test_nothing_is_overwritten(exported, tmp_path):
    """A file that appeared in the meantime is an error, and it does not change."""
    (tmp_path / "x.tflite").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        export_network(exported[0], "tflite", tmp_path / "x.tflite")
    assert (tmp_path / "x.tflite").read_bytes() == b"mine"


def test_what_was_exported_is_removed(tmp_path):
    """A folder with its content and a file are removed. Other files stay.

    A path at which there is nothing is no error.
    """
    (tmp_path / "folder/variables").mkdir(parents=True)
    (tmp_path / "folder/variables/x").write_bytes(b"x")
    (tmp_path / "x.onnx").write_bytes(b"x")
    (tmp_path / "mine.onnx").write_bytes(b"mine")
    for name in ("folder", "x.onnx", "nothing.onnx"):
        remove_exported(tmp_path / name)
    assert os.listdir(tmp_path) == ["mine.onnx"]
