"""Turns pixels into the numbers that a model was trained on, by a table of 256 levels for each channel."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Preparation:
    """Computes `(level - mean) / divisor` for each channel, with levels from 0 to 255.

    `is_bgr` means that the model's first channel is blue. A table of every level is as exact as the arithmetic. It
    needs one pass over the pixels instead of three. It gives float32 and the int8 of a quantised model in the same way.
    """

    mean_rgb: tuple[float, float, float]
    divisor: float = 1.0
    is_bgr: bool = False

    def table(self) -> "NDArray[np.float32]":
        """Return the number for each level, float32 (256, 3), with channels in the model's order."""
        import numpy as np

        mean = np.array(self.mean_rgb[::-1] if self.is_bgr else self.mean_rgb, dtype=np.float32)
        return (np.arange(256, dtype=np.float32)[:, None] - mean) / np.float32(self.divisor)

    def quantised(self, scale: float, zero_point: int) -> "NDArray[np.int8]":
        """Return the table for a model whose int8 input has this scale and zero point, int8 (256, 3)."""
        import numpy as np

        levels = np.rint(self.table() / scale) + zero_point
        return np.asarray(levels.clip(-128, 127), dtype=np.int8)

    def look_up(self, pixels: "NDArray[np.uint8]", table: "NDArray[Any]") -> "NDArray[Any]":
        """Turn uint8 (n, height, width, 3) RGB into the numbers of `table`.

        The channels come in the model's order. `pixels` stays unchanged.
        """
        import cv2
        import numpy as np

        rows = pixels.reshape(-1, pixels.shape[2], 3)
        ordered = cv2.cvtColor(rows, cv2.COLOR_RGB2BGR) if self.is_bgr else rows
        return np.asarray(cv2.LUT(ordered, table[None])).reshape(pixels.shape)

    def __call__(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, height, width, 3) RGB into the float32 that the model was trained on.

        `pixels` stays unchanged.
        """
        return self.look_up(pixels, self.table())


def padded(prepared: "NDArray[Any]", batch_size: int) -> "NDArray[Any]":
    """Return the batch, filled up with zeros to `batch_size`.

    If all batches have one shape, a model is laid out only once.
    """
    import numpy as np

    short = batch_size - len(prepared)
    if short == 0:
        return prepared
    return np.concatenate([prepared, np.zeros((short, *prepared.shape[1:]), prepared.dtype)])
