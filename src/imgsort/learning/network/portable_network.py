"""Writes a network as a `.keras` file that Keras reads from 3.4 on.

Keras describes every argument of every layer. An older release refuses a description with an argument that it does not
know, whatever its value. So the file names only arguments that Keras 3.4 knows. It has no initialisers either: the
weights are in the file. What Keras adds for other files (shapes to build layers with, a compiled loss) goes too.
"""

import copy
import inspect
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

from imgsort.features.keras_backend import import_keras

_CONFIG = "config.json"

# What Keras 3.4 reads of any object in the description.
_OBJECT = frozenset("module class_name config registered_name name inbound_nodes".split())

_EVERY_LAYER = "name trainable dtype"
_WINDOW = "strides padding data_format"
_CONVOLUTION = f"kernel_size {_WINDOW} dilation_rate activation use_bias bias_regularizer activity_regularizer"

# The arguments of Keras 3.4 that describe a layer whose weights are at hand.
_ARGUMENTS = {
    name: frozenset(f"{_EVERY_LAYER} {arguments}".split())
    for name, arguments in {
        "Activation": "activation",
        "Add": "",
        "AveragePooling2D": f"pool_size {_WINDOW}",
        "BatchNormalization": "axis momentum epsilon center scale beta_regularizer gamma_regularizer beta_constraint "
        "gamma_constraint synchronized",
        "Concatenate": "axis",
        "Conv2D": f"filters groups kernel_regularizer kernel_constraint bias_constraint {_CONVOLUTION}",
        "Dense": "units activation use_bias kernel_regularizer bias_regularizer activity_regularizer "
        "kernel_constraint bias_constraint",
        "DepthwiseConv2D": "depth_multiplier depthwise_regularizer depthwise_constraint bias_constraint "
        f"{_CONVOLUTION}",
        "Dropout": "rate noise_shape seed",
        "Flatten": "data_format",
        "GlobalAveragePooling2D": "data_format keepdims",
        "Identity": "",
        "InputLayer": "batch_shape sparse",
        "MaxPooling2D": f"pool_size {_WINDOW}",
        "ReLU": "max_value negative_slope threshold",
        "Rescaling": "scale offset",
        "ZeroPadding2D": "padding data_format",
    }.items()
}


def save_portably(network: Any, file: Path) -> None:
    """Write the network to `file`, which must be new and end in `.keras`. Raises OSError.

    For a moment, a second file lies beside it.
    """
    as_keras_writes = file.with_name(f"keras-{file.name}")
    network.save(as_keras_writes)
    with zipfile.ZipFile(as_keras_writes) as source, zipfile.ZipFile(file, "x") as target:
        for info in source.infolist():
            if info.filename == _CONFIG:
                target.writestr(_CONFIG, json.dumps(portable(json.loads(source.read(info)))))
            else:
                with source.open(info) as reading, target.open(copy.copy(info), "w") as writing:
                    shutil.copyfileobj(reading, writing, 1024**2)
    as_keras_writes.unlink()


def portable(config: Any) -> Any:
    """Return the description of a network, a parsed `config.json`, without what Keras 3.4 does not know.

    An argument of a newer Keras stays if it changes what the layer does. Then only a Keras that knows the argument
    reads the file, and none gives other answers.
    """
    if isinstance(config, list):
        return [portable(value) for value in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if name == "DTypePolicy":
        return config["config"]["name"]
    if name is not None:
        config = {key: value for key, value in config.items() if key in _OBJECT}
    if name in _ARGUMENTS:
        config["config"] = {key: value for key, value in config["config"].items() if _is_needed(name, key, value)}
    return {key: portable(value) for key, value in config.items()}


def _is_needed(layer: str, argument: str, value: Any) -> bool:
    if argument in _ARGUMENTS[layer]:
        return True
    if argument.endswith("_initializer"):
        return False
    known = inspect.signature(getattr(import_keras().layers, layer).__init__).parameters
    # Keras writes some arguments that were not given as None, and others as False.
    return argument not in known or (known[argument].default or None) != (value or None)
