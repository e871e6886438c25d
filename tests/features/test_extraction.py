import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from imgsort.errors import ConversionError
from imgsort.features import extraction
from imgsort.features.extraction import prepare_extraction
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.conversion import convert
from imgsort.features.runtimes.interface import Way
from imgsort.features.runtimes.litert import LiteRTExtractor
from imgsort.features.runtimes.openvino import OpenVINOExtractor
from imgsort.features.runtimes.table import runtime_named
from imgsort.features.runtimes.tensorflow import TensorFlowExtractor
from imgsort.features.runtimes.ways import choose_way
from imgsort.images.decoding.decode import DEFAULTS, ReadSettings

SIDE_PX = 32
PICTURES = np.random.default_rng(5).integers(0, 256, (2, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)


@pytest.fixture
def pooled(lite_model) -> PooledModel:
    return PooledModel(lite_model, SIDE_PX)


def prepared(pooled: PooledModel, read: ReadSettings = DEFAULTS, **options):
    return prepare_extraction(pooled, read, notice=options.pop("notice", lambda text: None), device="cpu", **options)


def test_a_model_is_converted_once(pooled, tmp_path, monkeypatch):
    """A notice reports the first conversion. Later runs use the kept model, with the same features."""
    monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path))
    notices: list[str] = []
    first = prepared(pooled, precision="float32", notice=notices.append)
    assert [notice.partition(",")[0] for notice in notices] == ["efficientnet-lite0 is converted to float32"]
    monkeypatch.setattr(convert, "convert", lambda *_: pytest.fail("converted again"))
    again = prepared(pooled, precision="float32", notice=pytest.fail)
    assert (first.way, first.recipe) == (again.way, again.recipe)
    assert first.way.precision == "float32"
    assert np.array_equal(first.extractor.extract(PICTURES[:1]), again.extractor.extract(PICTURES[:1]))


def test_another_reader_makes_other_features(pooled, monkeypatch):
    """The recipe names the version of the reader, so features of pictures that it read otherwise are not found."""
    usual = prepared(pooled, precision="float32").recipe
    monkeypatch.setattr(extraction, "READER_VERSION", extraction.READER_VERSION + 1)
    assert prepared(pooled, precision="float32").recipe != usual


def test_the_recipe_is_all_that_determines_features(pooled):
    """Everything that can change a feature changes the recipe. The batch size does not."""
    usual = prepared(pooled, precision="float32").recipe
    others = [
        prepared(replace(pooled, size_px=64), precision="bfloat16"),
        prepared(replace(pooled, pooling="max"), precision="bfloat16"),
        prepared(replace(pooled, fit="stretch"), precision="bfloat16"),
        prepared(pooled, precision="int8"),
        prepared(pooled, precision="bfloat16"),
        prepared(pooled, ReadSettings(truncated="use"), precision="bfloat16"),
        prepared(pooled, ReadSettings(max_pixels=10**6), precision="bfloat16"),
    ]
    assert len({usual, *(other.recipe for other in others)}) == 8
    assert prepared(pooled, precision="float32", batch_size=5).recipe == usual
    recipe = json.loads(usual)
    assert recipe["weights"] == pooled.model.sha256
    assert {"model", "size_px", "pooling", "precision", "runtime", "device", "made_of", "reader"} <= set(recipe)


def test_another_reader_or_other_weights_make_another_recipe(pooled, monkeypatch):
    """Another version of the image reader makes another recipe.

    So features are not used if another version of the reader gave their pixels.
    """
    usual = prepared(pooled, precision="float32").recipe
    monkeypatch.setattr(extraction, "READER_VERSION", 999)
    assert prepared(pooled, precision="float32").recipe != usual


@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_what_cannot_be_converted_runs_on_tensorflow(pooled, monkeypatch, precision):
    """A model that cannot be converted runs on TensorFlow in float32, with a notice.

    If int8 itself was asked for, ConversionError is raised.
    """

    def fail(*_: object) -> bytes:
        raise ConversionError("it cannot be converted.")

    monkeypatch.setattr(convert, "convert", fail)
    monkeypatch.setattr(convert, "conversion_key", lambda *_: "never kept")
    notices: list[str] = []
    found = prepared(pooled, precision=precision, notice=notices.append)
    assert isinstance(found.extractor, TensorFlowExtractor)
    assert found.way == Way("tensorflow", "float32")
    assert notices[-1] == "it cannot be converted. It runs on tensorflow in float32 instead."
    with pytest.raises(ConversionError):
        prepared(pooled, precision="int8")


def test_other_preparation_is_another_model_and_other_features(pooled):
    """A corrected mean or divisor makes another recipe.

    Neither the model that was calibrated with the old numbers nor its features are used.
    """
    backbone = pooled.model.backbone
    corrected = replace(backbone, prepare=replace(backbone.prepare, divisor=127.0))
    other = replace(pooled, model=replace(pooled.model, backbone=corrected))
    recipes = [prepared(model, precision="float32").recipe for model in (pooled, other)]
    assert recipes[0] != recipes[1]
    assert json.loads(recipes[1])["prepare"]["divisor"] == 127


def test_a_kept_model_needs_no_tensorflow(pooled):
    """If the converted model is kept, a process makes features without importing TensorFlow."""
    prepared(pooled, precision="float32")
    script = (
        "import sys, numpy as np\n"
        "from imgsort.features.models.choose import choose_model\n"
        "from imgsort.features.extraction import prepare_extraction\n"
        "from imgsort.features.models.pooled_model import PooledModel\n"
        "from imgsort.features.weights.fetching import Fetching\n"
        "from imgsort.images.decoding.decode import DEFAULTS\n"
        "name = 'efficientnet-lite0'\n"
        "model = choose_model(name, name, None, Fetching(print))\n"
        f"pooled = PooledModel(model, {SIDE_PX})\n"
        "found = prepare_extraction(pooled, DEFAULTS, notice=print, device='cpu', precision='float32', batch_size=1)\n"
        f"print(found.extractor.extract(np.zeros((1, {SIDE_PX}, {SIDE_PX}, 3), np.uint8)).shape)\n"
        "print([name for name in ('tensorflow', 'keras', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["(1, 1280)", "[]"]


@pytest.mark.parametrize("runtime", ["litert", "openvino", "tensorflow"])
def test_the_runtime_of_earlier_features_runs_the_model(pooled, runtime):
    """The named runtime runs the model. Without a name, it is the fastest for the model's own choice of precision."""
    extractors = {"litert": LiteRTExtractor, "openvino": OpenVINOExtractor, "tensorflow": TensorFlowExtractor}
    if not runtime_named(runtime).can_run("float32", "cpu"):
        pytest.skip(f"{runtime} does not run here")
    found = prepared(pooled, precision="float32", runtime=runtime)
    assert isinstance(found.extractor, extractors[runtime])
    assert found.way == Way(runtime, "float32")
    usual = prepared(pooled)
    assert isinstance(usual.extractor, extractors[usual.way.runtime])
    assert usual.way == choose_way(pooled, "cpu", "auto", pytest.fail)
