import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from imgsort import mapped
from imgsort.mapped import empty_array, empty_matrix, let_go


def resident_bytes() -> int:
    """Return how many bytes of this process are in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("limit", [10**6, 0])
def test_a_matrix_holds_what_is_written(monkeypatch, limit):
    """A matrix keeps its numbers, whether it lies in memory or in a file.

    The numbers also stay after `let_go` was called for the whole matrix or for a part of it.
    """
    monkeypatch.setattr(mapped, "MOST_RESIDENT_BYTES", limit)
    matrix = empty_matrix(700, 30)
    assert (matrix.shape, matrix.dtype) == ((700, 30), np.float32)
    expected = np.random.default_rng(1).normal(size=(700, 30)).astype(np.float32)
    matrix[:] = expected
    let_go(matrix)
    part = matrix[5:300]
    let_go(part)
    part[0] = 7
    let_go(matrix)
    assert np.array_equal(matrix[6:], expected[6:])
    assert matrix[5].tolist() == [7] * 30


@pytest.mark.parametrize("limit", [10**6, 0])
@pytest.mark.parametrize("shape", [(5, 7, 7, 3), (40, 3), (11,)])
def test_an_array_of_bytes_holds_what_is_written(monkeypatch, limit, shape):
    """An array of bytes keeps its numbers, whatever its shape.

    It has one byte per number. It lies in memory, or in a file that is exactly as large as the array.
    """
    monkeypatch.setattr(mapped, "MOST_RESIDENT_BYTES", limit)
    array = empty_array(shape, np.uint8)
    assert (array.shape, array.dtype, array.nbytes) == (shape, np.uint8, np.prod(shape))
    assert array.flags.owndata == (limit > 0)
    expected = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    array[:] = expected
    let_go(array)
    assert np.array_equal(array, expected)


def test_other_arrays_are_left_alone():
    """`let_go` does nothing to an array that lies in memory."""
    array = np.arange(12.0, dtype=np.float32)
    for view in (array, array.reshape(3, 4)[1:], np.frombuffer(b"1234" * 6, np.float32)):
        before = view.copy()
        let_go(view)
        assert np.array_equal(view, before)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_let_go_is_not_resident():
    """A hundred megabytes, written and let go in parts, need only a fraction of that memory."""
    matrix = empty_matrix(25_000, 1024)
    before = resident_bytes()
    for start in range(0, len(matrix), 500):
        matrix[start : start + 500] = start
        let_go(matrix)
    assert resident_bytes() - before < 20e6
    assert (matrix[24_700] == 24_500).all()


@pytest.mark.parametrize("problem", ["no folder", "no room"])
def test_where_there_is_no_room_memory_must_do(monkeypatch, tmp_path, problem):
    """If there is no room for the file, the matrix lies in memory.

    Writing to a full disk would kill the process, so the room is reserved first.
    """
    if problem == "no folder":
        monkeypatch.setattr(mapped.tempfile, "tempdir", str(tmp_path / "none"))
    else:

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(mapped, "_reserve", full)
    monkeypatch.setattr(mapped, "MOST_RESIDENT_BYTES", 0)
    matrix = empty_matrix(10, 4)
    assert matrix.flags.owndata
    matrix[:] = 1
