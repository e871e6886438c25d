"""Exports a classifier's network to other formats, and checks that it gives the same answers there."""

import contextlib
import importlib.util
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from imgsort.errors import ExportError, MissingPackageError
from imgsort.features.keras_backend import import_keras, silent_descriptors
from imgsort.features.runtimes.conversion.frozen_graph import freeze

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Format = Literal["savedmodel", "onnx", "tflite"]

SUFFIXES: dict[Format, str] = {"savedmodel": "", "onnx": ".onnx", "tflite": ".tflite"}

# Other kernels round differently. A larger difference than this means another answer.
MOST_DIFFERENCE = 1e-3

_RUN_ERRORS = (RuntimeError, ValueError, TypeError, OSError, IndexError)


def export_network(network: Any, kind: Format, path: Path) -> None:
    """Write the network to `path`: a new file, or for `savedmodel` a new folder.

    Raises MissingPackageError if ONNX's packages are not installed, ExportError if TensorFlow or these packages cannot
    convert the network, and OSError.
    """
    import numpy as np

    if kind == "onnx":
        _require_onnx()
    with _without_chatter():
        try:
            # Without this call, the network has no signature.
            network.predict_on_batch(np.zeros((1, *network.input_shape[1:]), np.float32))
            if kind == "tflite":
                data = _to_tflite(network)
                with open(path, "xb") as handle:
                    handle.write(data)
            else:
                network.export(str(path), format="onnx" if kind == "onnx" else "tf_saved_model", verbose=False)
        except (RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError) as error:
            raise ExportError(f"{path}: the network cannot be exported to {kind}: {_in_a_line(error)}") from error


def largest_difference(network: Any, kind: Format, path: Path, pixels: "NDArray[np.uint8]") -> float:
    """Return the largest difference between an output of the exported network and the network's own.

    `pixels` is uint8 (n, size_px, size_px, 3), RGB. Both networks see one image at a time. Raises ExportError if the
    exported network does not run.
    """
    import numpy as np

    images = pixels.astype(np.float32)
    own = np.concatenate([network.predict_on_batch(image[None]) for image in images])
    with _without_chatter():
        try:
            run = _RUNNERS[kind](path)
            exported = np.concatenate([run(image[None]) for image in images])
        except _run_errors(kind) as error:
            raise ExportError(f"{path}: the exported network does not run: {_in_a_line(error)}") from error
    if exported.shape != own.shape:
        raise ExportError(f"{path}: the exported network gives {exported.shape[1:]}, and not {own.shape[1:]}.")
    return float(np.abs(exported - own).max())


def _run_errors(kind: Format) -> tuple[type[Exception], ...]:
    """Return the errors that running a network may raise.

    onnxruntime's errors have no common base except Exception.
    """
    if kind != "onnx":
        return _RUN_ERRORS
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    others = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
    return (*_RUN_ERRORS, *others)


def remove_exported(path: Path) -> None:
    """Remove what `export_network` has just written."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _require_onnx() -> None:
    missing = [name for name in ("onnx", "onnxruntime", "tf2onnx") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"ONNX needs {', '.join(missing)}: run `pip install '.[onnx]'` in a checkout of imgsort."
        )


def _to_tflite(network: Any) -> bytes:
    import_keras()
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions([freeze(network, None)])
    data: bytes = converter.convert()
    return data


def _run_savedmodel(path: Path) -> "Callable[[NDArray[np.float32]], NDArray[np.float32]]":
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))  # the lambda keeps it alive: `serve` refers to it weakly
    return lambda images: loaded.serve(tf.constant(images)).numpy()


def _run_onnx(path: Path) -> "Callable[[NDArray[np.float32]], NDArray[np.float32]]":
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images})[0]


def _run_tflite(path: Path) -> "Callable[[NDArray[np.float32]], NDArray[np.float32]]":
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    entry, exit_ = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(images: "NDArray[np.float32]") -> "NDArray[np.float32]":
        interpreter.resize_tensor_input(entry, images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(entry, images)
        interpreter.invoke()
        outputs: NDArray[np.float32] = interpreter.get_tensor(exit_)
        return outputs

    return run


_RUNNERS = {"savedmodel": _run_savedmodel, "onnx": _run_onnx, "tflite": _run_tflite}


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep the converters quiet: they print to both outputs, from Python and C++, and they log and warn."""
    logs = [logging.getLogger(name) for name in ("absl", "tf2onnx", "tensorflow")]
    levels = [log.level for log in logs]
    try:
        for log in logs:
            log.setLevel(logging.ERROR)
        with silent_descriptors(1, 2), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
