"""Fixtures that every test may use. Tests describe trees of files as dicts: {path: content}."""

import importlib.util
import os
import shutil
import socket
from pathlib import Path

import pytest

pytest_plugins = ["tests.support.classifiers"]

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory):
    """One cache folder for all tests. They share it, so that a model is converted once, not in every test."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["IMGSORT_CACHE_DIR"] = str(folder)
    yield folder
    del os.environ["IMGSORT_CACHE_DIR"]


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """A cache folder that belongs to one test. It does not exist yet."""
    monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def no_network_and_no_home(tmp_path_factory, monkeypatch):
    """Weights cannot be downloaded and Keras' cache is empty, unless a test changes this."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
    monkeypatch.setenv("IMGSORT_WEIGHTS_URL", f"http://127.0.0.1:{closed_port()}")


def closed_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shared_data() -> Path:
    """The folder of photographs to measure with. The test is skipped if it is missing."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the photographs to measure with, which are not part of the project")
    return SHARED / "data"


@pytest.fixture
def other_filesystem(tmp_path):
    """An empty folder on a different file system than `tmp_path`."""
    import tempfile

    memory = Path("/dev/shm")
    if not memory.is_dir() or os.stat(memory).st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("needs /dev/shm as a file system of its own")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def demo_photos(tmp_path_factory):
    """The demo folder of `examples/make_photos.py`, as (folder, {file: photograph}).

    A test must not change it. A test that changes files works on a copy.
    """
    spec = importlib.util.spec_from_file_location("make_photos", PROJECT / "examples" / "make_photos.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("photos")
    return folder, module.make_photos(folder)


@pytest.fixture
def photos(demo_photos, tmp_path):
    """A copy of the demo folder. The files keep their times."""
    return Path(shutil.copytree(demo_photos[0], tmp_path / "photos"))


@pytest.fixture
def few_photos(demo_photos, tmp_path):
    """A folder with twelve of the demo photographs."""
    folder = tmp_path / "few"
    folder.mkdir()
    for file in sorted(demo_photos[0].glob("*.jpg"))[:12]:
        shutil.copy2(file, folder)
    return folder


@pytest.fixture(scope="session")
def lite_model():
    """EfficientNet-Lite0 with the weights from its package, as a ChosenModel."""
    from imgsort.features.models.backbones import ALWAYS_THERE
    from imgsort.features.models.choose import choose_model

    return choose_model(ALWAYS_THERE, ALWAYS_THERE, None, notice=pytest.fail, make_bar=lambda _: None)
