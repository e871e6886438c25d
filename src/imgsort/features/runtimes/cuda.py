"""Asks NVIDIA's driver whether there is a GPU, without importing the packages that would use it."""

import ctypes
import sys


def cuda_device_count() -> int:
    """Return the number of CUDA devices that the driver has, or 0 if there is no driver.

    Source: CUDA driver API, `cuInit`, `cuDeviceGetCount`. The driver itself obeys CUDA_VISIBLE_DEVICES.
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
