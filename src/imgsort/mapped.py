"""Matrices that may be larger than memory: in a file, mapped, with nothing resident that is not in use."""

import mmap
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_RESIDENT_BYTES = 16 * 1024**2


def empty_matrix(rows: int, width: int) -> "NDArray[np.float32]":
    """Return float32 (rows, width) to be written to, in memory or, if it is larger than a few MB, in a file.

    The file has no name, and goes with the matrix.
    """
    import numpy as np

    size = 4 * rows * width
    if size <= MOST_RESIDENT_BYTES:
        return np.empty((rows, width), dtype=np.float32)
    with tempfile.TemporaryFile(prefix="imgsort-") as file:
        file.truncate(size)
        return np.frombuffer(mmap.mmap(file.fileno(), size), dtype=np.float32).reshape(rows, width)


def let_go(matrix: "NDArray[np.float32]") -> None:
    """Let the system take back the memory of a matrix that lies in a file; what it holds stays."""
    base: object = matrix
    while base is not None and not isinstance(base, mmap.mmap):
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
    if isinstance(base, mmap.mmap) and hasattr(base, "madvise"):
        base.madvise(mmap.MADV_DONTNEED)
