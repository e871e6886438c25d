import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from imgsort.errors import DeviceError
from imgsort.features.cache.model_store import ConvertedModel
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.runtimes import litert
from imgsort.features.runtimes.litert import LiteRTExtractor

SIDE_PX = 32
PREPARE = BACKBONES["efficientnet-lite0"].prepare
PICTURES = np.random.default_rng(5).integers(0, 256, (9, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def models(converted) -> dict[str, ConvertedModel]:
    return {precision: ConvertedModel.of(data) for precision, data in converted.items()}


@pytest.fixture(scope="module")
def by_keras(small_lite) -> np.ndarray:
    """The features that Keras itself gives."""
    return small_lite.build().predict(PREPARE(PICTURES), verbose=0)


def test_float32_is_what_keras_gives(models, by_keras):
    """In float32, LiteRT gives what Keras gives, except for rounding."""
    features = LiteRTExtractor(models["float32"], PREPARE, SIDE_PX, batch_size=9).extract(PICTURES)
    assert features.dtype == np.float32
    assert np.allclose(features, by_keras, rtol=1e-4, atol=1e-4 * np.abs(by_keras).max())


def test_int8_is_close_to_what_keras_gives(models, by_keras):
    """In int8, features keep nearly the direction of Keras' features.

    This holds even for noise, which is far from photographs.
    """
    features = LiteRTExtractor(models["int8"], PREPARE, SIDE_PX, batch_size=9).extract(PICTURES)
    cosines = (features * by_keras).sum(1) / np.linalg.norm(features, axis=1) / np.linalg.norm(by_keras, axis=1)
    assert features.dtype == np.float32
    assert cosines.min() > 0.9


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_the_batch_does_not_matter(models, precision):
    """Full batches, padded short batches and single pictures give the same rows."""
    alone = LiteRTExtractor(models[precision], PREPARE, SIDE_PX, batch_size=1)
    expected = np.concatenate([alone.extract(picture[None]) for picture in PICTURES])
    four = LiteRTExtractor(models[precision], PREPARE, SIDE_PX, batch_size=4)
    found = np.concatenate([four.extract(PICTURES[start : start + 4]) for start in (0, 4, 8)])
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_many_threads_share_a_few_interpreters(models):
    """If there are more threads than cores, each thread still gets its own rows.

    There are no more interpreters than cores.
    """
    extractor = LiteRTExtractor(models["float32"], PREPARE, SIDE_PX, batch_size=1)
    expected = [extractor.extract(picture[None]) for picture in PICTURES]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: extractor.extract(PICTURES[number % 9][None]), range(90)))
    for number, row in enumerate(found):
        assert np.array_equal(row, expected[number % 9])
    assert extractor._free.qsize() == min(extractor._cores, 8)


@pytest.mark.parametrize(
    ("cores", "interpreters", "threads"),
    [(1, 1, 1), (2, 2, 1), (8, 8, 1), (9, 8, 2), (12, 8, 2), (16, 8, 2), (64, 8, 8)],
)
def test_cores_are_shared_among_interpreters(models, monkeypatch, cores, interpreters, threads):
    """There is one interpreter per core. On many cores, each has several threads.

    The number of interpreters is limited, because each has a copy of the weights.
    """
    monkeypatch.setattr(litert, "core_count", lambda: cores)
    extractor = LiteRTExtractor(models["int8"], PREPARE, SIDE_PX)
    assert extractor._free_interpreters().qsize() == interpreters
    made = []
    monkeypatch.setattr(litert, "_Interpreter", lambda data, threads, *rest: made.append(threads))
    extractor._new_interpreter()
    assert made == [threads]


@pytest.mark.parametrize(("size_px", "expected"), [(32, 64), (128, 4), (224, 1), (500, 1), (2048, 1)])
def test_small_pictures_go_together(models, size_px, expected):
    """The default batch has about the same number of pixels at every size, but at least one picture."""
    assert LiteRTExtractor(models["int8"], PREPARE, size_px).batch_size == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_interpreters_of_its_own(models):
    """A forked process makes new interpreters.

    With the old ones, it would wait for ever for the threads of its parent.
    """
    extractor = LiteRTExtractor(models["float32"], PREPARE, SIDE_PX, batch_size=1)
    expected = extractor.extract(PICTURES[:1])
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(extractor.extract(PICTURES[:1]), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_model_that_cannot_be_run_is_an_error_for_every_thread():
    """If the model cannot run, every thread gets the error.

    No thread waits for an interpreter that will never be made.
    """
    extractor = LiteRTExtractor(ConvertedModel.of(b"no model"), PREPARE, SIDE_PX, batch_size=1)

    def reason(number: int) -> str:
        try:
            extractor.extract(PICTURES[:1])
        except DeviceError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as pool:
        reasons = set(pool.map(reason, range(12)))
    assert all(reason.startswith("LiteRT cannot run the model at 32 px, 1 at a time") for reason in reasons)
