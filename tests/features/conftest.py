"""Fixtures for the tests of models and weights.

They give a host of weights that runs on this machine, and models that are built once.
"""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from imgsort.features.models.choose import ChosenModel
from imgsort.features.models.pooled_model import PooledModel

Answer = Callable[[BaseHTTPRequestHandler], None]


class WeightsHost:
    """A real HTTP server that stands for a host of weights.

    `answer` answers the next requests, except those for a path in `files`. `requests` holds the paths of all
    requests so far.
    """

    def __init__(self) -> None:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.requests.append(self.path)
                file = host.files.get(self.path)
                answer = host.answer if file is None else host.sends(file)
                answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.requests: list[str] = []
        self.files: dict[str, bytes] = {}
        self.answer: Answer = self.sends(b"")
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        """Stop the server, and end every request that still hangs."""
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def sends(self, body: bytes, *, status: int = 200, length: int | None = None) -> Answer:
        """Return an answer that sends `body`.

        If `length` is larger than the body, the connection ends before the answer is complete.
        """

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            kind = "text/html" if request.path.endswith("/") else "application/octet-stream"
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(body) if length is None else length))
            request.end_headers()
            request.wfile.write(body)

        return answer

    def hangs(self, beginning: bytes | None = None) -> Answer:
        """Return an answer that never comes, or one that sends `beginning` and never goes on."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            if beginning is not None:
                self.sends(beginning, length=len(beginning) + 10)(request)
                request.wfile.flush()
            self.closing.wait(30)

        return answer


@pytest.fixture
def weights_host(monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsHost]:
    """A host of weights. `PublishedWeights` asks it instead of Keras' own host."""
    host = WeightsHost()
    monkeypatch.setenv("IMGSORT_WEIGHTS_URL", host.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        yield host
    finally:
        host.close()


@pytest.fixture
def package_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsHost]:
    """A package index. Pip asks it instead of the index that it is configured for. It has no package yet."""
    host = WeightsHost()
    host.answer = host.sends(b"", status=404)
    monkeypatch.setenv("PIP_INDEX_URL", f"{host.url}/simple")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        yield host
    finally:
        host.close()


@pytest.fixture(scope="session")
def small_lite(lite_model: ChosenModel) -> PooledModel:
    """EfficientNet-Lite0 at 32 pixels, for tests in which the size does not matter."""
    return PooledModel(lite_model, 32)


@pytest.fixture(scope="session")
def converted(cache_folder: Path, small_lite: PooledModel) -> dict[str, bytes]:
    """The small model, converted for LiteRT in each precision. The shared cache keeps it."""
    from imgsort.features.runtimes.conversion.convert import converted_for

    return {precision: converted_for(small_lite, precision, lambda _: None).data for precision in ("float32", "int8")}


@pytest.fixture(scope="session")
def small_model() -> Callable[..., Any]:
    """A function that builds a small network with random weights.

    The network has every kind of layer that the backbones have.
    """
    from imgsort.features.keras_backend import import_keras

    keras = import_keras()

    def build(seed: int, width: int = 4) -> Any:
        import numpy as np

        layers = keras.layers
        inputs = keras.Input((8, 8, 3))
        x = layers.Conv2D(width, 3, padding="same", name="conv")(inputs)
        x = layers.BatchNormalization(name="bn")(x)
        x = layers.ReLU(name="relu")(x)
        outputs = layers.Conv2D(2, 1, use_bias=False, name="last")(x)
        model = keras.Model(inputs, outputs, name="small")
        random = np.random.default_rng(seed)
        model.set_weights([random.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])
        return model

    return build


@pytest.fixture
def keras_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Keras folder with nothing in it."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras_home"))
    return tmp_path / "keras_home"
