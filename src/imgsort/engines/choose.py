"""Chooses the engine that a command asks for."""

from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from imgsort.errors import UsageError
from imgsort.features.engine import LOCAL, Engine

EngineName = Literal["local", "ray"]

_AUTO, _CLIENT = "auto", "ray://"


def require_address(address: str | None) -> None:
    """Raise UsageError for an address that no Ray cluster can have."""
    if address is not None and address != _AUTO and not (address.startswith(_CLIENT) and _has_host_and_port(address)):
        raise UsageError(f"Ray address {address!r}: it must be {_AUTO} or {_CLIENT}HOST:PORT.")


def _has_host_and_port(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname and parts.port)
    except ValueError:
        return False


def engine_named(name: EngineName, ray_address: str | None, notice: Callable[[str], None]) -> Engine:
    """Return the engine with this name. Ray starts, or is joined, when the engine looks at its first images.

    `ray_address`: of a cluster, `auto` or `ray://HOST:PORT`; None for a Ray of this process alone.
    `notice`: is told how many workers look.
    """
    if name == "local":
        return LOCAL
    from imgsort.engines.ray.engine import RayEngine

    return RayEngine(ray_address, notice)
