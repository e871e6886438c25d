"""From pixels to the numbers that a model was trained on: 256 levels a channel, looked up."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Preparation:
    """`(level - mean) / divisor` of each channel, level 0-255. `is_bgr`: the model's first channel is blue.

    A table of every level is as exact as the arithmetic, one pass over the pixels instead of three, and makes
    float32 and a quantised model's int8 by the same way.
    """

    mean_rgb: tuple[float, float, float]
    divisor: float = 1.0
    is_bgr: bool = False

    def table(self) -> "NDArray[np.float32]":
        """Return float32 (256, 3): what each level becomes, channels in the model's order."""
        import numpy as np

        mean = np.array(self.mean_rgb[::-1] if self.is_bgr else self.mean_rgb, dtype=np.float32)
        return (np.arange(256, dtype=np.float32)[:, None] - mean) / np.float32(self.divisor)

    def quantised(self, scale: float, zero_point: int) -> "NDArray[np.int8]":
        """Return int8 (256, 3): the table as a model with an int8 input of this scale and zero point takes it."""
        import numpy as np

        levels = np.rint(self.table() / scale) + zero_point
        return np.asarray(levels.clip(-128, 127), dtype=np.int8)

    def look_up(self, pixels: "NDArray[np.uint8]", table: "NDArray[Any]") -> "NDArray[Any]":
        """Turn uint8 (n, height, width, 3) RGB, left untouched, into the table's numbers, in the model's order."""
        import cv2
        import numpy as np

        rows = pixels.reshape(-1, pixels.shape[2], 3)
        ordered = cv2.cvtColor(rows, cv2.COLOR_RGB2BGR) if self.is_bgr else rows
        return np.asarray(cv2.LUT(ordered, table[None])).reshape(pixels.shape)

    def __call__(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, height, width, 3) RGB, left untouched, into the float32 that the model was trained on."""
        return self.look_up(pixels, self.table())


def padded(prepared: "NDArray[Any]", batch_size: int) -> "NDArray[Any]":
    """Return the batch filled up with zeros to `batch_size`: with one shape for all, a model is laid out once."""
    import numpy as np

    short = batch_size - len(prepared)
    if short == 0:
        return prepared
    return np.concatenate([prepared, np.zeros((short, *prepared.shape[1:]), prepared.dtype)])
