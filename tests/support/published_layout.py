"""Writes weights in the layout of the `.h5` files that Keras publishes. Keras 3.15 can read it, but not write it."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np


def write_published(model: Any, path: Path) -> None:
    """Write the weights of the Keras `model` to `path` in the layout of Keras' own ImageNet files.

    The root has the attributes `layer_names`, `backend` and `keras_version`. Each layer has a group with the attribute
    `weight_names` and a dataset for each weight.
    """
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([layer.name.encode() for layer in model.layers])
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.1.0"
        for layer in model.layers:
            group = file.create_group(layer.name)
            weights = {f"{layer.name}/{weight.name}:0": weight for weight in layer.weights}
            group.attrs["weight_names"] = np.array([name.encode() for name in weights], dtype="S")
            for name, weight in weights.items():
                group.create_dataset(name, data=weight.numpy())
