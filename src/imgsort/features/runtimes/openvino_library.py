"""Imports OpenVINO without the part that sends, and holds its one entry for each process."""

import functools
import os
import sys
import threading
from typing import Any

# Importing this part of OpenVINO sends a message to its makers. imgsort needs nothing of it.
_SENDS = "openvino.tools.ovc"

_one_at_a_time = threading.Lock()


def import_openvino() -> Any:
    """Return the module `openvino`, without its telemetry. Raises ImportError if it is missing or cannot be loaded."""
    with _one_at_a_time:
        blocked = _SENDS not in sys.modules
        if blocked:
            sys.modules[_SENDS] = None  # type: ignore[assignment]
        try:
            import openvino
        finally:
            if blocked:  # a program that uses imgsort may want it
                del sys.modules[_SENDS]
    return openvino


def openvino_core() -> Any:
    """Return OpenVINO's entry for this process. Making it takes as long as the import.

    Raises ImportError, and RuntimeError if OpenVINO refuses the processor.
    """
    return _core(os.getpid())


@functools.lru_cache(maxsize=1)
def _core(process: int) -> Any:
    return import_openvino().Core()
