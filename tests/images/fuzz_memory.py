"""Measures the peak memory of this process."""

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mib() -> int:
    """Return the peak memory of this process since its program was started, in MiB.

    On Linux, `ru_maxrss` includes the memory of the process that started this one. That is gigabytes after tests that
    load TensorFlow.
    """
    if _STATUS.exists():
        kib = next(line.split()[1] for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(kib) // 1024
    import resource  # Windows does not have this module

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024**2 if sys.platform == "darwin" else 1024)
