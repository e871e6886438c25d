"""What a runtime is to the rest of imgsort: whether it can run a model here, how it loads one, how it runs a batch."""

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
    """How a model is run. `runtime`: a name of the table. `precision` is what the layers compute in; features are
    float32 whatever it is.
    """

    runtime: str
    precision: LayerPrecision
    device: UsedDevice = "cpu"


class Extractor(Protocol):
    """Whatever turns pixels into features; engines for other places fulfil this."""

    size_px: int
    batch_size: int

    def extract(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, size_px, size_px, 3) RGB, n at most `batch_size`, into float32 (n, width).

        Called by several threads at once; how many of them work at a time is the extractor's to say.
        """


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run. `made_of`: all that determines its features and is the runtime's own, in a line:
    versions, and the hash of a converted model.
    """

    extractor: Extractor
    made_of: str


class Runtime(Protocol):
    """One way of executing models. `name` stands in recipes, in results and in notices."""

    @property
    def name(self) -> str: ...  # noqa: D102

    def can_run(self, precision: LayerPrecision, device: UsedDevice) -> bool:
        """Say whether this runtime computes in a precision on a device. Imports nothing heavy."""

    def load(
        self, model: FeatureModel, way: Way, *, batch_size: int | None, notice: Callable[[str], None]
    ) -> LoadedModel:
        """Make a model ready, for batches of `batch_size` images or of as many as are quickest.

        `notice` hears what takes long. Raises WeightsError, DeviceError, and ConversionError where the runtime needs
        the model in another format and cannot have it.
        """
