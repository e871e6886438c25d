"""The real packages on the package index: their numbers are those of ImageNet."""

import shutil

import h5py
import numpy as np
import pytest

from imgsort.errors import WeightsError
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.choose import ChosenModel, choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.weights_file import WeightsFile

pytestmark = pytest.mark.usefixtures("with_real_weights")


def weights_of(name, size_px):
    model = choose_model(name, "vgg16", None, Fetching(pytest.fail, pytest.fail, offline=True))
    assert (model.weights.source, model.fallback, model.origin) == ("package index", None, "imagenet")
    assert model.sha256 == BACKBONES[name].weights.copy.numbers_sha256
    return PooledModel(model, size_px).build_map().get_weights()


def test_vgg16():
    """The first kernel and bias are those that Keras publishes. All 26 arrays fit Keras' model and the pinned hash."""
    arrays = weights_of("vgg16", 32)
    assert np.allclose(arrays[0][0, :, 0, 0], [0.42947057, 0.373467, -0.06136011], rtol=0, atol=1e-7)
    assert np.isclose(arrays[1][0], 0.73429835, rtol=0, atol=1e-7)
    assert len(arrays) == 26


def test_inceptionv3():
    """The first kernel begins as the one that Keras publishes. All 376 arrays fit Keras' model and the pinned hash."""
    arrays = weights_of("inceptionv3", 75)
    assert np.isclose(arrays[0].flat[0], -0.45910555, rtol=0, atol=1e-7)
    assert len(arrays) == 376


def test_a_file_with_other_numbers_is_refused(tmp_path, real_weights):
    """If a file fits the model but holds other numbers, building the model is an error that names the remedy."""
    (file,) = (real_weights / "weights").glob("vgg16-*.h5")
    other = tmp_path / "other.h5"
    shutil.copy(file, other)
    with h5py.File(other, "r+") as weights:
        weights["block1_conv1/block1_conv1/bias:0"][0] += 1e-3
    backbone = BACKBONES["vgg16"]
    model = ChosenModel(backbone, WeightsFile(other, "keras", backbone.weights.numbers_sha256))
    with pytest.raises(WeightsError, match=r"other\.h5: these are not the numbers .* `imgsort models pull vgg16`"):
        PooledModel(model, 32).build_map()
