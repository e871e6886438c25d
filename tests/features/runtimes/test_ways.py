import subprocess
import sys
from dataclasses import replace

import pytest

from imgsort.errors import DeviceError, UsageError
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.best_ways import IN_FLOAT32
from imgsort.features.runtimes import openvino, ways
from imgsort.features.runtimes.interface import Way
from imgsort.features.runtimes.ways import choose_way

VGG16, LITE = BACKBONES["vgg16"], BACKBONES["efficientnet-lite0"]
UNMEASURED = replace(VGG16, best=IN_FLOAT32)


# Processors, as OpenVINO describes them: without bfloat16, with it, and with matrix tiles too.
PLAIN, BF16, AMX = (frozenset(words.split()) for words in ("FP32 INT8", "FP32 INT8 BF16", "FP32 INT8 BF16 FP16"))
WITHOUT_OPENVINO = frozenset()


@pytest.fixture
def machine(monkeypatch):
    """A function that sets what this machine seems to have."""

    def has(
        *, gpus: int = 0, libraries: bool = True, bfloat16: bool = True, platform: str = "linux", processor=BF16
    ) -> None:
        monkeypatch.setattr(ways, "cuda_device_count", lambda: gpus)
        monkeypatch.setattr(ways, "_has_cuda_libraries", lambda: libraries)
        monkeypatch.setattr(ways.sys, "platform", platform)
        monkeypatch.setattr(ways, "_has_bfloat16", lambda: bfloat16)
        monkeypatch.setattr(ways, "processor_capabilities", lambda: processor)
        monkeypatch.setattr(openvino, "processor_capabilities", lambda: processor)

    return has


@pytest.mark.parametrize(
    ("backbone", "asked", "gpus", "expected"),
    [
        (UNMEASURED, ("auto", "auto"), 0, Way("litert", "float32")),
        (LITE, ("auto", "auto"), 0, Way("litert", "int8")),
        (VGG16, ("auto", "int8"), 0, Way("litert", "int8")),
        (VGG16, ("cpu", "bfloat16"), 0, Way("openvino", "bfloat16")),
        (LITE, ("cpu", "float32"), 0, Way("litert", "float32")),
        (VGG16, ("auto", "auto"), 1, Way("tensorflow", "float16", "gpu")),
        (LITE, ("gpu", "auto"), 2, Way("tensorflow", "float16", "gpu")),
        (LITE, ("gpu", "float32"), 1, Way("tensorflow", "float32", "gpu")),
        (VGG16, ("auto", "bfloat16"), 1, Way("tensorflow", "bfloat16", "gpu")),
        (VGG16, ("auto", "int8"), 1, Way("litert", "int8")),
        (UNMEASURED, ("cpu", "auto"), 1, Way("litert", "float32")),
    ],
)
def test_the_way_by_a_table(machine, backbone, asked, gpus, expected):
    """A GPU is used if there is one, unless the user declines it.

    On a processor with bfloat16, OpenVINO computes in it, and LiteRT in the other precisions.
    """
    machine(gpus=gpus)
    assert choose_way(backbone, *asked, pytest.fail) == expected


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("processor", [WITHOUT_OPENVINO, PLAIN, BF16, AMX])
@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16", "int8"])
def test_the_way_depends_on_what_the_processor_can_do(machine, name, processor, precision):
    """Every processor has a way for every model and precision, and goes it by OpenVINO where that is faster."""
    machine(processor=processor, bfloat16="BF16" in processor or not processor)
    best, notices = BACKBONES[name].best, []
    way = choose_way(BACKBONES[name], "cpu", precision, notices.append)
    expected = best.precision(processor) if precision == "auto" else precision
    if expected == "bfloat16" and processor == PLAIN:
        assert (way.precision, len(notices)) == ("float32", 1)
        expected = "float32"
    assert way.precision == expected
    assert (way.runtime == "openvino") is (bool(processor) and best.prefers_openvino(expected, processor))
    assert (way.runtime == "tensorflow") is (expected == "bfloat16" and "BF16" not in processor)


def test_the_runtime_of_earlier_features_is_kept(machine):
    """What made the earlier features makes the new ones too, even if another runtime is faster."""
    machine(processor=AMX)
    assert choose_way(LITE, "cpu", "int8", pytest.fail, "litert") == Way("litert", "int8")
    machine(processor=BF16)
    assert choose_way(LITE, "cpu", "int8", pytest.fail, "openvino") == Way("openvino", "int8")


@pytest.mark.parametrize("processor", [WITHOUT_OPENVINO, PLAIN])
def test_a_runtime_that_is_not_here_is_replaced_with_a_notice(machine, processor):
    """Where the runtime of earlier features cannot run, another one does, and a notice says so."""
    machine(processor=processor)
    notices = []
    assert choose_way(LITE, "cpu", "int8", notices.append, "openvino") == Way("litert", "int8")
    (notice,) = notices
    assert notice.startswith("openvino, which made the earlier features, does not run here in int8: litert is used")


def test_a_gpu_that_is_not_there_is_an_error(machine):
    """`--device gpu` on a machine without a GPU is an error. It is not a silent, slow run."""
    machine(gpus=0)
    with pytest.raises(DeviceError, match="--device gpu: NVIDIA's driver finds no CUDA GPU"):
        choose_way(VGG16, "gpu", "auto", pytest.fail)


def test_a_gpu_without_its_libraries(machine):
    """With `auto`, there is a notice and the processor is used.

    With `gpu`, the GPU is chosen, and TensorFlow reports the missing libraries later.
    """
    machine(gpus=1, libraries=False)
    notices: list[str] = []
    assert choose_way(UNMEASURED, "auto", "auto", notices.append) == Way("litert", "float32")
    assert len(notices) == 1
    assert "pip install '.[gpu]'" in notices[0]
    assert choose_way(VGG16, "gpu", "auto", pytest.fail) == Way("tensorflow", "float16", "gpu")


def test_windows_has_no_gpu_for_tensorflow(machine):
    """On Windows, the processor is used without a notice.

    The driver has a GPU there, but TensorFlow does not use it. A notice would appear on each run, and nobody could do
    anything about it.
    """
    machine(gpus=1, platform="win32")
    assert choose_way(UNMEASURED, "auto", "auto", pytest.fail) == Way("litert", "float32")


def test_the_way_is_chosen_without_tensorflow():
    """Choosing a way imports nothing that takes seconds, whatever the machine has."""
    script = (
        "import sys\n"
        "from imgsort.features.runtimes import ways\n"
        "from imgsort.features.models.backbones import BACKBONES\n"
        "ways.cuda_device_count = lambda: 1\n"
        "for device in ('auto', 'cpu', 'gpu'):\n"
        "    ways.choose_way(BACKBONES['vgg16'], device, 'auto', lambda text: None)\n"
        "print([name for name in ('tensorflow', 'keras', 'sklearn', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_int8_on_a_gpu_is_a_usage_error():
    """int8 cannot be combined with a GPU."""
    with pytest.raises(UsageError, match="--device gpu --precision int8"):
        choose_way(VGG16, "gpu", "int8", pytest.fail)


def test_a_processor_without_bfloat16_computes_in_float32(machine):
    """A processor without bfloat16 computes in float32, and a notice says so.

    bfloat16 would be slower than float32 there.
    """
    machine(bfloat16=False)
    notices: list[str] = []
    assert choose_way(VGG16, "cpu", "bfloat16", notices.append) == Way("litert", "float32")
    assert notices == ["this processor has no instructions for bfloat16: float32 is used instead."]


@pytest.mark.parametrize(
    ("flags", "expected"), [("fpu avx512_bf16 amx", True), ("fpu asimd bf16", True), ("fpu avx2 avx512f", False)]
)
def test_bfloat16_is_one_of_the_processors_flags(tmp_path, monkeypatch, flags, expected):
    """Linux lists what a processor can do, and bfloat16 is in this list."""
    info = tmp_path / "cpuinfo"
    info.write_text(f"processor : 0\nflags : {flags}\n", encoding="ascii")
    monkeypatch.setattr(ways, "_CPU_INFO", info)
    assert ways._has_bfloat16() is expected


def test_where_it_cannot_be_told_tensorflow_finds_a_way(tmp_path, monkeypatch):
    """Other systems have no such file. There bfloat16 is allowed, and TensorFlow finds a way."""
    monkeypatch.setattr(ways, "_CPU_INFO", tmp_path / "none")
    assert ways._has_bfloat16()
