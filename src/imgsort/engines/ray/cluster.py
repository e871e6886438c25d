"""Starts a Ray that only this process uses, or joins one that runs.

A Ray of our own listens on the loopback address only, asks for a token, has no dashboard and reports to nobody. It ends
with the block that started it, or with the process, however that ends. Source: Ray, Configuring Ray and Security.
"""

import contextlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgsort.engines.ray.quiet import SILENT, quiet_ray
from imgsort.errors import EngineError, MissingPackageError
from imgsort.images.stream import core_count
from imgsort.temporary import private_folder

_LOOPBACK = "127.0.0.1"
_MOST_STORE_BYTES = 1024**3
_LEAST_STORE_BYTES = 100 * 1024**2  # Ray refuses less than 75 MiB
# The paths of Ray's sockets are about 65 characters longer than its folder, and a socket's path has at most 107.
_LONGEST_FOLDER = 40
# Ray reads these when it is imported or started. Without the first, it replaces the loopback address by the machine's,
# and listens there.
_OWN = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_DISABLE_IMPORT_WARNING": "1",
}


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Give the module `ray`, connected: to the cluster at `address`, or to a Ray of our own without one.

    If this process is connected already, that connection is used, and stays. Raises EngineError, MissingPackageError.
    """
    if "ray" in sys.modules and sys.modules["ray"].is_initialized():
        ray = _import_ray()
        with quiet_ray():
            yield ray
        return
    with _joined(address) if address is not None else _own() as ray:
        yield ray


@contextlib.contextmanager
def _joined(address: str) -> Iterator[Any]:
    ray = _import_ray()
    with quiet_ray():
        try:
            with _folder() as folder, _away_in(folder), _signals_as_before():
                ray.init(address, log_to_driver=False, logging_level=SILENT)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            reason = " ".join(str(error).split())[:300]
            raise EngineError(
                f"--ray-address {address}: there is no Ray that answers ({reason}). Start one with `ray start --head`, "
                "or leave out --ray-address: imgsort then starts its own."
            ) from error
        try:
            yield ray
        finally:
            ray.shutdown()


@contextlib.contextmanager
def _own() -> Iterator[Any]:
    with _environment(_OWN), _folder() as folder:
        ray = _import_ray()
        with quiet_ray(), _ended_in_order():
            try:
                _start(ray, folder)
                yield ray
            finally:
                ray.shutdown()


def _start(ray: Any, folder: Path) -> None:
    try:
        with _away_in(folder), _signals_as_before():
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
    except (ConnectionError, TimeoutError) as error:
        raise EngineError(f"Ray does not start on this machine ({error}). --engine local needs none.") from error
    _require_loopback(ray)


def _import_ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingPackageError(
            "--engine ray needs Ray: pip install '.[ray]' in a checkout of imgsort, on every machine of the cluster."
        ) from error
    return ray


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
def _folder() -> Iterator[Path]:
    """Give a folder for the sockets and the logs of Ray, which nobody else may enter."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir=private_folder()))
    if len(str(folder)) > _LONGEST_FOLDER and sys.platform != "win32":
        shutil.rmtree(folder)
        folder = Path(tempfile.mkdtemp(prefix="imgsort-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _away_in(folder: Path) -> Iterator[None]:
    """Change to an empty folder while the block runs.

    Ray lets its workers import from the folder that its driver was started in. That may be a folder of photos from
    anybody, with a `numpy.py` among them.
    """
    before = os.open(".", os.O_RDONLY) if hasattr(os, "fchdir") else os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        if isinstance(before, int):
            os.fchdir(before)
            os.close(before)
        else:
            os.chdir(before)


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables while the block runs."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the process as an exception does while the block runs, so that Ray and its folder go first."""
    with _signals_as_before():
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        yield


@contextlib.contextmanager
def _signals_as_before() -> Iterator[None]:
    """Restore the handler of SIGTERM, which Ray replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
