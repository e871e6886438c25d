"""Starts a Ray that only this process uses.

It listens on the loopback address only, asks for a token, has no dashboard and reports to nobody. It ends with the
block that started it, or with the process, however that ends. Source: Ray, Configuring Ray and Security.
"""

import contextlib
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgsort.engines.ray.connection.guard import guarded
from imgsort.engines.ray.connection.module import import_ray
from imgsort.engines.ray.connection.quiet import SILENT, quiet_ray
from imgsort.engines.ray.connection.surroundings import away_in, ended_in_order, environment, signals_as_before
from imgsort.errors import EngineError
from imgsort.images.stream import core_count
from imgsort.temporary import private_folder

_LOOPBACK = "127.0.0.1"
_MOST_STORE_BYTES = 1024**3
_LEAST_STORE_BYTES = 100 * 1024**2  # Ray refuses less than 75 MiB
# The paths of Ray's sockets are about 65 characters longer than its folder, and a socket's path has at most 107.
_LONGEST_FOLDER = 40
# Ray reads these when it is imported or started. Without the first, it replaces the loopback address by the machine's,
# and listens there. The last one keeps it from handing the current folder to its workers where `uv run` started us.
_SETTINGS = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


@contextlib.contextmanager
def own_ray() -> Iterator[Any]:
    """Give the module `ray`, connected to a Ray that ends with the block. Raises EngineError, MissingPackageError."""
    with environment(_SETTINGS), ended_in_order():
        ray = import_ray()
        with quiet_ray(), _guarded_folder() as folder:
            try:
                _start(ray, folder)
                yield ray
            finally:
                ray.shutdown()


def _start(ray: Any, folder: Path) -> None:
    # What workers leave in the folder for temporary files goes with the folder: Ray ends them without warning.
    with environment({"TMPDIR": str(folder)}), away_in(folder), signals_as_before():
        try:
            ray.init(
                "local",
                num_cpus=core_count(),
                include_dashboard=False,
                log_to_driver=False,
                logging_level=SILENT,
                object_store_memory=_store_bytes(),
                _node_ip_address=_LOOPBACK,
                _temp_dir=str(folder),
            )
        except Exception as error:  # where its processes are slow to start, Ray raises just that
            reason = " ".join(str(error).split())[:300]
            raise EngineError(
                f"Ray does not start on this machine ({reason}). If the machine is busy, try again; --engine local "
                "needs no Ray."
            ) from error
    _require_loopback(ray)


def _require_loopback(ray: Any) -> None:
    """Raise EngineError if other machines could reach the Ray that was started."""
    addresses = {node["NodeManagerAddress"] for node in ray.nodes()}
    if addresses != {_LOOPBACK}:
        raise EngineError(
            f"Ray listens on {', '.join(sorted(addresses))}, where other machines reach it, because this program "
            "imported Ray before imgsort could tell it otherwise. Connect with ray.init first, or import ray later."
        )


def _store_bytes() -> int:
    """Return the size of Ray's store of objects: a quarter of what is free where it lies, within limits."""
    try:
        free = shutil.disk_usage("/dev/shm").free
    except OSError:
        return _LEAST_STORE_BYTES
    return max(_LEAST_STORE_BYTES, min(_MOST_STORE_BYTES, free // 4))


@contextlib.contextmanager
def _guarded_folder() -> Iterator[Path]:
    """Give a folder for the sockets and the logs of Ray, which nobody else may enter. Raises EngineError."""
    with contextlib.ExitStack() as stack:
        try:
            folder = new_folder()
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            stack.enter_context(guarded(folder, private_folder()))
        except OSError as error:
            raise EngineError(
                f"Ray does not start: there is no place for temporary files ({error.strerror or error}). TMPDIR names "
                "one; --engine local needs no Ray."
            ) from error
        yield folder


def new_folder() -> Path:
    """Return a new folder for Ray, whose name is short enough for its sockets. Raises OSError."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir=private_folder()))
    if len(str(folder)) > _LONGEST_FOLDER and sys.platform != "win32":
        shutil.rmtree(folder)
        folder = Path(tempfile.mkdtemp(prefix="imgsort-", dir="/tmp"))
    return folder
