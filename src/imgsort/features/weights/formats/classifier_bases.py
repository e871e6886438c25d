"""Takes the arrays of a backbone out of somebody's classifier, in which the backbone was never trained.

The result is layers in Keras' order, with arrays in Keras' layout.
"""

import io
from typing import TYPE_CHECKING, Any

from imgsort.errors import WeightsError
from imgsort.features.weights.formats.hdf5_weights import LayerArrays, name_of_reference
from imgsort.features.weights.formats.onnx_tensors import read_onnx_tensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VGG16_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters, convolutions
_INCEPTION_ARRAYS = 376


def vgg16_layers(data: bytes) -> list[LayerArrays]:
    """Return the 13 convolutions of VGG16 from an ONNX file that tf2onnx made of a Keras model.

    ONNX has the axes (out, in, height, width), and Keras (height, width, in, out). Raises WeightsError if an array is
    missing or has another shape than in VGG16.
    """
    tensors = read_onnx_tensors(data)
    layers = []
    depth = 3
    for block, (filters, convolutions) in enumerate(_VGG16_BLOCKS, 1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            kernel = _shaped(tensors, f"functional_1/{name}_1/convolution/ReadVariableOp:0", (filters, depth, 3, 3))
            bias = _shaped(tensors, f"functional_1/{name}_1/Squeeze:0", (filters,))
            layers.append(LayerArrays(name, {"kernel": kernel.transpose(2, 3, 1, 0), "bias": bias}))
            depth = filters
    return layers


def _shaped(tensors: "dict[str, NDArray[np.float32]]", name: str, shape: tuple[int, ...]) -> "NDArray[np.float32]":
    array = tensors.get(name)
    if array is None or array.shape != shape:
        found = "is missing" if array is None else f"has the shape {array.shape}"
        raise WeightsError(f"the array {name}, of shape {shape}, {found}.")
    return array


def inceptionv3_layers(data: bytes) -> list[LayerArrays]:
    """Return the layers of InceptionV3 that have weights, from an HDF5 file of a Keras model with a head of its own.

    Raises WeightsError if the file has another layout.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            if name_of_reference(file) is not None:
                raise ValueError("it refers to numbers in other places")
            layers = list(_before_pooling(file["model_weights"]))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"this is not InceptionV3 with a head, in HDF5 ({error}).") from error
    count = sum(len(layer.arrays) for layer in layers)
    if count != _INCEPTION_ARRAYS:
        raise WeightsError(f"InceptionV3 has {_INCEPTION_ARRAYS} arrays, and this file has {count}.")
    return layers


def _before_pooling(group: Any) -> Any:
    """Yield the layers with weights up to the pooling that ends InceptionV3."""
    for name in map(_text, group.attrs["layer_names"]):
        if name.startswith("global_average_pooling2d"):
            return
        arrays = {_text(path): group[name][_text(path)][()] for path in group[name].attrs["weight_names"]}
        if any(str(array.dtype) != "float32" for array in arrays.values()):
            raise ValueError(f"the numbers of {name} are not float32")
        if arrays:
            yield LayerArrays(name, {path.rpartition("/")[2]: array for path, array in arrays.items()})
    raise ValueError("there is no pooling after the last map")


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
