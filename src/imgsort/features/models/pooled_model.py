"""Defines the model that every runtime starts from: a backbone with its weights, a size and a pooling."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from imgsort.errors import UsageError
from imgsort.features.keras_backend import import_keras
from imgsort.features.models.best_ways import BestWays
from imgsort.features.models.choose import ChosenModel
from imgsort.features.models.preparation import Preparation
from imgsort.images.decoding.letterbox import Fit, Square

Pooling = Literal["avg", "max", "none"]


class FeatureModel(Protocol):
    """A model that gives an image's features: a backbone with its pooling, or a trained network.

    `sha256` says which weights it has. `Preparation` explains `prepare`. `best` says how the
    model runs best.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def size_px(self) -> int: ...  # noqa: D102
    @property
    def pooling(self) -> Pooling: ...  # noqa: D102
    @property
    def square(self) -> Square: ...  # noqa: D102
    @property
    def sha256(self) -> str: ...  # noqa: D102
    @property
    def prepare(self) -> Preparation: ...  # noqa: D102
    @property
    def best(self) -> BestWays: ...  # noqa: D102

    def build(self) -> Any:
        """Return the Keras model from prepared float32 (n, size_px, size_px, 3) to float32 (n, width)."""


@dataclass(frozen=True)
class PooledModel:
    """A model that looks at squares of `size_px` and turns its last map into features by `pooling`.

    `fit` says how an image comes into the square. Raises UsageError if the size is too small for the backbone.
    """

    model: ChosenModel
    size_px: int
    pooling: Pooling = "avg"
    fit: Fit = "letterbox"

    def __post_init__(self) -> None:
        least = self.model.backbone.min_size_px
        if self.size_px < least:
            raise UsageError(f"size {self.size_px}: {self.name} needs at least {least} pixels.")

    @property
    def name(self) -> str:
        """The backbone's name."""
        return self.model.backbone.name

    @property
    def sha256(self) -> str:
        """The hash that says which weights these are."""
        return self.model.sha256

    @property
    def square(self) -> Square:
        """The square that the model sees, and how an image comes into it."""
        return Square(self.size_px, self.fit, self.model.backbone.averaged_from)

    @property
    def prepare(self) -> Preparation:
        """How pixels become the numbers that the backbone was trained on."""
        return self.model.backbone.prepare

    @property
    def best(self) -> BestWays:
        """How the backbone runs best."""
        return self.model.backbone.best

    def build(self) -> Any:
        """Return the Keras model from prepared float32 (n, size_px, size_px, 3) to float32 (n, width).

        Raises WeightsError for weights that do not fit.
        """
        keras = import_keras()
        base = self.build_map()
        pool = {
            "avg": keras.layers.GlobalAveragePooling2D,
            "max": keras.layers.GlobalMaxPooling2D,
            "none": keras.layers.Flatten,
        }[self.pooling]
        # Features are float32 even if the layers before them compute in another precision.
        return keras.Model(base.input, pool(dtype="float32")(base.output))

    def build_map(self) -> Any:
        """Return the Keras model from prepared float32 (n, size_px, size_px, 3) to its last map.

        The map is (n, h, w, width). Raises WeightsError for weights that do not fit.
        """
        base = self.model.backbone.build(self.size_px)
        self.model.load(base)
        return base
