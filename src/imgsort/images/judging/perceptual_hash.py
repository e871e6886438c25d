"""Computes a 64-bit hash that near duplicates share, except for a few bits.

Near duplicates are re-encoded or resized copies of a photograph. The hash is ImageHash's pHash: it says which of the
lowest 8 x 8 frequencies of the luma at 32 x 32 pixels are above their median. Four hashes of that package were compared
(average, difference, perceptual, wavelet). Only the perceptual hash kept a wide gap between copies and different
photographs of one kind: skies and sunsets. `benchmarks/faults.py` prints the figures for this hash.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Of 64 bits. Nearly all re-encoded, resized and brightened copies differ by at most 6 bits, and copies with 2 % cropped
# off by at most 8 bits.
MAX_DISTANCE = 8


def perceptual_hash(pixels: "NDArray[np.uint8]") -> int:
    """Return the perceptual hash of `pixels`, uint8 (h, w, 3) RGB, as an integer below 2**64."""
    import imagehash
    from PIL import Image

    return int(str(imagehash.phash(Image.fromarray(pixels))), 16)
