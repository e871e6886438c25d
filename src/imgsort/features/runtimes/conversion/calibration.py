"""Makes the pictures that a model is quantised with.

They are the same for everyone. They do not depend on whose photos happened to come first.
"""

from typing import TYPE_CHECKING

from imgsort.images.decoding.letterbox import Square

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CROPS = 96

_LEAST_SIDE_PX, _MOST_SIDE_PX = 120, 420
_SEED = 0


def calibration_squares(size_px: int, crops: int = CROPS) -> "NDArray[np.uint8]":
    """Return `crops` random crops of scikit-learn's two photographs, with a fixed seed.

    The result is uint8 (crops, size_px, size_px, 3), RGB.
    """
    import numpy as np
    from sklearn.datasets import load_sample_images

    photographs = load_sample_images().images
    random = np.random.default_rng(_SEED)
    squares = np.empty((crops, size_px, size_px, 3), dtype=np.uint8)
    for number in range(crops):
        photograph = photographs[number % len(photographs)]
        height, width = photograph.shape[:2]
        side = int(random.integers(_LEAST_SIDE_PX, _MOST_SIDE_PX))
        top, left = int(random.integers(0, height - side + 1)), int(random.integers(0, width - side + 1))
        squares[number] = Square(size_px).fill(photograph[top : top + side, left : left + side])
    return squares
