import os

import pytest

from imgsort.errors import DeviceError
from imgsort.features import runtime
from imgsort.features.runtime import choose_device, import_keras


def gpus() -> list:
    import_keras()
    import tensorflow as tf

    return tf.config.list_physical_devices("GPU")


def test_keras_runs_on_tensorflow():
    """Whatever the user's configuration says, Keras runs on TensorFlow."""
    assert import_keras().backend.backend() == "tensorflow"


def test_another_backend_is_an_error(monkeypatch):
    """Where the process has chosen another backend already, the remedy is said."""
    monkeypatch.setattr(import_keras().backend, "backend", lambda: "jax")
    with pytest.raises(DeviceError, match=r"Keras runs on jax .* set KERAS_BACKEND=tensorflow"):
        import_keras()


def test_the_cpu_can_be_asked_for():
    """`--device cpu` is always there."""
    if gpus():
        pytest.skip("a process that has used its GPU cannot hide it")
    assert choose_device("cpu") == "cpu"


def test_a_gpu_that_is_not_there_is_an_error():
    """`--device gpu` without a GPU says what to install."""
    if gpus():
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeviceError, match=r"--device gpu: TensorFlow sees no CUDA GPU\. Install `imgsort\[gpu\]`"):
        choose_device("gpu")


def test_auto_takes_what_there_is():
    """`--device auto` is the CPU where there is no GPU, and names the GPU where there is one."""
    assert choose_device("auto") == "cpu" or (gpus() and choose_device("auto").startswith("gpu ("))


def test_native_chatter_is_kept_off_the_terminal(capfd):
    """What native code writes to descriptor 2 during the import is not seen; what comes after is."""
    with runtime._silent_descriptor_2():
        os.write(2, b"chatter")
    os.write(2, b"an error")
    assert capfd.readouterr().err == "an error"
