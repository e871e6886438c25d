import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imgsort.errors import DeviceError, WeightsError
from imgsort.features.keras_backend import import_keras
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.choose import ChosenModel, choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.tensorflow import TensorFlowExtractor
from imgsort.features.runtimes.ways import Way, _has_bfloat16
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.weights_file import WeightsFile

SIDE_PX = 32
PICTURES = np.random.default_rng(5).integers(0, 256, (7, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def pooled(lite_model: ChosenModel) -> PooledModel:
    return PooledModel(lite_model, SIDE_PX)


@pytest.fixture(scope="module")
def by_keras(pooled) -> np.ndarray:
    """The features that Keras itself gives."""
    return pooled.build().predict(pooled.model.backbone.prepare(PICTURES), verbose=0)


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


def test_a_frozen_graph_gives_what_keras_gives(pooled, by_keras):
    """A frozen graph gives what Keras gives.

    Several threads send batches of three at once, and the last batch is padded.
    """
    extractor = TensorFlowExtractor(pooled, Way("tensorflow", "float32"), batch_size=3)
    with ThreadPoolExecutor(3) as pool:
        rows = list(pool.map(lambda start: extractor.extract(PICTURES[start : start + 3]), (0, 3, 6)))
    features = np.concatenate(rows)
    assert (features.dtype, features.shape) == (np.float32, (7, 1280))
    assert np.allclose(features, by_keras, rtol=1e-4, atol=1e-4 * np.abs(by_keras).max())


def test_an_extractor_travels_with_its_weights(pooled, tmp_path):
    """What is pickled holds the weights: without their file, and without a network, the features are the same."""
    file = Path(shutil.copy(pooled.model.weights.path, tmp_path))
    own = replace(pooled, model=replace(pooled.model, weights=replace(pooled.model.weights, path=file)))
    extractor = TensorFlowExtractor(own, Way("tensorflow", "float32"), batch_size=7)
    data = pickle.dumps(extractor)
    file.unlink()
    travelled = pickle.loads(pickle.dumps(pickle.loads(data)))
    assert travelled.made_of == extractor.made_of
    assert travelled.batch_size == 7
    expected = TensorFlowExtractor(pooled, Way("tensorflow", "float32"), batch_size=7).extract(PICTURES)
    assert np.array_equal(travelled.extract(PICTURES), expected)
    with pytest.raises(WeightsError, match="cannot be read"):
        pickle.dumps(extractor)


def test_bfloat16_is_near_and_is_not_float32(pooled, by_keras):
    """bfloat16 gives features close to those of float32, but not the same.

    Layers compute in bfloat16, and the features are float32. Keras' own policy does not change.
    """
    features = TensorFlowExtractor(pooled, Way("tensorflow", "bfloat16"), batch_size=7).extract(PICTURES)
    assert features.dtype == np.float32
    assert cosines(features, by_keras).min() > 0.99
    assert not np.allclose(features, by_keras, rtol=1e-4, atol=1e-4 * np.abs(by_keras).max())
    assert import_keras().mixed_precision.dtype_policy().name == "float32"


def test_oneDNN_rewrites_where_that_is_faster(tmp_path):
    """The optimiser turns ResNet50's graph into bfloat16.

    Its option is set back afterwards, so that later results are exact.
    """
    import_keras()
    import tensorflow as tf

    BACKBONES["resnet50"].build(SIDE_PX).save_weights(tmp_path / "resnet50.weights.h5")
    model = choose_model("resnet50", "resnet50", tmp_path / "resnet50.weights.h5", Fetching(pytest.fail))
    rewritten, exact = (
        TensorFlowExtractor(PooledModel(model, SIDE_PX), Way("tensorflow", precision), batch_size=7).extract(PICTURES)
        for precision in ("bfloat16", "float32")
    )
    assert cosines(rewritten, exact).min() > 0.99
    if _has_bfloat16():
        assert not np.allclose(rewritten, exact, rtol=1e-4, atol=1e-4 * np.abs(exact).max())
    option = tf.config.optimizer.get_experimental_options().get("auto_mixed_precision_onednn_bfloat16", False)
    assert option is False


@pytest.mark.parametrize(
    ("device", "size_px", "expected"),
    [("cpu", 32, 32), ("cpu", 224, 32), ("cpu", 500, 6), ("cpu", 4000, 1), ("gpu", 224, 32), ("gpu", 500, 6)],
)
def test_batches_are_smaller_for_larger_pictures(pooled, device, size_px, expected):
    """The default batch has about the same number of pixels at every size.

    A GPU computes while other pictures are read.
    """
    way = Way("tensorflow", "float32", device)
    assert TensorFlowExtractor(replace(pooled, size_px=size_px), way).batch_size == expected


def test_weights_of_another_kind_are_refused_when_they_are_needed(lite_model, tmp_path):
    """A wrong weights file is an error at the first picture, not before. Making the extractor costs nothing."""
    (tmp_path / "mine.h5").write_bytes(b"no weights")
    mine = replace(lite_model, weights=WeightsFile(tmp_path / "mine.h5", "own file"))
    extractor = TensorFlowExtractor(PooledModel(mine, SIDE_PX), Way("tensorflow", "float32"))
    with pytest.raises(WeightsError, match=r"mine\.h5"):
        extractor.extract(PICTURES)


def test_a_gpu_that_is_not_there_is_an_error_when_it_is_needed(pooled):
    """If the GPU is missing, TensorFlow reports it at the first picture. Nothing is silently computed elsewhere."""
    import_keras()
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeviceError, match="TensorFlow cannot use this machine's CUDA GPU"):
        TensorFlowExtractor(pooled, Way("tensorflow", "float16", "gpu")).extract(PICTURES)
