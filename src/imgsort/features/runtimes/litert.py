"""Runs a converted model on the processor with LiteRT and its XNNPACK kernels, with one interpreter for each core."""

import importlib.metadata
import os
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imgsort.errors import DeviceError
from imgsort.features.cache.model_store import ConvertedModel
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.models.preparation import Preparation, padded
from imgsort.features.runtimes.conversion.convert import ConvertedPrecision, converted_for
from imgsort.features.runtimes.interface import LayerPrecision, LoadedModel, UsedDevice, Way
from imgsort.images.stream import core_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CONVERTED: dict[str, ConvertedPrecision] = {"float32": "float32", "int8": "int8"}
# Each interpreter has its own copy of the weights. Beyond this number, a copy costs more memory than it is worth.
_MOST_INTERPRETERS = 8
# With small maps, a few images at a time fill a core's vector units better.
_BATCH_PIXELS = 4 * 128 * 128


class LiteRT:
    """Runs converted models."""

    name = "litert"

    def can_run(self, precision: LayerPrecision, device: UsedDevice) -> bool:
        """Say whether the device is the processor and models can be converted to the precision."""
        return device == "cpu" and precision in _CONVERTED

    def load(
        self, model: FeatureModel, way: Way, *, batch_size: int | None, notice: Callable[[str], None]
    ) -> LoadedModel:
        """Return an extractor for the converted model. Raises WeightsError and ConversionError."""
        converted = converted_for(model, _CONVERTED[way.precision], notice)
        extractor = LiteRTExtractor(converted, model.prepare, model.size_px, batch_size=batch_size)
        return LoadedModel(extractor, extractor.made_of)


class LiteRTExtractor:
    """Turns pixels into features with one interpreter for each core, for as many threads.

    If one interpreter used all cores, it would wait for its slowest thread after every layer. The decoding of images at
    the same time makes one of these threads slow. Interpreters with one thread each wait for nothing.
    """

    def __init__(
        self, model: ConvertedModel, preparation: Preparation, size_px: int, *, batch_size: int | None = None
    ) -> None:
        self.size_px = size_px
        self.batch_size = batch_size or max(1, _BATCH_PIXELS // size_px**2)
        self._model = model
        self._preparation = preparation
        self._cores = core_count()
        self._lock = threading.Lock()
        self._process = 0

    @property
    def made_of(self) -> str:
        """The model and the version of LiteRT in this process."""
        return f"{self._model.sha256}, LiteRT {importlib.metadata.version('ai-edge-litert')}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process with the converted model."""
        return _again, (self._model.data, self._preparation, self.size_px, self.batch_size)

    def extract(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, size_px, size_px, 3) RGB, n at most `batch_size`, into float32 (n, width).

        Raises DeviceError if this machine cannot run the model.
        """
        free = self._free_interpreters()
        interpreter = free.get()
        try:
            interpreter = interpreter or self._new_interpreter()
            return interpreter.run(pixels)
        except (RuntimeError, ValueError, ImportError, MemoryError) as error:
            raise DeviceError(
                f"LiteRT cannot run the model at {self.size_px} px, {self.batch_size} at a time ({error}). "
                "A smaller --batch-size or --size needs less memory."
            ) from error
        finally:
            free.put(interpreter)

    def _free_interpreters(self) -> "queue.LifoQueue[_Interpreter | None]":
        """Return the interpreters that no thread uses.

        None stands for an interpreter that is not made yet.
        """
        with self._lock:
            # After a fork, the old interpreters would wait for threads that the new process does not have.
            if self._process != os.getpid():
                self._process = os.getpid()
                self._free: queue.LifoQueue[_Interpreter | None] = queue.LifoQueue()
                for _ in range(min(self._cores, _MOST_INTERPRETERS)):
                    self._free.put(None)
            return self._free

    def _new_interpreter(self) -> "_Interpreter":
        threads = -(-self._cores // _MOST_INTERPRETERS)
        return _Interpreter(self._model.data, threads, self._preparation, (self.batch_size, self.size_px))


def _again(data: bytes, preparation: Preparation, size_px: int, batch_size: int) -> LiteRTExtractor:
    return LiteRTExtractor(ConvertedModel.of(data), preparation, size_px, batch_size=batch_size)


def table_for(data: bytes, preparation: Preparation) -> "NDArray[Any]":
    """Return the table that turns pixels into the numbers which a model in LiteRT's format takes."""
    from ai_edge_litert.interpreter import Interpreter

    (entry,) = Interpreter(model_content=data).get_input_details()
    return _table(entry, preparation)


def _table(entry: Any, preparation: Preparation) -> "NDArray[Any]":
    scale, zero_point = entry["quantization"]
    return preparation.quantised(scale, zero_point) if scale else preparation.table()


class _Interpreter:
    """LiteRT's interpreter for a model. Only one thread at a time may use it."""

    def __init__(self, data: bytes, threads: int, preparation: Preparation, shape: tuple[int, int]) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._batch_size, size_px = shape
        self._preparation = preparation
        self._interpreter: Any = Interpreter(model_content=data, num_threads=threads)
        (entry,) = self._interpreter.get_input_details()
        (exit_,) = self._interpreter.get_output_details()
        self._entry, self._exit = entry["index"], exit_["index"]
        self._interpreter.resize_tensor_input(self._entry, [self._batch_size, size_px, size_px, 3])
        self._interpreter.allocate_tensors()
        self._table = _table(entry, preparation)

    def run(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        prepared = self._preparation.look_up(pixels, self._table)
        self._interpreter.set_tensor(self._entry, padded(prepared, self._batch_size))
        self._interpreter.invoke()
        features: NDArray[np.float32] = self._interpreter.get_tensor(self._exit)[: len(pixels)]
        return features
