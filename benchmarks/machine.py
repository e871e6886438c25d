"""Describes what a table of measurements was made with: the machine in one line, the versions in another."""

import datetime
import importlib.metadata
import platform
from pathlib import Path

from imgsort.images.stream import core_count
from imgsort.version import __version__

PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "opencv-python-headless", "numpy", "scikit-learn")


def described() -> str:
    """Return the date, the processor, the number of cores and the versions."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return (
        f"{datetime.datetime.now(datetime.UTC).date()}, {processor()}, {core_count()} cores\n"
        f"imgsort {__version__}, Python {platform.python_version()}, {versions}\n"
    )


def processor() -> str:
    """Return the processor's name and those of its extensions that matter for speed."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return platform.machine()
    lines = dict(line.split(":", 1) for line in info.read_text(encoding="ascii").splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in lines.items()}
    flags = fields.get("flags", "").split()
    known = [
        flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16") if flag in flags
    ]
    return f"{fields.get('model name', platform.machine())} ({', '.join(known)})"
