"""The table of runtimes. If one cannot load a model, the next one is tried; the last one takes every model."""

from imgsort.features.runtimes.interface import LayerPrecision, Runtime, UsedDevice
from imgsort.features.runtimes.litert import LiteRT
from imgsort.features.runtimes.openvino import OpenVINO
from imgsort.features.runtimes.tensorflow import TensorFlow

RUNTIMES: tuple[Runtime, ...] = (OpenVINO(), LiteRT(), TensorFlow())


def runtimes_for(precision: LayerPrecision, device: UsedDevice) -> list[Runtime]:
    """Return the runtimes that compute in a precision on a device, in the order of the table."""
    return [runtime for runtime in RUNTIMES if runtime.can_run(precision, device)]


def runtime_after(name: str, precision: LayerPrecision, device: UsedDevice) -> Runtime:
    """Return the runtime to try if the one with this name failed: the next one in the table, or else the last one."""
    names = [runtime.name for runtime in RUNTIMES]
    later = RUNTIMES[names.index(name) + 1 :]
    return next((runtime for runtime in later if runtime.can_run(precision, device)), RUNTIMES[-1])


def runtime_named(name: str) -> Runtime:
    """Return the runtime with this name. Raises KeyError for a name that is not in the table."""
    return {runtime.name: runtime for runtime in RUNTIMES}[name]
