"""Holds a picture as its decoder gave it: it can be seen at several sizes, although it is decoded once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.images.decoding.header import Header
from imgsort.images.decoding.letterbox import Square

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Decoded:
    """A decoded picture.

    `header`: describes the picture as it is stored.
    `seen`: returns the picture as a person sees it: uint8 (h, w, 3), RGB, sRGB, opaque, upright, and scaled down for a
    square unless that is None. Nobody may change these pixels: they may be those of the decoder.
    """

    header: Header
    seen: "Callable[[Square | None], NDArray[np.uint8]]"


# Is shown the picture of an image while it is decoded for somebody else, with the hash of the file's bytes.
Onlooker = Callable[[str, Decoded], None]


def nobody(content: str, decoded: Decoded) -> None:
    """Do not look."""
