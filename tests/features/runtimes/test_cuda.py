import ctypes
import subprocess
import sys
import sysconfig

import pytest

from imgsort.features.runtimes import cuda
from imgsort.features.runtimes.cuda import cuda_device_count


def test_a_machine_without_a_driver_has_no_gpu(monkeypatch):
    """If the driver's library is missing, there is no GPU."""

    def missing(name: str) -> ctypes.CDLL:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert cuda_device_count() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="takes the C library for it, which Windows does not give so")
def test_another_library_of_that_name_is_no_driver(monkeypatch):
    """A library of the same name without the driver's functions is no driver."""
    libc = ctypes.CDLL(None)
    monkeypatch.setattr(cuda.ctypes, "CDLL", lambda name: libc)
    assert cuda_device_count() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="builds a small library with the system's compiler")
@pytest.mark.parametrize(("init", "status", "expected"), [(0, 0, 3), (100, 0, 0), (0, 100, 0)])
def test_the_driver_says_how_many(tmp_path, monkeypatch, init, status, expected):
    """`cuInit` is called, then `cuDeviceGetCount`. If either fails, there is no GPU.

    The driver is a small library that this test builds.
    """
    source, library = tmp_path / "driver.c", tmp_path / "libcuda.so.1"
    source.write_text(
        f"int cuInit(unsigned f) {{ return {init}; }} int cuDeviceGetCount(int *n) {{ *n = 3; return {status}; }}"
    )
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    try:
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    except FileNotFoundError:
        pytest.skip("no compiler on this machine")
    real = ctypes.CDLL
    monkeypatch.setattr(cuda.ctypes, "CDLL", lambda name: real(str(tmp_path / name)))
    assert cuda_device_count() == expected


def test_asking_imports_no_tensorflow():
    """Counting GPUs takes only milliseconds, because it imports no large library."""
    script = "import sys; from imgsort.features.runtimes.cuda import cuda_device_count as c; c(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "keras", "numpy"} & set(loaded)
