"""How much memory this process has used at most."""

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mib() -> int:
    """Return the most memory that this process has had since its program was started, in MiB.

    Linux adds to `ru_maxrss` what the process that started this one had: gigabytes, after tests that load TensorFlow.
    """
    if _STATUS.exists():
        kib = next(line.split()[1] for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(kib) // 1024
    import resource  # Windows has none

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024**2 if sys.platform == "darwin" else 1024)
