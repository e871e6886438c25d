"""Defines the options that say where features are made, and checks each value once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict, get_args

from imgsort.engines.choose import EngineName, engine_named, require_address
from imgsort.errors import UsageError
from imgsort.features.engine import Engine
from imgsort.features.keras_backend import Device
from imgsort.features.runtimes.ways import has_gpu_here


class EngineOptions(TypedDict, total=False):
    """Options that say where features are made. The defaults are those of `EngineSettings`."""

    engine: EngineName
    ray_address: str | None


@dataclass(frozen=True)
class EngineSettings:
    """Where features are made.

    `engine`: `local`, in this process, or `ray`.
    `ray_address`: of a Ray cluster, `auto` or `ray://HOST:PORT`. None: Ray starts on this machine, for this run alone.
    """

    engine: EngineName = "local"
    ray_address: str | None = None

    def __post_init__(self) -> None:
        if self.engine not in get_args(EngineName):
            raise UsageError(f"engine {self.engine!r}: it must be {' or '.join(get_args(EngineName))}.")
        if self.ray_address is not None and self.engine != "ray":
            raise UsageError(f"--ray-address {self.ray_address} needs --engine ray.")
        require_address(self.ray_address)

    def has_gpu(self, device: Device, notice: Callable[[str], None]) -> bool:
        """Say whether the machines that look at the images have a GPU. Raises DeviceError.

        A cluster is asked later, by the engine. It uses GPUs where they are asked for, or where this machine has one.
        """
        is_asked_later = self.ray_address is not None and device == "gpu"
        return is_asked_later or has_gpu_here(device, notice)

    def chosen_engine(self, notice: Callable[[str], None]) -> Engine:
        """Return the engine, which tells `notice` who looks at the images."""
        return engine_named(self.engine, self.ray_address, notice)
