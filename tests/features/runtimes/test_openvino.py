"""OpenVINO gives what the other runtimes give, says nothing to anybody, and may be missing."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from imgsort.errors import ConversionError, DeviceError
from imgsort.features.cache.model_store import ConvertedModel, kept_models
from imgsort.features.extraction import prepare_extraction
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.runtimes import openvino
from imgsort.features.runtimes.interface import Way
from imgsort.features.runtimes.litert import LiteRTExtractor
from imgsort.features.runtimes.openvino import OpenVINOExtractor
from imgsort.images.decoding.decode import DEFAULTS
from tests.support.processors import CAPABILITIES

SIDE_PX = 32
PREPARE = BACKBONES["efficientnet-lite0"].prepare
PICTURES = np.random.default_rng(5).integers(0, 256, (9, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)

needs_openvino = pytest.mark.skipif(
    "FP32" not in CAPABILITIES, reason="OpenVINO is not installed here, or not for this processor"
)
needs_bfloat16 = pytest.mark.skipif(
    "BF16" not in CAPABILITIES, reason="needs a processor with instructions for bfloat16, and OpenVINO"
)


@pytest.fixture(scope="module")
def models(converted):
    return {precision: ConvertedModel.of(data) for precision, data in converted.items()}


def extractor(models, precision, batch_size=4):
    model = models["int8" if precision == "int8" else "float32"]
    return OpenVINOExtractor(model, PREPARE, SIDE_PX, precision, batch_size=batch_size)


def cosines(one, other):
    return (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


@pytest.mark.parametrize(
    ("precision", "least"),
    [
        pytest.param("float32", 0.9999, marks=needs_openvino),
        pytest.param("bfloat16", 0.99, marks=needs_bfloat16),
        pytest.param("int8", 0.9, marks=needs_bfloat16),
    ],
)
def test_features_are_those_of_litert_in_float32(models, precision, least):
    """Each precision gives nearly the direction of LiteRT's float32 features, even for noise."""
    exact = LiteRTExtractor(models["float32"], PREPARE, SIDE_PX, batch_size=9).extract(PICTURES)
    features = extractor(models, precision, batch_size=9).extract(PICTURES)
    assert (features.dtype, features.shape) == (np.float32, exact.shape)
    assert cosines(features, exact).min() > least


@needs_bfloat16
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_the_batch_does_not_matter(models, precision):
    """Full batches, short batches and single pictures give the same rows."""
    alone = extractor(models, precision, batch_size=1)
    expected = np.concatenate([alone.extract(picture[None]) for picture in PICTURES])
    four = extractor(models, precision)
    found = np.concatenate([four.extract(PICTURES[start : start + 4]) for start in (0, 4, 8)])
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@needs_openvino
def test_many_threads_share_a_few_requests(models):
    """If there are more threads than cores, each thread still gets its own rows."""
    shared = extractor(models, "float32", batch_size=1)
    expected = [shared.extract(picture[None]) for picture in PICTURES]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: shared.extract(PICTURES[number % 9][None]), range(90)))
    for number, row in enumerate(found):
        assert np.array_equal(row, expected[number % 9])


@needs_openvino
def test_threads_that_begin_together_do_not_wait_for_each_other(converted, tmp_path):
    """Several threads may be the first to use OpenVINO in a process, while another thread imports large packages.

    OpenVINO's own way of making arrays would sometimes stop such a process for ever.
    """
    (tmp_path / "model").write_bytes(converted["float32"])
    script = (
        "import sys, threading, numpy as np\n"
        "from imgsort.features.cache.model_store import ConvertedModel\n"
        "from imgsort.features.models.backbones import BACKBONES\n"
        "from imgsort.features.runtimes.openvino import OpenVINOExtractor\n"
        "model = ConvertedModel.of(open(sys.argv[1], 'rb').read())\n"
        "prepare = BACKBONES['efficientnet-lite0'].prepare\n"
        f"shared = OpenVINOExtractor(model, prepare, {SIDE_PX}, 'float32')\n"
        f"pixels = np.zeros((4, {SIDE_PX}, {SIDE_PX}, 3), np.uint8)\n"
        "importing = threading.Thread(target=__import__, args=['scipy.stats'])\n"
        "threads = [importing, *(threading.Thread(target=shared.extract, args=[pixels]) for _ in range(4))]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "print('done')"
    )
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "model")],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.strip() == "done"


@needs_openvino
@pytest.mark.usefixtures("own_folder")
def test_a_compiled_model_is_kept_and_a_damaged_one_is_made_again(models):
    """The second extractor finds the compiled model. If a byte of it changed, it is made again, with equal features."""
    first = extractor(models, "float32").extract(PICTURES[:4])
    (kept,) = kept_models()
    before = kept.stat().st_mtime_ns, kept.read_bytes()
    assert np.array_equal(extractor(models, "float32").extract(PICTURES[:4]), first)
    assert kept.read_bytes() == before[1]
    damaged = bytearray(before[1])
    damaged[len(damaged) // 2] ^= 1
    kept.write_bytes(damaged)
    assert np.array_equal(extractor(models, "float32").extract(PICTURES[:4]), first)


@needs_openvino
def test_a_model_that_cannot_be_run_is_an_error_for_every_thread():
    """If the model cannot run, every thread gets the error, and none waits for ever."""
    broken = OpenVINOExtractor(ConvertedModel.of(b"no model"), PREPARE, SIDE_PX, "float32")

    def reason(_):
        try:
            broken.extract(PICTURES[:1])
        except DeviceError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as pool:
        reasons = set(pool.map(reason, range(8)))
    assert all(text.startswith("OpenVINO cannot run the model at 32 px, 4 at a time") for text in reasons)
    with pytest.raises(ConversionError, match="tiny cannot be compiled by OpenVINO"):
        broken.require_compiled("tiny")


@needs_openvino
def test_a_processor_for_which_nothing_can_be_compiled(monkeypatch, small_lite):
    """If OpenVINO loads but cannot compile a model, a notice says so, and LiteRT runs the model in float32."""

    def refuse(self, core):
        raise RuntimeError("illegal instruction")

    monkeypatch.setattr(OpenVINOExtractor, "_compile", refuse)
    # Another test may have compiled it into the cache before.
    monkeypatch.setattr(openvino, "is_stored", lambda key: False)
    monkeypatch.setattr(openvino, "stored_or_made", lambda key, make, *_: make())
    notices = []
    found = prepare_extraction(small_lite, DEFAULTS, notice=notices.append, device="cpu", runtime="openvino")
    assert found.way == Way("litert", "float32")
    assert "cannot be compiled by OpenVINO for this processor: illegal instruction" in notices[-1]
