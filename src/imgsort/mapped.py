"""Matrices that may be larger than memory: in a file, mapped, with nothing resident that is not in use."""

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
    """Return float32 (rows, width) to be written to, as `empty_array` does."""
    import numpy as np

    return empty_array((rows, width), np.float32)


def empty_array(shape: tuple[int, ...], dtype: Any) -> "NDArray[Any]":
    """Return an array to be written to, in memory or, if it is larger than a few MB, in a file.

    The file has no name, and goes with the matrix. Where there is no room for it, memory must do.
    """
    import numpy as np

    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > MOST_RESIDENT_BYTES:
        with contextlib.suppress(OSError), tempfile.TemporaryFile(prefix="imgsort-") as file:
            _reserve(file.fileno(), size)
            return np.frombuffer(mmap.mmap(file.fileno(), size), dtype=dtype).reshape(shape)
    return np.empty(shape, dtype=dtype)


def _reserve(descriptor: int, size: int) -> None:
    """Give the file its size for sure: to write into a hole for which the disk has no room kills the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)


def let_go(matrix: "NDArray[Any]") -> None:
    """Let the system take back the memory of a matrix that lies in a file; what it holds stays."""
    base: object = matrix
    while base is not None and not isinstance(base, mmap.mmap):
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
    if isinstance(base, mmap.mmap) and hasattr(base, "madvise"):
        base.madvise(mmap.MADV_DONTNEED)
