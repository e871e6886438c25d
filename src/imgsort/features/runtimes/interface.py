"""Defines a runtime for the rest of imgsort: what it can run, how it loads a model, and how it runs a batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from imgsort.features.models.pooled_model import FeatureModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LayerPrecision = Literal["float32", "float16", "bfloat16", "int8"]
UsedDevice = Literal["cpu", "gpu"]


@dataclass(frozen=True)
class Way:
    """How a model is run.

    `runtime` is a name in the table. `precision` is the type of number that the layers compute with. Features are
    always float32.
    """

    runtime: str
    precision: LayerPrecision
    device: UsedDevice = "cpu"


class Extractor(Protocol):
    """Turns pixels into features. It can be pickled."""

    size_px: int
    batch_size: int

    @property
    def made_of(self) -> str:
        """The line of `LoadedModel`, as it is for the process that asks."""

    def extract(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, size_px, size_px, 3) RGB, n at most `batch_size`, into float32 (n, width).

        Several threads call this method at once. The extractor decides how many of them work at the same time.
        """


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run.

    `made_of` is one line. It names everything of the runtime itself that determines the model's features: versions, and
    the hash of a converted model.
    """

    extractor: Extractor
    made_of: str


class Runtime(Protocol):
    """One way of executing models. Recipes, results and notices contain its `name`."""

    @property
    def name(self) -> str: ...  # noqa: D102

    def can_run(self, precision: LayerPrecision, device: UsedDevice) -> bool:
        """Say whether this runtime computes in a precision on a device. Imports no large package."""

    def load(
        self, model: FeatureModel, way: Way, *, batch_size: int | None, notice: Callable[[str], None]
    ) -> LoadedModel:
        """Make a model ready to run on batches of `batch_size` images, or of the fastest size if it is None.

        `notice` reports work that takes long. Raises WeightsError, DeviceError, and ConversionError if the runtime
        needs the model in another format and cannot get it.
        """
