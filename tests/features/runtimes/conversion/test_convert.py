import numpy as np
import pytest

from imgsort.errors import ConversionError, WeightsError
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.conversion import convert as module
from imgsort.features.runtimes.conversion.convert import conversion_key, convert
from imgsort.features.weights.weights_file import WeightsFile

SIDE_PX = 32


def interpreter(data: bytes):
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(model_content=data)


def test_a_converted_model_takes_pixels_and_gives_floats(converted):
    """The float32 model takes prepared float32, and the int8 model takes int8.

    Both give float32, for any number of pictures.
    """
    for precision, dtype in (("float32", np.float32), ("int8", np.int8)):
        model = interpreter(converted[precision])
        (entry,), (exit_,) = model.get_input_details(), model.get_output_details()
        assert (entry["dtype"], exit_["dtype"]) == (dtype, np.float32)
        assert entry["shape_signature"].tolist() == [-1, SIDE_PX, SIDE_PX, 3]
        assert exit_["shape"][-1] == 1280


def test_int8_is_a_quarter_of_the_size(converted):
    """An int8 model is less than a third of the size, because each weight is one byte."""
    assert len(converted["int8"]) < len(converted["float32"]) / 3


def test_pixels_of_lite_are_int8_without_rounding(converted):
    """The calibrated range gives each level an int8 of its own, so the input loses nothing."""
    scale, zero_point = interpreter(converted["int8"]).get_input_details()[0]["quantization"]
    assert (scale, zero_point) == (pytest.approx(1 / 128), -1)


def test_the_converter_says_nothing(small_lite, capfd):
    """The converter prints nothing. By itself it prints from Python and from C++, but scripts read our stdout."""
    convert(small_lite, "float32")
    assert capfd.readouterr() == ("", "")


def test_the_key_is_all_that_determines_the_model(small_lite, lite_model):
    """Another size, pooling, precision or weights file makes another key."""
    from dataclasses import replace

    others = [
        replace(small_lite, size_px=64),
        replace(small_lite, pooling="max"),
        replace(small_lite, model=replace(lite_model, weights=replace(lite_model.weights, numbers_sha256="0" * 64))),
    ]
    keys = [conversion_key(model, "float32") for model in (small_lite, *others)] + [conversion_key(small_lite, "int8")]
    assert len(set(keys)) == 5
    assert conversion_key(small_lite, "float32") == keys[0]


def test_weights_that_do_not_fit_are_an_error(lite_model, tmp_path):
    """A weights file of another kind is an error that names the file."""
    from dataclasses import replace

    (tmp_path / "mine.h5").write_bytes(b"no weights")
    mine = replace(lite_model, weights=WeightsFile(tmp_path / "mine.h5", "own file"))
    with pytest.raises(WeightsError, match=r"mine\.h5"):
        convert(PooledModel(mine, SIDE_PX), "float32")


def test_what_tensorflow_cannot_convert_is_an_error_of_ours(small_lite, monkeypatch):
    """If TensorFlow cannot convert a graph, the error names the model."""

    def strange_graph(model, batch_size):
        import tensorflow as tf

        signature = [tf.TensorSpec((batch_size, 4), tf.float32)]
        return tf.function(lambda x: tf.py_function(abs, [x], tf.float32), signature).get_concrete_function()

    monkeypatch.setattr(module, "freeze", strange_graph)
    with pytest.raises(ConversionError, match="efficientnet-lite0 cannot be converted to float32: "):
        convert(small_lite, "float32")
