"""Defines what is said of an image that was looked at: its features, or why it has none."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class SeenImage:
    """What an engine says of the image with this `number`.

    `content`: the hash of the image's bytes, or "" if they could not be read.
    `features`: float32 (width,), or None if there are none; then `reason` says why. They are also None where an engine
    has put them into a dataset itself; then there is no reason.
    `is_known`: the features were known before by the content, and the model was not asked.
    """

    number: int
    content: str = ""
    features: "NDArray[np.float32] | None" = None
    reason: str = ""
    is_known: bool = False
