"""Arrays are read from ONNX files as numbers, without the package onnx. The files are made by that package."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from imgsort.errors import WeightsError
from imgsort.features.weights.formats.onnx_tensors import read_onnx_tensors

onnx = pytest.importorskip("onnx", reason="needs the package onnx, which makes the files")


def model_with(*tensors):
    graph = onnx.helper.make_graph([], "graph", [], [], initializer=tensors)
    return onnx.helper.make_model(graph).SerializeToString()


@settings(max_examples=50, deadline=None)
@given(st.lists(arrays(np.float32, array_shapes(max_dims=4, max_side=4)), max_size=4))
def test_arrays_come_back_as_they_were(found):
    """Names, shapes and every bit of float32 arrays are those that the package onnx wrote."""
    tensors = [onnx.numpy_helper.from_array(array, f"layer/{number}:0") for number, array in enumerate(found)]
    read = read_onnx_tensors(model_with(*tensors))
    assert list(read) == [f"layer/{number}:0" for number in range(len(found))]
    for array, expected in zip(read.values(), found, strict=True):
        assert array.shape == expected.shape
        assert array.tobytes() == expected.tobytes()


def test_what_is_not_float32_in_raw_data_is_left_out():
    """Integers, numbers in other fields, and numbers in other files are left out. No other file is opened."""
    integers = onnx.numpy_helper.from_array(np.arange(3), "integers")
    listed = onnx.helper.make_tensor("listed", onnx.TensorProto.FLOAT, [2], [1.0, 2.0])
    elsewhere = onnx.TensorProto(name="elsewhere", data_type=onnx.TensorProto.FLOAT, dims=[2])
    elsewhere.data_location = onnx.TensorProto.EXTERNAL
    elsewhere.external_data.add(key="location", value="/etc/passwd")
    assert read_onnx_tensors(model_with(integers, listed, elsewhere)) == {}


def test_a_shape_that_does_not_fit_is_an_error():
    """An array with another number of numbers than its shape says is refused, also with odd sides."""
    for dims in ([3], [-2, -1], [2**62, 2**62]):
        tensor = onnx.TensorProto(name="x", data_type=onnx.TensorProto.FLOAT, raw_data=bytes(8))
        tensor.dims.extend(dims)
        with pytest.raises(WeightsError, match="not an ONNX file"):
            read_onnx_tensors(model_with(tensor))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    """Bytes that are not ONNX give arrays or a WeightsError, and no other error."""
    with contextlib.suppress(WeightsError):
        assert isinstance(read_onnx_tensors(data), dict)
