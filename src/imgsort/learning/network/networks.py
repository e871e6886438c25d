"""Builds the networks that are trained: a small one from scratch, and a head on a backbone.

All of them take RGB from 0 to 255. Each is a functional Keras model of Keras' own layers, so that plain Keras can load
it. The rest of imgsort uses the names of three layers. The output of `map` is the last map of the convolutions. The
output of `features` is what the head sees. `classes` is the head.
"""

from typing import Any, Literal

from imgsort.features.keras_backend import import_keras
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.models.preparation import Preparation
from imgsort.learning.network.head import Head

Augmentation = Literal["none", "light", "strong"]

SMALL_NETWORK = "cnn"
SMALL_NETWORK_PX = 256

MAP, FEATURES, CLASSES = "map", "features", "classes"

_CONVOLUTIONS = (16, 32, 64)
_DENSE = 128
_DROPOUT = 0.5


def build_small_network(size_px: int, classes: int) -> Any:
    """Return the usual first network: three convolutions with max-pooling, a dense layer and dropout.

    The first weights are drawn as in He et al., Delving Deep into Rectifiers (2015), arXiv:1502.01852.
    """
    layers = import_keras().layers
    inputs = layers.Input((size_px, size_px, 3))
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    for filters in _CONVOLUTIONS:
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Identity(name=MAP)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(_DENSE, activation="relu", kernel_initializer="he_normal", name=FEATURES)(x)
    return _with_head(inputs, layers.Dropout(_DROPOUT)(x), classes, SMALL_NETWORK)


def build_on_backbone(pooled: PooledModel, classes: int) -> Any:
    """Return a network: the backbone with its weights, the means of its last map, and a head.

    Raises WeightsError.
    """
    layers = import_keras().layers
    backbone = pooled.build_map()
    inputs = layers.Input((pooled.size_px, pooled.size_px, 3))
    x = layers.Identity(name=MAP)(backbone(_prepared(inputs, pooled.prepare)))
    return _with_head(inputs, layers.GlobalAveragePooling2D(name=FEATURES)(x), classes, "classifier")


def _prepared(inputs: Any, prepare: Preparation) -> Any:
    """Do with layers what `Preparation` does with a table."""
    keras = import_keras()
    mean = prepare.mean_rgb
    x = keras.layers.Rescaling([1 / prepare.divisor] * 3, [-level / prepare.divisor for level in mean])(inputs)
    if not prepare.is_bgr:
        return x
    import numpy as np

    # Keras has no layer that reverses channels. A convolution with a permutation does it exactly.
    swap = keras.layers.Conv2D(3, 1, use_bias=False, trainable=False, name="rgb_to_bgr")
    x = swap(x)
    swap.set_weights([np.eye(3, dtype=np.float32)[::-1][None, None]])
    return x


def _with_head(inputs: Any, x: Any, classes: int, name: str) -> Any:
    keras = import_keras()
    units, activation = (1, "sigmoid") if classes == 2 else (classes, "softmax")
    head = keras.layers.Dense(units, activation=activation, name=CLASSES, dtype="float32")
    return keras.Model(inputs, head(x), name=name)


def set_head(network: Any, head: Head) -> None:
    """Give the network this head."""
    network.get_layer(CLASSES).set_weights([head.kernel, head.bias])


def head_of(network: Any) -> Head:
    """Return the network's head."""
    kernel, bias = network.get_layer(CLASSES).get_weights()
    return Head(kernel, bias)


def features_part(network: Any) -> Any:
    """Return the part of the network that gives features: float32 (n, size, size, 3), 0-255, to (n, d)."""
    return import_keras().Model(network.input, network.get_layer(FEATURES).output)


def freeze_normalisation(network: Any) -> None:
    """Keep the batch normalisation of the backbone unchanged, if there is a backbone.

    Everything else is trained. The statistics of the batch normalisation were learned on far more images: Keras,
    "Transfer learning & fine-tuning".
    """
    keras = import_keras()
    for backbone in network.layers:
        if isinstance(backbone, keras.Model):
            for layer in backbone.layers:
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.trainable = False


def with_augmentation(network: Any, kind: Augmentation, seed: int) -> Any:
    """Return the network behind layers that change each image at random during training.

    The new network shares the weights of `network`.
    """
    keras = import_keras()
    inputs = keras.layers.Input(network.input_shape[1:])
    x = inputs
    for layer in _augmenting(keras.layers, kind, seed):
        x = layer(x)
    return keras.Model(inputs, network(x))


def _augmenting(layers: Any, kind: Augmentation, seed: int) -> list[Any]:
    if kind == "none":
        return []
    import numpy as np

    # With the same seed, all layers would draw the same: an image would be mirrored exactly when it is turned.
    seeds = iter(np.random.SeedSequence(seed).generate_state(7).tolist())
    black: dict[str, Any] = {"fill_mode": "constant", "fill_value": 0.0}
    colours: dict[str, Any] = {"value_range": (0, 255)}
    light = [
        layers.RandomFlip("horizontal", seed=next(seeds)),
        layers.RandomRotation(0.03, seed=next(seeds), **black),
        layers.RandomZoom((-0.15, 0.05), seed=next(seeds), **black),
        layers.RandomTranslation(0.06, 0.06, seed=next(seeds), **black),
    ]
    if kind == "light":
        return light
    return [
        *light,
        layers.RandomShear(0.1, 0.1, seed=next(seeds), **black),
        layers.RandomContrast(0.3, seed=next(seeds), **colours),
        layers.RandomBrightness(0.2, seed=next(seeds), **colours),
    ]
