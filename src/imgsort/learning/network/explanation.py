"""Shows where in an image a network sees a class, by Grad-CAM (Selvaraju et al., 2017, arXiv:1610.02391)."""

from typing import TYPE_CHECKING, Any

from imgsort.features.keras_backend import import_keras
from imgsort.learning.network.head import Head
from imgsort.learning.network.networks import FEATURES, MAP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COLOUR_SHARE = 0.45


def class_activation(network: Any, head: Head, pixels: "NDArray[np.uint8]", label: int) -> "NDArray[np.float32]":
    """Return how much each place speaks for the class `label`, from 0 to 1.

    The result is float32 (h, w), the size of the network's last map. It is 0 everywhere if nothing speaks for the
    class. `pixels` is uint8 (size_px, size_px, 3), RGB. The score of a class is its logit. If there are two classes,
    the logit of the first is the negative of the logit of the second.
    """
    import numpy as np
    import tensorflow as tf

    keras = import_keras()
    place = network.get_layer(MAP).output
    to_map = keras.Model(network.input, place)
    to_features = keras.Model(place, network.get_layer(FEATURES).output)
    one_output = head.kernel.shape[1] == 1
    column = head.kernel[:, 0 if one_output else label] * (-1 if one_output and label == 0 else 1)
    seen = tf.convert_to_tensor(to_map(pixels[None].astype(np.float32), training=False))
    with tf.GradientTape() as tape:
        tape.watch(seen)
        score = tf.reduce_sum(to_features(seen, training=False) * column)
    weights = tf.reduce_mean(tape.gradient(score, seen), axis=(0, 1, 2))
    heat = np.maximum(np.asarray(tf.reduce_sum(seen[0] * weights, axis=-1)), 0)
    return np.asarray(heat / heat.max() if heat.max() > 0 else heat, dtype=np.float32)


def overlay(pixels: "NDArray[np.uint8]", heat: "NDArray[np.float32]") -> "NDArray[np.uint8]":
    """Return the image, uint8 (h, w, 3) RGB, with `heat` drawn over it in colours. Red is the most heat.

    `heat` is float32 (k, k), from 0 to 1. It covers the square that the image was centred on.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = cv2.resize(heat, (side, side), interpolation=cv2.INTER_CUBIC)
    smooth = square[top : top + height, left : left + width].clip(0, 1)
    coloured = cv2.cvtColor(cv2.applyColorMap((255 * smooth).astype(np.uint8), cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    share = _COLOUR_SHARE * smooth[..., None]
    return np.asarray(pixels * (1 - share) + coloured * share, dtype=np.uint8)
