import os

import pytest

from imgsort.errors import DeviceError
from imgsort.features.keras_backend import import_keras, require_gpu, silent_descriptors, use_device


def gpus() -> list:
    import_keras()
    import tensorflow as tf

    return tf.config.list_physical_devices("GPU")


def test_keras_runs_on_tensorflow():
    """Keras runs on TensorFlow, whatever the user's configuration says."""
    assert import_keras().backend.backend() == "tensorflow"


def test_another_backend_is_an_error(monkeypatch):
    """If the process already uses another backend, the error says what to do."""
    monkeypatch.setattr(import_keras().backend, "backend", lambda: "jax")
    with pytest.raises(DeviceError, match=r"Keras runs on jax .* set KERAS_BACKEND=tensorflow"):
        import_keras()


def test_a_gpu_that_tensorflow_cannot_use_is_an_error():
    """If TensorFlow sees no GPU, the error says what to install."""
    if gpus():
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeviceError, match=r"this machine's CUDA GPU: run `pip install '\.\[gpu\]'` in a checkout"):
        require_gpu()


def test_the_processor_can_always_be_used():
    """Hiding GPUs is no error if there are none, or if TensorFlow has already computed."""
    import_keras()
    import tensorflow as tf

    tf.constant(1) + 1
    use_device("cpu")
    use_device("cpu")


def test_native_chatter_is_kept_off_the_terminal(capfd):
    """The output of native code is hidden during the block. Later output appears, in order."""
    print("before")
    with silent_descriptors(1, 2):
        os.write(1, b"chatter")
        os.write(2, b"chatter")
    os.write(2, b"an error")
    print("after")
    output = capfd.readouterr()
    assert (output.out, output.err) == ("before\nafter\n", "an error")
