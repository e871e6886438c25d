"""A backbone with its weights, at a size, with a pooling: what every way of running it begins with."""

from dataclasses import dataclass
from typing import Any, Literal

from imgsort.features.choose import ChosenModel
from imgsort.features.runtime import import_keras

Pooling = Literal["avg", "max", "none"]


@dataclass(frozen=True)
class PooledModel:
    """`model` looking at squares of `size_px`, its map made into features by `pooling`."""

    model: ChosenModel
    size_px: int
    pooling: Pooling = "avg"

    @property
    def name(self) -> str:
        """The backbone's name."""
        return self.model.backbone.name

    def build(self) -> Any:
        """Return the Keras model from prepared float32 (n, size_px, size_px, 3) to float32 (n, width).

        Raises WeightsError for weights that do not fit.
        """
        keras = import_keras()
        base = self.model.backbone.build(self.size_px)
        self.model.load(base, self.model.weights_file)
        pool = {
            "avg": keras.layers.GlobalAveragePooling2D,
            "max": keras.layers.GlobalMaxPooling2D,
            "none": keras.layers.Flatten,
        }[self.pooling]
        # Features are float32 whatever the layers before them compute in.
        return keras.Model(base.input, pool(dtype="float32")(base.output))
