"""Fixtures that every test may use. Tests describe trees of files as dicts: {path: content}."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["tests.support.browser", "tests.support.classifiers", "tests.support.s3_server"]

# The variables before a fixture takes the network away: with them, pip asks the index that it is configured for.
ENVIRONMENT = dict(os.environ)
PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory):
    """One cache folder for all tests. They share it, so that a model is converted once, not in every test.

    If several processes run the tests, each has its own, but converted models are those of all.
    """
    folder = tmp_path_factory.mktemp("cache")
    if "PYTEST_XDIST_WORKER" in os.environ and os.name != "nt":
        models = tmp_path_factory.getbasetemp().parent / "models"
        models.mkdir(exist_ok=True)
        (folder / "models").symlink_to(models)
    os.environ["IMGSORT_CACHE_DIR"] = str(folder)
    yield folder
    del os.environ["IMGSORT_CACHE_DIR"]


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """A cache folder that belongs to one test. It does not exist yet."""
    monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def converted(cache_folder, tmp_path_factory, lite_model):
    """A cache folder with the converted model for 64 pixels, and nothing else: the folder of all has many models."""
    from imgsort.features.extraction import prepare_extraction
    from imgsort.features.models.pooled_model import PooledModel
    from imgsort.images.decoding.decode import DEFAULTS

    folder = tmp_path_factory.mktemp("converted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSORT_CACHE_DIR", str(folder))
        prepare_extraction(PooledModel(lite_model, 64), DEFAULTS, notice=lambda text: None)
    return folder


@pytest.fixture
def converted_alone(converted, own_folder):
    """A cache folder that belongs to one test: it has the converted model for 64 pixels, and no features."""
    return shutil.copytree(converted, own_folder)


@pytest.fixture(autouse=True)
def no_network_and_no_home(tmp_path_factory, monkeypatch):
    """No host is asked for weights and Keras' cache is empty, unless a test changes this.

    Where a test lets imgsort ask hosts, the host of weights and the package index are a port that nobody listens on.
    """
    monkeypatch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
    monkeypatch.setenv("IMGSORT_OFFLINE", "1")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{closed_port()}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("IMGSORT_WEIGHTS_URL", f"http://127.0.0.1:{closed_port()}")


@pytest.fixture
def online(monkeypatch):
    """Let imgsort ask hosts. Without more, it finds nobody there."""
    monkeypatch.delenv("IMGSORT_OFFLINE")


def closed_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def real_weights(tmp_path_factory):
    """A cache folder with the real weights of vgg16 and inceptionv3, from the package index.

    The test is skipped if the index is out of reach.
    """
    folder = tmp_path_factory.mktemp("real_weights")
    environment = {**ENVIRONMENT, "IMGSORT_CACHE_DIR": str(folder), "KERAS_HOME": str(folder / "keras")}
    environment["IMGSORT_WEIGHTS_URL"] = f"http://127.0.0.1:{closed_port()}"
    for name in ("vgg16", "inceptionv3"):
        command = [sys.executable, "-m", "imgsort", "models", "pull", name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"needs the real weights of {name} from a package index: {done.stderr.strip()[-300:]}")
    return folder


@pytest.fixture
def with_real_weights(real_weights, monkeypatch):
    """Let the test use the cache folder with the real weights. Still no host is asked."""
    monkeypatch.setenv("IMGSORT_CACHE_DIR", str(real_weights))


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
    from imgsort.features.weights.fetching import Fetching

    return choose_model(ALWAYS_THERE, ALWAYS_THERE, None, Fetching(pytest.fail))
