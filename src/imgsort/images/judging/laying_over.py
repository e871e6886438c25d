"""Finds how one tiny image lies over another one, if it shows the same but for a crop.

The scale and the shift along each axis are found by the method of Lucas and Kanade ("An iterative image registration
technique with an application to stereo vision", 1981). All sums are sums of whole numbers below 2**53, which float64
holds exactly: they do not depend on the order of the additions.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.images.judging.tiny_image import LUMA_SIDE_PX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# In pixels of the luma, at the edge: a crop of a tenth moves the edges by 3.2 pixels.
_MAX_MOVE = 3.2
_MIN_MOVE = 0.2
# A move explains why two tiny images differ if it takes away so much of the squares of their differences.
_EXPLAINED = 0.3
_STEPS = (7, 7, 7, 3, 3, 3, 1, 1)
_BORDER = 4
_EDGE = 2


@dataclass(frozen=True)
class Move:
    """How one axis of a tiny image lies over another one: the shift of its centre and of its edges beside the centre.

    Both are in pixels of the luma.
    """

    shift: float = 0.0
    stretch: float = 0.0

    def scaled(self, factor: float) -> "Move":
        """Return the move in pixels of another size."""
        return Move(self.shift * factor, self.stretch * factor)


STILL = Move()


def laid_over(luma: "Floats", copy: "Floats") -> tuple[Move, Move] | None:
    """Return the moves of rows and columns that lay `copy` over `luma` best, or None if moves explain little."""
    import numpy as np

    inner = slice(_BORDER, -_BORDER)
    place, squares = np.zeros(4), []
    for width in _STEPS:
        moved = moved_layer(copy, _as_moves(place))
        missing = _as_bright(luma, moved) - moved
        squares.append(float((missing[inner, inner] ** 2).sum()))
        if len(squares) > 1 and squares[-1] > (1 - _EXPLAINED) * squares[0]:
            return None
        slopes, products = _slopes(box_sums(luma, width))
        wanted = slopes.T @ box_sums(missing, width)[inner, inner].reshape(-1)
        step = np.clip(np.linalg.solve(products, wanted), -1.5, 1.5)
        # Rounding takes away what the solver's last digits say.
        place = np.rint(256 * np.clip(place + step, -_MAX_MOVE, _MAX_MOVE)) / 256
        if np.abs(place).max() < _MIN_MOVE:
            return None
    return _as_moves(place)


def _as_bright(luma: "Floats", other: "Floats") -> "Floats":
    """Return `luma` with the mean and the spread of `other`, in whole levels."""
    import numpy as np

    (mean, spread), (other_mean, other_spread) = (
        (float(layer.sum()) / layer.size, math.sqrt(layer.size * float((layer**2).sum()) - float(layer.sum()) ** 2))
        for layer in (luma, other)
    )
    gain = min(max(other_spread / max(spread, 1.0), 0.7), 1.4)
    return np.rint(gain * (luma - mean) + other_mean)


def _as_moves(place: "Floats") -> tuple[Move, Move]:
    return Move(float(place[0]), float(place[1])), Move(float(place[2]), float(place[3]))


def _slopes(luma: "Floats") -> "tuple[Floats, Floats]":
    """Return the change of each inner pixel per pixel of each move, (pixels, 4), and the products of these columns."""
    import numpy as np

    inner = slice(_BORDER, -_BORDER)
    down, across = (np.gradient(luma, axis=axis)[inner, inner] for axis in (0, 1))
    sides = _sides(LUMA_SIDE_PX)[inner]
    slopes = np.stack([down, down * sides[:, None], across, across * sides], axis=-1).reshape(-1, 4)
    products = slopes.T @ slopes
    # Keeps a picture without edges in its place.
    return slopes, products + np.eye(4) * (products.trace() / 4000 + 1)


def _sides(side: int) -> "Floats":
    """Return the place of each pixel along an axis: -1 at one edge, 0 in the middle, 1 at the other edge."""
    import numpy as np

    return (2 * np.arange(side) + 1 - side) / side


def moved_layer(layer: "Floats", moves: tuple[Move, Move]) -> "Floats":
    """Return `layer` at the places that lie over the other tiny image's pixels, in whole levels."""
    import numpy as np

    if moves == (STILL, STILL):
        return layer
    down, across = (_weights(len(layer), move) for move in moves)
    return np.clip(np.rint(down @ layer @ across.T / 256**2), 0, 255)


def _weights(side: int, move: Move) -> "Floats":
    """Return what each pixel gives to each moved pixel, (side, side), whole numbers that sum to 256 in each row.

    Interpolation is cubic (Keys, "Cubic convolution interpolation for digital image processing", 1981).
    """
    import numpy as np

    places = np.clip(_places(side, move), 0, side - 1)
    first = np.floor(places).astype(np.intp)
    right = places - first
    left = 1 - right
    taps = [
        -0.5 * right * left**2,
        1 + right**2 * (1.5 * right - 2.5),
        1 + left**2 * (1.5 * left - 2.5),
        -0.5 * left * right**2,
    ]
    whole = [np.rint(256 * tap) for tap in taps]
    whole[1] += 256 - sum(whole)
    weights, rows = np.zeros((side, side)), np.arange(side)
    for tap, weight in enumerate(whole, start=-1):
        weights[rows, np.clip(first + tap, 0, side - 1)] += weight
    return weights


def _places(side: int, move: Move) -> "Floats":
    import numpy as np

    return np.arange(side) + move.shift + move.stretch * _sides(side)


def inside(move: Move) -> slice:
    """Return the pixels of an axis that can be compared.

    A pixel at the edge of a crop is a mean of other places than the pixel of the whole picture that it lies over.
    """
    import numpy as np

    if move == STILL:
        return slice(None)
    rows, places = np.arange(LUMA_SIDE_PX), _places(LUMA_SIDE_PX, move)
    edges = np.minimum(rows, places), np.maximum(rows, places)
    rows = np.flatnonzero((edges[0] >= _EDGE) & (edges[1] <= LUMA_SIDE_PX - 1 - _EDGE))
    return slice(int(rows[0]), int(rows[-1]) + 1)


def box_sums(layer: "Floats", width: int) -> "Floats":
    """Return the sums over squares of `width` x `width` pixels."""
    import cv2
    import numpy as np

    if width == 1:
        return layer
    return np.asarray(cv2.boxFilter(layer, cv2.CV_64F, (width, width), normalize=False), dtype=np.float64)
