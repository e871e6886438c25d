"""Gives the Ray that a command asks for: one of its own, or one that runs."""

import contextlib
import shutil
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from imgsort.engines.ray.connection.module import import_ray
from imgsort.engines.ray.connection.own import new_folder, own_ray
from imgsort.engines.ray.connection.quiet import SILENT, quiet_ray
from imgsort.engines.ray.connection.surroundings import away_in, environment, signals_as_before
from imgsort.errors import EngineError

# Keeps Ray from handing the current folder to its workers where `uv run` started us.
_SETTINGS = {"RAY_DISABLE_IMPORT_WARNING": "1", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Give the module `ray`, connected: to the cluster at `address`, or to a Ray of our own without one.

    If this process is connected already, that connection is used, and stays. Raises EngineError, MissingPackageError.
    """
    if "ray" in sys.modules and sys.modules["ray"].is_initialized():
        ray = import_ray()
        with quiet_ray():
            yield ray
        return
    with _joined(address) if address is not None else own_ray() as ray:
        yield ray


@contextlib.contextmanager
def _joined(address: str) -> Iterator[Any]:
    with environment(_SETTINGS):
        ray = import_ray()
        with quiet_ray():
            _join(ray, address)
            try:
                yield ray
            finally:
                ray.shutdown()


def _join(ray: Any, address: str) -> None:
    """Connect to a cluster. Raises EngineError."""
    folder = new_folder()
    try:
        with away_in(folder), signals_as_before(), warnings.catch_warnings(action="ignore"):
            ray.init(address, log_to_driver=False, logging_level=SILENT)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        reason = " ".join(str(error).split())[:300]
        raise EngineError(
            f"--ray-address {address}: there is no Ray that answers ({reason}). Start one with `ray start --head`, or "
            "leave out --ray-address: imgsort then starts its own. If one runs, set RAY_ADDRESS to its HOST:PORT, and "
            "RAY_AUTH_MODE and the token as for its `ray start`."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
