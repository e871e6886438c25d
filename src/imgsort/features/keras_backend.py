"""Imports TensorFlow quietly, for the device that is asked for.

Nothing else in imgsort imports TensorFlow first.
"""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, Literal

from imgsort.errors import DeviceError
from imgsort.homes import give_libraries_homes

Device = Literal["auto", "cpu", "gpu"]

# While one thread imports TensorFlow, `sys.modules` holds an unfinished module. Other threads must wait.
_one_at_a_time = threading.Lock()


def import_keras() -> Any:
    """Return the module `keras`, on TensorFlow.

    Raises DeviceError if the process uses another backend, or if there is no folder for temporary files.
    """
    with _one_at_a_time:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # otherwise its C++ code writes to the terminal
        os.environ["KERAS_BACKEND"] = "tensorflow"
        give_libraries_homes()
        if "tensorflow" not in sys.modules:
            try:
                with silent_descriptors(2):
                    import tensorflow  # noqa: F401
            except OSError as error:
                raise DeviceError(
                    f"TensorFlow cannot be imported ({error.strerror or error}). It needs a folder for temporary "
                    "files; TMPDIR names one."
                ) from error
            logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns about what is intended
        import keras

    if keras.backend.backend() != "tensorflow":
        raise DeviceError(
            f"Keras runs on {keras.backend.backend()} in this process and imgsort needs TensorFlow: "
            "import imgsort before keras, or set KERAS_BACKEND=tensorflow."
        )
    return keras


@contextlib.contextmanager
def importing_keras() -> Iterator[None]:
    """Import TensorFlow in a second thread while the block runs, because the import takes seconds.

    The import is complete when the block ends. The block must neither import TensorFlow nor silence descriptors.
    """

    def begin() -> None:
        with contextlib.suppress(DeviceError):  # the code that needs Keras raises it again
            import_keras()

    thread = threading.Thread(target=begin, name="imgsort-import", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def require_gpu() -> str:
    """Return the name of the first GPU that TensorFlow sees. Raises DeviceError if it sees none."""
    import_keras()
    import tensorflow as tf

    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        raise DeviceError(
            "TensorFlow cannot use this machine's CUDA GPU: run `pip install '.[gpu]'` in a checkout of "
            "imgsort, or give --device cpu."
        )
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))


def use_device(device: Literal["cpu", "gpu"]) -> None:
    """Let TensorFlow use the GPU, or only the processor.

    TensorFlow takes the GPU's memory only as it needs it. If the process has already computed with TensorFlow, it keeps
    the device that it used then.
    """
    import_keras()
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):
        if device == "cpu":
            tf.config.set_visible_devices([], "GPU")
    _take_gpu_memory_as_needed(tf)


@contextlib.contextmanager
def on_processor() -> Iterator[None]:
    """Build everything in the block on the processor, and leave the GPU to others."""
    import_keras()
    import tensorflow as tf

    _take_gpu_memory_as_needed(tf)
    with tf.device("/CPU:0"):
        yield


def _take_gpu_memory_as_needed(tf: Any) -> None:
    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)


@contextlib.contextmanager
def silent_descriptors(*descriptors: int) -> Iterator[None]:
    """Discard what native code writes to these file descriptors while the block runs.

    No setting of TensorFlow 2.21 does this.
    """
    _flush()
    saved = []
    for descriptor in descriptors:
        with contextlib.suppress(OSError):  # a program that runs without a terminal may have closed it
            saved.append((descriptor, os.dup(descriptor)))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for descriptor, _ in saved:
            os.dup2(nowhere, descriptor)
        yield
    finally:
        _flush()
        for descriptor, copy in saved:
            os.dup2(copy, descriptor)
            os.close(copy)
        os.close(nowhere)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a program without a terminal may have no stream
            stream.flush()
