"""What OpenVINO can do here is asked once and kept. Where OpenVINO cannot be used, LiteRT does the work."""

import json
import subprocess
import sys

import numpy as np
import pytest

from imgsort.features.cache.model_store import known_or_made
from imgsort.features.extraction import prepare_extraction
from imgsort.features.runtimes import processor
from imgsort.features.runtimes.conversion.convert import conversion_key
from imgsort.features.runtimes.openvino import OpenVINO
from imgsort.features.runtimes.processor import Processor, processor_capabilities, this_processor
from imgsort.images.decoding.decode import DEFAULTS
from tests.support.processors import CAPABILITIES

PICTURE = np.random.default_rng(5).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)

needs_openvino = pytest.mark.skipif(
    not CAPABILITIES, reason="OpenVINO is not installed here, or not for this processor"
)


@pytest.fixture(autouse=True)
def asked_anew(own_folder):
    """Nothing is remembered, neither in the process nor in the cache folder."""
    this_processor.cache_clear()
    yield
    this_processor.cache_clear()


@pytest.fixture
def records(own_folder):
    """A function that lists the kept answers."""
    return lambda: sorted((own_folder / "processors").glob("*"))


@needs_openvino
def test_the_answer_is_kept_and_openvino_is_not_asked_again(records, monkeypatch):
    """The second command gets the same answer, and does not import OpenVINO."""
    assert processor_capabilities() == CAPABILITIES
    (record,) = records()
    asked = this_processor()
    this_processor.cache_clear()
    monkeypatch.setattr(processor, "openvino_core", lambda: pytest.fail("OpenVINO is asked again"))
    assert this_processor() == asked
    assert records() == [record]


@needs_openvino
@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b'{"name": "x"}', b'{"name": "x", "capabilities": 3}'])
def test_a_damaged_answer_is_asked_for_again(records, damage):
    """A damaged file is replaced."""
    this_processor()
    (record,) = records()
    record.write_bytes(damage)
    this_processor.cache_clear()
    assert processor_capabilities() == CAPABILITIES
    assert set(json.loads(record.read_bytes())["capabilities"]) == CAPABILITIES


@needs_openvino
def test_another_installation_is_asked_for_itself(records, monkeypatch):
    """Another OpenVINO, or another machine with the same cache folder, gets its own answer."""
    this_processor()
    this_processor.cache_clear()
    monkeypatch.setattr(processor, "described_by_openvino", lambda: Processor("other", frozenset({"FP32"})))
    monkeypatch.setattr(processor.platform, "node", lambda: "another-machine")
    assert this_processor() == Processor("other", frozenset({"FP32"}))
    assert len(records()) == 2


@needs_openvino
def test_a_broken_openvino_is_noticed_although_a_good_one_was_seen_before(own_folder, tmp_path):
    """If another `openvino` comes first on the path and cannot be imported, there are no capabilities."""
    this_processor()
    (tmp_path / "openvino.py").write_text("raise ImportError('libtbb.so.12')")
    script = "from imgsort.features.runtimes.processor import processor_capabilities as c; print(sorted(c()))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"


@needs_openvino
def test_where_the_answer_cannot_be_kept(own_folder):
    """If a file lies in place of the cache folder, OpenVINO is asked each time, without an error."""
    own_folder.write_bytes(b"in the way")
    assert processor_capabilities() == CAPABILITIES
    assert own_folder.read_bytes() == b"in the way"


@pytest.mark.parametrize("error", [ImportError("hidden"), OSError("libtbb.so.12"), RuntimeError("refused")])
def test_without_openvino_all_works_by_litert(monkeypatch, small_lite, converted, records, error):
    """If the import fails, or OpenVINO refuses the processor, LiteRT makes the features, without a notice."""
    for precision, data in converted.items():
        known_or_made(conversion_key(small_lite, precision), lambda data=data: data, pytest.fail)

    def fail():
        raise error

    monkeypatch.setattr(processor, "openvino_core", fail)
    assert processor_capabilities() == frozenset()
    assert records() == []
    assert not any(OpenVINO().can_run(precision, "cpu") for precision in ("float32", "bfloat16", "int8"))
    for precision in ("auto", "float32", "int8"):
        notices = []
        found = prepare_extraction(small_lite, DEFAULTS, notice=notices.append, device="cpu", precision=precision)
        assert found.way.runtime == "litert"
        assert not any("OpenVINO" in notice for notice in notices)
        assert found.extractor.extract(PICTURE).shape == (1, 1280)


def test_other_processors_are_left_to_the_other_runtimes(monkeypatch):
    """Nobody has measured OpenVINO on ARM, so it is not used there."""
    monkeypatch.setattr(processor.platform, "machine", lambda: "aarch64")
    assert processor_capabilities() == frozenset()
