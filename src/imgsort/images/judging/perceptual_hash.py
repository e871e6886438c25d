"""A 64-bit hash that near duplicates share, all but a few bits: copies of a photograph, re-encoded or resized.

The hash is ImageHash's pHash: the signs of the lowest 8 x 8 frequencies of the luma at 32 x 32 pixels, about their
median. Of four hashes of that package (average, difference, perceptual, wavelet) it alone kept a wide gap between
copies and different photographs of one kind: skies and sunsets. `benchmarks/faults.py` prints the figures of this one.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Of 64 bits. Re-encoded, resized and brightened copies differ by 6 at most, nearly all; with 2 % cropped off, by 8.
MAX_DISTANCE = 8


def perceptual_hash(pixels: "NDArray[np.uint8]") -> int:
    """Return the perceptual hash of `pixels`, uint8 (h, w, 3) RGB, as an integer below 2**64."""
    import imagehash
    from PIL import Image

    return int(str(imagehash.phash(Image.fromarray(pixels))), 16)
