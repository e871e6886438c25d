"""Imports TensorFlow quietly, with the device asked for. Nothing else in imgsort imports it first."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, Literal

from imgsort.errors import DeviceError

Device = Literal["auto", "cpu", "gpu"]


def import_keras() -> Any:
    """Return the module `keras`, on TensorFlow. Raises DeviceError where the process uses another backend."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its C++ side writes to the terminal otherwise
    os.environ["KERAS_BACKEND"] = "tensorflow"
    if "tensorflow" not in sys.modules:
        with _silent_descriptor_2():
            import tensorflow  # noqa: F401
    import keras

    if keras.backend.backend() != "tensorflow":
        raise DeviceError(
            f"Keras runs on {keras.backend.backend()} in this process and imgsort needs TensorFlow: "
            "import imgsort before keras, or set KERAS_BACKEND=tensorflow."
        )
    return keras


def choose_device(device: Device) -> str:
    """Make TensorFlow use `device` and return its name for a person, `cpu` or such as `gpu (NVIDIA H100)`.

    GPU memory is taken as it is needed. Raises DeviceError where a GPU is asked for and there is none.
    """
    import_keras()
    import tensorflow as tf

    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return "cpu"
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        if device == "gpu":
            raise DeviceError(
                "--device gpu: TensorFlow sees no CUDA GPU. Install `imgsort[gpu]` and NVIDIA's driver, or leave "
                "the option out."
            )
        return "cpu"
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # this process has used the GPU already, and keeps how it did
            break
    name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name)
    return f"gpu ({name})"


@contextlib.contextmanager
def _silent_descriptor_2() -> Iterator[None]:
    """Keep what native code writes to the terminal on import away from it; no setting of TensorFlow 2.21 does."""
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
