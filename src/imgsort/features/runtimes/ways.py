"""Chooses how a model runs on this machine: the runtime, the precision and the device."""

import ctypes.util
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from imgsort.errors import DeviceError, UsageError
from imgsort.features.keras_backend import Device
from imgsort.features.models.best_ways import BestWays
from imgsort.features.runtimes.cuda import cuda_device_count
from imgsort.features.runtimes.interface import LayerPrecision, UsedDevice, Way
from imgsort.features.runtimes.openvino import OpenVINO
from imgsort.features.runtimes.processor import processor_capabilities
from imgsort.features.runtimes.table import runtimes_for

Precision = Literal["auto", "float32", "bfloat16", "int8"]

_CPU_INFO = Path("/proc/cpuinfo")


class Judged(Protocol):
    """A model of which is known how it runs best."""

    @property
    def best(self) -> BestWays: ...  # noqa: D102


# Says whether there is a GPU for a device that is asked for. It tells the notice why there is none.
HasGpu = Callable[[Device, Callable[[str], None]], bool]


def has_gpu_here(device: Device, notice: Callable[[str], None]) -> bool:
    """Say whether there is a GPU that can be used.

    This function asks the driver and looks for CUDA's libraries. It does not import TensorFlow, because that takes
    seconds and can be done later. Raises DeviceError if a GPU is asked for and there is none.
    """
    if sys.platform == "win32" or cuda_device_count() == 0:  # since 2.11, TensorFlow uses no GPU on Windows
        if device == "gpu":
            raise DeviceError(
                "--device gpu: NVIDIA's driver finds no CUDA GPU. Leave out the option to use the processor."
            )
        return False
    if device == "auto" and not _has_cuda_libraries():
        notice(
            "there is a CUDA GPU, but its libraries are missing, so the processor is used. `pip install "
            "'.[gpu]'` in a checkout of imgsort installs them."
        )
        return False
    return True


def choose_way(
    model: Judged,
    device: Device,
    precision: Precision,
    notice: Callable[[str], None],
    runtime: str | None = None,
    *,
    has_gpu: HasGpu = has_gpu_here,
) -> Way:
    """Return the way that is asked for, or else the fastest one that is known not to cost quality.

    `runtime` is the runtime that made earlier features, or None. If it cannot run the model here, `notice` says so.
    `has_gpu` answers for the machines that run the model.

    The way is one that they have. Raises UsageError for int8 on a GPU, and DeviceError if a GPU is asked for and
    there is none.
    """
    if device == "gpu" and precision == "int8":
        raise UsageError("--device gpu --precision int8: int8 runs on processors only. Leave out one of the two.")
    if device != "cpu" and precision != "int8" and has_gpu(device, notice):
        return _way(model, "float16" if precision == "auto" else precision, "gpu", notice, runtime)
    wanted = model.best.precision(processor_capabilities()) if precision == "auto" else precision
    if wanted == "bfloat16" and not _has_bfloat16():
        notice("this processor has no instructions for bfloat16: float32 is used instead.")
        wanted = "float32"
    return _way(model, wanted, "cpu", notice, runtime)


def _way(
    model: Judged, precision: LayerPrecision, device: UsedDevice, notice: Callable[[str], None], runtime: str | None
) -> Way:
    names = [row.name for row in runtimes_for(precision, device)]
    prefers_openvino = model.best.prefers_openvino(precision, processor_capabilities())
    fastest = next(name for name in names if name != OpenVINO.name or prefers_openvino)
    if runtime in (None, *names):
        return Way(runtime or fastest, precision, device)
    notice(
        f"{runtime}, which made the earlier features, does not run here in {precision}: {fastest} is used instead. Its "
        "features differ a little."
    )
    return Way(fastest, precision, device)


def _has_cuda_libraries() -> bool:
    """Say whether cuDNN is installed, by the packages that TensorFlow asks for or by the system."""
    return importlib.util.find_spec("nvidia") is not None or ctypes.util.find_library("cudnn") is not None


def _has_bfloat16() -> bool:
    """Say whether the processor computes in bfloat16.

    If this cannot be found out, the answer is yes: TensorFlow finds a way.
    """
    if not _CPU_INFO.is_file():
        return True
    words = set(_CPU_INFO.read_text(encoding="ascii", errors="replace").split())
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})
