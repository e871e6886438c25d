"""Runs a converted model on an x86-64 processor with OpenVINO, with one stream for each core.

It computes in bfloat16 on processors with instructions for it, and there in int8 faster than LiteRT.
"""

import importlib.metadata
import io
import os
import queue
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.errors import ConversionError, DeviceError
from imgsort.features.cache.model_store import ConvertedModel, is_stored, stored_or_made
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.models.preparation import Preparation
from imgsort.features.runtimes.conversion.convert import converted_for
from imgsort.features.runtimes.interface import LayerPrecision, LoadedModel, UsedDevice, Way
from imgsort.features.runtimes.litert import table_for
from imgsort.features.runtimes.openvino_library import openvino_core
from imgsort.features.runtimes.processor import processor_capabilities, this_processor
from imgsort.images.stream import core_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HINTS = {"float32": "f32", "bfloat16": "bf16"}
_BATCH_SIZE = 4
_MOST_STREAMS = 16


class OpenVINO:
    """Runs converted models. Those that are compiled for this processor are kept too."""

    name = "openvino"

    def can_run(self, precision: LayerPrecision, device: UsedDevice) -> bool:
        """Say whether the device is a processor that computes in the precision.

        Processors without VNNI lose the highest sums in int8, so that features are wrong. OpenVINO does not say which
        processors have VNNI, but all with bfloat16 do.
        """
        needed = {"float32": "FP32", "bfloat16": "BF16", "int8": "BF16"}.get(precision)
        return device == "cpu" and needed in processor_capabilities()

    def load(
        self, model: FeatureModel, way: Way, *, batch_size: int | None, notice: Callable[[str], None]
    ) -> LoadedModel:
        """Return an extractor for the converted model.

        If the model was never compiled for this processor, this is done now, so that a failure is noticed before any
        features are made. Raises WeightsError and ConversionError.
        """
        converted = converted_for(model, "int8" if way.precision == "int8" else "float32", notice)
        extractor = OpenVINOExtractor(converted, model.prepare, model.size_px, way.precision, batch_size=batch_size)
        extractor.require_compiled(model.name)
        return LoadedModel(extractor, extractor.made_of)


class OpenVINOExtractor:
    """Turns pixels into features with one request for each stream, for as many threads.

    The model is compiled, or taken from the cache, when the extractor gets the first pixels.
    """

    def __init__(
        self,
        model: ConvertedModel,
        preparation: Preparation,
        size_px: int,
        precision: LayerPrecision,
        *,
        batch_size: int | None = None,
    ) -> None:
        self.size_px = size_px
        self.batch_size = batch_size or _BATCH_SIZE
        self._model = model
        self._preparation = preparation
        self._precision = precision
        self._lock = threading.Lock()
        self._process = 0

    @property
    def made_of(self) -> str:
        """The model and the version of OpenVINO in this process."""
        return f"{self._model.sha256}, OpenVINO {importlib.metadata.version('openvino')}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process with the converted model, which is compiled there for its processor."""
        given = self._model.data, self._preparation, self.size_px, self._precision, self.batch_size
        return _again, given

    def require_compiled(self, name: str) -> None:
        """Compile the model `name`, unless that was done before on this processor.

        Raises ConversionError if OpenVINO cannot do that.
        """
        try:
            if not is_stored(self._key()):
                self._free_requests()
        except (RuntimeError, ValueError, ImportError, OSError) as error:
            reason = " ".join(str(error).split())[:300]
            raise ConversionError(f"{name} cannot be compiled by OpenVINO for this processor: {reason}.") from error

    def extract(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, size_px, size_px, 3) RGB, n at most `batch_size`, into float32 (n, width).

        Raises DeviceError if this machine cannot run the model.
        """
        try:
            free = self._free_requests()
            request = free.get()
            try:
                return request.run(pixels)
            finally:
                free.put(request)
        except (RuntimeError, ValueError, ImportError, MemoryError) as error:
            raise DeviceError(
                f"OpenVINO cannot run the model at {self.size_px} px, {self.batch_size} at a time ({error}). "
                "A smaller --batch-size or --size needs less memory."
            ) from error

    def _free_requests(self) -> "queue.LifoQueue[_Request]":
        """Return the requests that no thread uses. If there are none yet, compile the model and make them.

        All of them are made by one thread: if two threads make the first two arrays of OpenVINO at the same time, each
        waits for the other for ever.
        """
        with self._lock:
            # After a fork, the old requests would wait for threads that the new process does not have.
            if self._process != os.getpid():
                compiled, is_int8 = self._compiled(), self._precision == "int8"
                table = table_for(self._model.data, self._preparation) if is_int8 else self._preparation.table()
                self._free: queue.LifoQueue[_Request] = queue.LifoQueue()
                for _ in range(_streams()):
                    self._free.put(_Request(compiled.create_infer_request(), self._preparation, table))
                self._process = os.getpid()
            return self._free

    def _compiled(self) -> Any:
        """Return the model compiled for this processor.

        It is kept with a hash of its bytes. OpenVINO's own cache has no hash: with a damaged file, it gives other
        features without an error.
        """
        core = openvino_core()
        fresh: list[Any] = []

        def make() -> bytes:
            fresh.append(self._compile(core))
            return bytes(fresh[0].export_model().getvalue())

        stored = stored_or_made(self._key(), make, lambda text: None)
        return fresh[0] if fresh else core.import_model(io.BytesIO(stored.data), "CPU", self._settings())

    def _settings(self) -> dict[str, str]:
        hint = {"INFERENCE_PRECISION_HINT": _HINTS[self._precision]} if self._precision in _HINTS else {}
        return {"NUM_STREAMS": str(_streams()), "INFERENCE_NUM_THREADS": str(core_count()), **hint}

    def _key(self) -> str:
        """Return one line that names everything that determines the compiled model."""
        processor = this_processor()
        of_processor = processor.name, sorted(processor.capabilities)
        of_model = self._model.sha256, self._precision, self.size_px, self.batch_size
        version = importlib.metadata.version("openvino")
        return " ".join(map(str, ("OpenVINO", version, *of_model, self._settings(), *of_processor)))

    def _compile(self, core: Any) -> Any:
        with tempfile.TemporaryDirectory(prefix="imgsort-") as folder:
            file = Path(folder, "model.tflite")  # OpenVINO reads this format from a file only
            file.write_bytes(self._model.data)
            model = core.read_model(file)
            model.reshape([self.batch_size, self.size_px, self.size_px, 3])
            return core.compile_model(model, "CPU", self._settings())


def _again(
    data: bytes, preparation: Preparation, size_px: int, precision: LayerPrecision, batch_size: int
) -> OpenVINOExtractor:
    return OpenVINOExtractor(ConvertedModel.of(data), preparation, size_px, precision, batch_size=batch_size)


def _streams() -> int:
    """Return how many batches are computed at the same time, each by as many cores as are left for it."""
    return min(core_count(), _MOST_STREAMS)


class _Request:
    """One place where a batch is computed, with the arrays for its input and output. One thread at a time uses it."""

    def __init__(self, request: Any, preparation: Preparation, table: "NDArray[Any]") -> None:
        self._request, self._preparation, self._table = request, preparation, table
        self._input: NDArray[Any] = request.get_input_tensor().data
        self._output: NDArray[np.float32] = request.get_output_tensor().data

    def run(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        self._input[: len(pixels)] = self._preparation.look_up(pixels, self._table)
        self._input[len(pixels) :] = 0
        self._request.infer(share_outputs=True)
        return self._output[: len(pixels)].copy()
