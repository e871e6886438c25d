"""Says what OpenVINO can do on this processor. The answer is kept, because it takes as long as OpenVINO's import."""

import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import platform
from dataclasses import dataclass
from pathlib import Path

from imgsort.features.cache.folder import named_cache_folder, write_whole
from imgsort.features.runtimes.openvino_library import openvino_core

_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Processor:
    """A processor as OpenVINO sees it.

    `capabilities` holds `BF16`, `FP16`, `INT8` and others. Source: OpenVINO, properties FULL_DEVICE_NAME and
    OPTIMIZATION_CAPABILITIES.
    """

    name: str
    capabilities: frozenset[str]


_UNKNOWN = Processor("", frozenset())


def processor_capabilities() -> frozenset[str]:
    """Return what OpenVINO can use of this processor: `BF16`, `FP16`, `INT8` and others.

    The result is empty if OpenVINO is not installed, cannot be loaded, or refuses the processor, and for processors
    other than x86-64, on which nobody has measured it.
    """
    return this_processor().capabilities


@functools.cache
def this_processor() -> Processor:
    """Return the processor of this machine, without a name or capabilities if OpenVINO cannot use it."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return _UNKNOWN
    try:
        installation = _installation()
        known = _remembered(installation)
        if known is None:
            known = described_by_openvino()
            _remember(installation, known)
        return known
    except (ImportError, OSError, RuntimeError):
        return _UNKNOWN


def described_by_openvino() -> Processor:
    """Ask OpenVINO. Raises ImportError, OSError and RuntimeError if it cannot be used."""
    core = openvino_core()
    name, capabilities = (core.get_property("CPU", key) for key in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES"))
    return Processor(str(name), frozenset(capabilities))


def _installation() -> str:
    """Return one line that differs if the answer could: which OpenVINO is installed, on which machine.

    Raises ImportError if OpenVINO is not installed.
    """
    try:
        found = importlib.util.find_spec("openvino")
    except ValueError:  # it was hidden by a module without a specification
        found = None
    if found is None:
        raise ImportError("OpenVINO is not installed")
    openvino = importlib.metadata.version("openvino"), found.origin
    return " ".join(map(str, (*openvino, platform.node(), _first_processor())))


def _first_processor() -> str:
    """Return what the system says of the first processor: its model, and on Linux its instructions."""
    try:
        first, _, _ = _CPU_INFO.read_text(encoding="ascii", errors="replace").partition("\n\n")
    except OSError:
        return platform.processor()
    return " ".join(line for line in first.splitlines() if line.startswith(("model name", "flags")))


def _record(installation: str) -> Path:
    return named_cache_folder() / "processors" / f"{hashlib.sha256(installation.encode()).hexdigest()[:32]}.json"


def _remembered(installation: str) -> Processor | None:
    """Return the processor that an earlier command found, or None if there is none or its file is damaged."""
    try:
        kept = json.loads(_record(installation).read_bytes())
        return Processor(str(kept["name"]), frozenset(map(str, kept["capabilities"])))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _remember(installation: str, processor: Processor) -> None:
    kept = {"name": processor.name, "capabilities": sorted(processor.capabilities)}
    with contextlib.suppress(OSError):  # without a cache, or with a read-only one, the next command asks again
        write_whole(_record(installation), json.dumps(kept).encode())
