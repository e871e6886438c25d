"""Runs a backbone with TensorFlow: on a CUDA GPU, and in bfloat16 on a processor."""

import contextlib
import importlib.metadata
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from imgsort.features.keras_backend import import_keras, require_gpu, use_device
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.models.preparation import padded
from imgsort.features.runtimes.conversion.frozen_graph import freeze
from imgsort.features.runtimes.interface import LayerPrecision, LoadedModel, UsedDevice, Way

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_PIXELS = 32 * 224 * 224
_MOST_IN_A_BATCH = 32
# The pixels of one batch travel to the GPU while the GPU computes another batch.
_AT_ONCE = {"cpu": 1, "gpu": 2}


class TensorFlow:
    """Runs every model as Keras builds it, on a CUDA GPU or the processor.

    It takes longer to start than the other runtimes.
    """

    name = "tensorflow"

    def can_run(self, precision: LayerPrecision, device: UsedDevice) -> bool:
        """Say whether Keras' layers compute in the precision on the device.

        The answer for float16 on a processor is no, because float16 is slower there than float32.
        """
        return precision != "int8" and (device == "gpu" or precision != "float16")

    def load(
        self, model: FeatureModel, way: Way, *, batch_size: int | None, notice: Callable[[str], None]
    ) -> LoadedModel:
        """Return an extractor that builds the model when it gets the first pixels."""
        extractor = TensorFlowExtractor(model, way, batch_size=batch_size)
        return LoadedModel(extractor, extractor.made_of)


class TensorFlowExtractor:
    """Turns pixels into features with a frozen graph.

    In this graph, batch normalisation is folded into the weights. When the extractor gets the first pixels, it imports
    TensorFlow and builds the model. This may raise WeightsError and DeviceError.
    """

    def __init__(self, model: FeatureModel, way: Way, *, batch_size: int | None = None) -> None:
        fitting = min(_MOST_IN_A_BATCH, _BATCH_PIXELS // model.size_px**2)
        self.size_px = model.size_px
        self.batch_size = batch_size or max(1, fitting)
        self._model = model
        self._way = way
        self._graph: Any = None
        self._building = threading.Lock()
        self._places = threading.Semaphore(_AT_ONCE[way.device])

    @property
    def made_of(self) -> str:
        """The version of TensorFlow in this process."""
        return importlib.metadata.version("tensorflow")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process with the weights. The model is built there."""
        return _again, (self._model, self._way, self.batch_size)

    def extract(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, size_px, size_px, 3) RGB, n at most `batch_size`, into float32 (n, width)."""
        with self._building:
            if self._graph is None:
                self._graph = self._built()
        prepared = padded(self._model.prepare(pixels), self.batch_size)
        with self._places:
            features: NDArray[np.float32] = self._run(prepared)[: len(pixels)]
        return features

    def _run(self, prepared: "NDArray[np.float32]") -> "NDArray[np.float32]":
        import tensorflow as tf

        with _rewriting(tf) if self._is_rewritten() else contextlib.nullcontext():
            features: NDArray[np.float32] = self._graph(tf.constant(prepared))[0].numpy()
        return features

    def _built(self) -> Any:
        keras = import_keras()
        use_device(self._way.device)
        if self._way.device == "gpu":
            require_gpu()
        with _policy(keras, self._policy()):
            return freeze(self._model.build(), self.batch_size)

    def _policy(self) -> str:
        precision = self._way.precision
        return "float32" if precision == "float32" or self._is_rewritten() else f"mixed_{precision}"

    def _is_rewritten(self) -> bool:
        """Say whether oneDNN turns the float32 graph into bfloat16.

        For some models, this is twice as fast as Keras' own layers in bfloat16.
        """
        on_processor = self._way.precision == "bfloat16" and self._way.device == "cpu"
        return on_processor and self._model.best.rewrites_bfloat16


def _again(model: FeatureModel, way: Way, batch_size: int) -> TensorFlowExtractor:
    return TensorFlowExtractor(model, way, batch_size=batch_size)


@contextlib.contextmanager
def _policy(keras: Any, name: str) -> Iterator[None]:
    """Let Keras build layers that compute in a precision while the block runs.

    This is a global setting of Keras. It is restored at the end.
    """
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_dtype_policy(before)


@contextlib.contextmanager
def _rewriting(tf: Any) -> Iterator[None]:
    """Let oneDNN rewrite the graphs that run in the block.

    This is a global setting of TensorFlow. Each call of a graph obeys it.
    """
    name = "auto_mixed_precision_onednn_bfloat16"
    before = tf.config.optimizer.get_experimental_options().get(name, False)
    tf.config.optimizer.set_experimental_options({name: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({name: before})
