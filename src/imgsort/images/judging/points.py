"""Measures the points on an even ground: stars in the night sky, a few dots on paper."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TILE_PX = 32
# Points in fewer tiles may be bad pixels of a sensor.
_MIN_TILES = 5
# Of a hundred thousand pixels with the noise of a sensor, none differs by six times the spread.
_NOISE_SPREADS = 6
_SPREAD_OF_MEDIAN = 1.4826


def points(pixels: "NDArray[np.uint8]") -> float:
    """Return by how many levels points stand out from `pixels`, uint8 (h, w, 3), beyond the noise: 0 to 255.

    In each tile of 32 x 32 pixels, the pixel that differs most from the tile's median counts. The result is the fifth
    highest value of all tiles, less six times the spread of the noise. The spread is the median of all differences
    times 1.4826, as for normally distributed noise, and at least one level.
    """
    import cv2
    import numpy as np

    red, green, blue = cv2.split(pixels)
    highest = cv2.max(cv2.max(red, green), blue)
    height, width = highest.shape
    border = 0, -height % _TILE_PX, 0, -width % _TILE_PX
    whole = cv2.copyMakeBorder(highest, *border, cv2.BORDER_REPLICATE).astype(np.int16)
    tiles = whole.reshape(whole.shape[0] // _TILE_PX, _TILE_PX, -1, _TILE_PX).swapaxes(1, 2).reshape(-1, _TILE_PX**2)
    if len(tiles) < _MIN_TILES:
        return 0.0
    differences = np.abs(tiles - np.median(tiles, axis=1).astype(np.int16)[:, None])
    spread = max(1.0, _SPREAD_OF_MEDIAN * float(np.median(differences)))
    fifth = float(np.sort(differences.max(axis=1))[-_MIN_TILES])
    return max(0.0, fifth - _NOISE_SPREADS * spread)
