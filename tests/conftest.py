"""Fixtures that every test may use. Trees are stated as dicts: {path: content}."""

import os
import socket
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def no_network_and_no_home(tmp_path_factory, monkeypatch):
    """Weights come from nowhere and Keras' cache is empty, unless a test says otherwise."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
    monkeypatch.setenv("IMGSORT_WEIGHTS_URL", f"http://127.0.0.1:{closed_port()}")


def closed_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shared_data() -> Path:
    """The photographs to measure with, where they are."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the photographs to measure with, which are not part of the project")
    return SHARED / "data"


@pytest.fixture
def other_filesystem(tmp_path):
    """An empty folder on another file system than `tmp_path`."""
    import tempfile

    memory = Path("/dev/shm")
    if not memory.is_dir() or os.stat(memory).st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("needs /dev/shm as a file system of its own")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)
