"""Matrices that may be larger than memory: they lie in mapped files, and only the parts in use take memory."""

import contextlib
import math
import mmap
import os
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_RESIDENT_BYTES = 16 * 1024**2


def empty_matrix(rows: int, width: int) -> "NDArray[np.float32]":
    """Return a float32 matrix (rows, width) for the caller to fill, made by `empty_array`."""
    import numpy as np

    return empty_array((rows, width), np.float32)


def empty_array(shape: tuple[int, ...], dtype: Any) -> "NDArray[Any]":
    """Return an array for the caller to fill: in memory or, if it is larger than a few MB, in a file.

    The file has no name, and it disappears together with the array. If the disk has no room for the file, the array
    lies in memory.
    """
    import numpy as np

    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > MOST_RESIDENT_BYTES:
        with contextlib.suppress(OSError), tempfile.TemporaryFile(prefix="imgsort-") as file:
            _reserve(file.fileno(), size)
            return np.frombuffer(mmap.mmap(file.fileno(), size), dtype=dtype).reshape(shape)
    return np.empty(shape, dtype=dtype)


def _reserve(descriptor: int, size: int) -> None:
    """Give the file its size, and reserve the disk space for it if the system can.

    Without the reservation, the file would have holes. A write into a hole kills the process if the disk is full.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)


def let_go(matrix: "NDArray[Any]") -> None:
    """Let the system take back the memory of a matrix that lies in a file. The data stays in the file."""
    base: object = matrix
    while base is not None and not isinstance(base, mmap.mmap):
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
    if isinstance(base, mmap.mmap) and hasattr(base, "madvise"):
        base.madvise(mmap.MADV_DONTNEED)
