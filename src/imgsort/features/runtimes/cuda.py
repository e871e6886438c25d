"""Asks NVIDIA's driver whether there is a GPU, without importing what would use it."""

import ctypes
import sys


def cuda_device_count() -> int:
    """Return how many CUDA devices the driver has; 0 where there is no driver.

    Source: CUDA driver API, `cuInit`, `cuDeviceGetCount`. CUDA_VISIBLE_DEVICES is obeyed by the driver itself.
    """
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
        count = ctypes.c_int(0)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value
