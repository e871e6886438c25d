"""A backbone's arrays are taken out of a classifier by name and shape, and anything unusual is refused."""

import io

import h5py
import numpy as np
import pytest

from imgsort.errors import WeightsError
from imgsort.features.weights.formats.classifier_bases import inceptionv3_layers, vgg16_layers

onnx = pytest.importorskip("onnx", reason="needs the package onnx, which makes the files")

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def vgg16_tensors():
    """Return arrays like those in a converted classifier on VGG16. Most of the numbers are zero, to save time."""
    tensors, depth = {}, 3
    for block, (filters, count) in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            name = f"functional_1/block{block}_conv{number}_1"
            kernel = np.zeros((filters, depth, 3, 3), np.float32)
            kernel[1, 2, 0, 1] = block * 10 + number
            tensors[f"{name}/convolution/ReadVariableOp:0"] = kernel
            tensors[f"{name}/Squeeze:0"] = np.full(filters, block, np.float32)
            depth = filters
    tensors["functional_1/dense_1/MatMul:0"] = np.ones((4, 4), np.float32)
    return tensors


def as_onnx(tensors):
    graph = onnx.helper.make_graph(
        [], "graph", [], [], initializer=[onnx.numpy_helper.from_array(array, name) for name, array in tensors.items()]
    )
    return onnx.helper.make_model(graph).SerializeToString()


def test_vgg16_in_keras_layout():
    """Thirteen convolutions, in order, with kernels of (height, width, in, out). The head is left out."""
    layers = vgg16_layers(as_onnx(vgg16_tensors()))
    assert [layer.name for layer in layers] == [
        f"block{block}_conv{number}" for block, (_, count) in enumerate(BLOCKS, 1) for number in range(1, count + 1)
    ]
    for layer in layers:
        block, number = int(layer.name[5]), int(layer.name[-1])
        assert list(layer.arrays) == ["kernel", "bias"]
        assert layer.arrays["kernel"][0, 1, 2, 1] == block * 10 + number
        assert np.count_nonzero(layer.arrays["kernel"]) == 1
        assert (layer.arrays["bias"] == block).all()
    assert layers[0].arrays["kernel"].shape == (3, 3, 3, 64)


@pytest.mark.parametrize("change", ["missing", "another shape", "another type"])
def test_another_vgg16_is_refused(change):
    """If an array is missing, has another shape or another type, the error names it."""
    tensors, name = vgg16_tensors(), "functional_1/block3_conv2_1/Squeeze:0"
    if change == "missing":
        del tensors[name]
    else:
        tensors[name] = np.zeros(255, np.float32) if change == "another shape" else np.zeros(256, np.float64)
    with pytest.raises(WeightsError, match=r"block3_conv2_1/Squeeze:0, of shape \(256,\)"):
        vgg16_layers(as_onnx(tensors))


def as_hdf5(layers=94, dtype=np.float32, pooling="global_average_pooling2d_2", change=lambda file: None):
    """Return a file like a saved classifier on InceptionV3, with small arrays."""
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        group = file.create_group("model_weights")
        names = ["input_layer_2"]
        arrays = {"input_layer_2": {}}
        for number in range(layers):
            arrays[f"conv2d_{number}"] = {"kernel": np.full((1, 1, 1, 2), number)}
            arrays[f"batch_normalization_{number}"] = {
                part: np.full(2, number) for part in ("beta", "moving_mean", "moving_variance")
            }
        names = [*arrays, pooling, "dense_4"]
        arrays |= {pooling: {}, "dense_4": {"kernel": np.zeros((2, 2))}}
        group.attrs["layer_names"] = names
        for name in names:
            layer = group.create_group(name)
            layer.attrs["weight_names"] = [f"{name}/{part}" for part in arrays[name]]
            for part, array in arrays[name].items():
                layer.create_dataset(f"{name}/{part}", data=array.astype(dtype))
        change(file)
    return data.getvalue()


def test_inceptionv3_ends_before_its_head():
    """All layers with weights before the pooling, in order. The head and layers without weights are left out."""
    layers = inceptionv3_layers(as_hdf5())
    assert [layer.name for layer in layers[:3]] == ["conv2d_0", "batch_normalization_0", "conv2d_1"]
    assert len(layers) == 188
    assert list(layers[1].arrays) == ["beta", "moving_mean", "moving_variance"]
    assert layers[186].arrays["kernel"].tolist() == [[[[93, 93]]]]


def external(file):
    file["model_weights/conv2d_0"]["link"] = h5py.ExternalLink("/etc/passwd", "/")


def elsewhere(file):
    del file["model_weights/conv2d_0/conv2d_0/kernel"]
    file.create_dataset("model_weights/conv2d_0/conv2d_0/kernel", (2,), np.float32, external=[("/etc/passwd", 0, 8)])


def without_weight(file):
    del file["model_weights/conv2d_0/conv2d_0/kernel"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not HDF5", "not InceptionV3"),
        (as_hdf5(layers=93), "376 arrays, and this file has 372"),
        (as_hdf5(dtype=np.float64), "are not float32"),
        (as_hdf5(pooling="flatten"), "no pooling"),
        (as_hdf5(change=external), "other places"),
        (as_hdf5(change=elsewhere), "other places"),
        (as_hdf5(change=without_weight), "not InceptionV3"),
    ],
    ids=["no file", "too few", "doubles", "no pooling", "link", "numbers elsewhere", "missing"],
)
def test_another_inceptionv3_is_refused(data, reason):
    """A file with another layout, or whose numbers are elsewhere, is refused with a reason."""
    with pytest.raises(WeightsError, match=reason):
        inceptionv3_layers(data)
