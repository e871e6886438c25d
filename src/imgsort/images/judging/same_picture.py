"""Says whether two images show the same, by their tiny images.

The perceptual hash of 64 bits is the same for all invoices on one form, and for a red and a yellow disc. So it only
proposes near duplicates, and this module confirms them. One tiny image is laid over the other, its tones are adapted,
and where the two still differ in one spot or in one colour, the images are different.

A copy may be cropped: `laying_over` finds the scale and the shift along each axis. A copy may be brighter: each tone of
one tiny image may have another tone in the other one.

All sums are sums of whole numbers below 2**53, which float64 holds exactly. So the answer does not depend on the order
of the additions, which differs by processor and by where in memory an array lies. `benchmarks/faults.py` prints how
many copies are confirmed and how many different pictures are taken for copies.
"""

from typing import TYPE_CHECKING

from imgsort.images.judging.laying_over import STILL, Move, box_sums, inside, laid_over, moved_layer
from imgsort.images.judging.tiny_image import COLOUR_SIDE_PX, LUMA_BYTES, LUMA_SIDE_PX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# The mean difference of 3 x 3 pixels of luma, in levels. Nearly all copies that are encoded again, resized or cropped
# have at most 5, and different invoices on one form at least 10. A tenth of the range around a pixel does not count.
_MAX_SPOT = 7.0
# Of copies that are neither cropped nor brighter, nearly all have 2.5, and no pixel has more than 8.
_MAX_SPOT_AS_IT_WAS = 3.5
_MAX_PIXEL_AS_IT_WAS = 9.0
_MIN_BRIGHTENING = 3
# The tones of a brighter copy are not quite a function of the tones of its original: it depends on the colour too. So
# four tenths of the shift of a tone do not count either.
_TENTHS_PER_TONE_SHIFT = 4
# The mean difference of 3 x 3 pixels of a channel of colour, in levels: 10 at most for copies that are a third of a
# stop brighter, 28 at least for icons in other colours.
_MAX_COLOUR = 14.0
_MAX_TONE_SHIFT = 40
_TONES = 16
# A tone that only a few pixels have says little about the brightness of the copy. It counts as if so many more pixels
# had kept their tone.
_TONE_PRIOR = 8
# Of many images that the hash takes for one, only the likest are compared: so many may be refused one after another.
_MAX_REFUSED = 32


class _TinyImage:
    """The layers of a tiny image, and what is known of its tones."""

    def __init__(self, flat: "NDArray[np.uint8]") -> None:
        import cv2
        import numpy as np

        self.luma, self.colours = _luma(flat), _colours(flat)
        levels = np.ascontiguousarray(self.luma, dtype=np.uint8)
        square = np.ones((3, 3), np.uint8)
        self.range = (cv2.dilate(levels, square) - cv2.erode(levels, square)).astype(np.float64)
        self.levels = levels
        self.tones = levels >> 4
        self.counts = np.bincount(self.tones.ravel(), minlength=_TONES)
        self.mean_levels = np.bincount(self.tones.ravel(), self.luma.ravel(), _TONES) / np.maximum(self.counts, 1)


def same_pictures(tiny_images: "NDArray[np.uint8]", row: int, others: "NDArray[np.intp]") -> "NDArray[np.bool_]":
    """Say for each of `others`, intp (n,), whether it shows the same as `row`: bool (n,).

    `tiny_images`: uint8 (all, TINY_BYTES). The likest are compared first. After many different ones, the others
    count as different, because a folder may hold thousands of pages on one form.
    """
    import numpy as np

    same = np.zeros(len(others), dtype=bool)
    original = _TinyImage(tiny_images[row])
    refused = 0
    for place in _likest_first(tiny_images, row, others).tolist():
        same[place] = _is_same(original, _TinyImage(tiny_images[others[place]]))
        refused = 0 if same[place] else refused + 1
        if refused == _MAX_REFUSED:
            break
    return same


def _likest_first(tiny_images: "NDArray[np.uint8]", row: int, others: "NDArray[np.intp]") -> "NDArray[np.intp]":
    """Return the order of `others` by the squares of the differences of every fifth pixel from `row`.

    The squares let a few words count for more than the noise of JPEG.
    """
    import numpy as np

    if len(others) <= _MAX_REFUSED:
        return np.arange(len(others))
    few, own = (tiny_images[rows, ::5].astype(np.int32) for rows in (others, row))
    return np.argsort(((few - own) ** 2).sum(axis=1), kind="stable")


def _is_same(one: _TinyImage, other: _TinyImage) -> bool:
    """Say whether two tiny images show the same. The darker one is the original, because highlights may be clipped."""
    original, copy = sorted((one, other), key=lambda each: float(each.luma.sum()))
    luma, colours = copy.luma, copy.colours
    if _shows(original, luma, colours, (STILL, STILL)):
        return True
    moves = laid_over(original.luma, luma)
    return moves is not None and _shows(original, luma, colours, moves)


def _shows(original: _TinyImage, luma: "Floats", colours: "list[Floats]", moves: tuple[Move, Move]) -> bool:
    """Say whether a tiny image with these moves of its rows and its columns shows what `original` shows."""
    import numpy as np

    moved, compared = moved_layer(luma, moves), (inside(moves[0]), inside(moves[1]))
    shifts = _tone_shifts(original, moved)[original.levels]
    tenths = 10 * np.abs(moved - original.luma - shifts) - original.range - _TENTHS_PER_TONE_SHIFT * np.abs(shifts)
    beyond = np.maximum(tenths, 0)[compared]
    is_as_it_was = moves == (STILL, STILL) and float(np.abs(shifts).sum()) < _MIN_BRIGHTENING * shifts.size
    if is_as_it_was and float(beyond.max()) > 10 * _MAX_PIXEL_AS_IT_WAS:
        return False
    if _steepest(beyond) > 10 * (_MAX_SPOT_AS_IT_WAS if is_as_it_was else _MAX_SPOT):
        return False
    small = moves[0].scaled(0.25), moves[1].scaled(0.25)
    return all(
        _steepest(moved_layer(copy, small) - own) <= _MAX_COLOUR
        for own, copy in zip(original.colours, colours, strict=True)
    )


def _steepest(differences: "Floats") -> float:
    """Return the largest mean of 3 x 3 pixels of `differences`, whole numbers, without their sign."""
    import numpy as np

    return float(np.abs(box_sums(differences, 3)[1:-1, 1:-1]).max()) / 9


def _tone_shifts(original: _TinyImage, moved: "Floats") -> "Floats":
    """Return by how many levels each of 256 levels of `original` is lighter in `moved`: whole numbers, (256,)."""
    import numpy as np

    sums = np.bincount(original.tones.ravel(), (moved - original.luma).ravel(), minlength=_TONES)
    shifts = np.clip(sums / (original.counts + _TONE_PRIOR), -_MAX_TONE_SHIFT, _MAX_TONE_SHIFT)
    there = original.counts > 0
    return np.rint(np.interp(np.arange(256), original.mean_levels[there], shifts[there]))


def _luma(flat: "NDArray[np.uint8]") -> "Floats":
    import numpy as np

    return flat[:LUMA_BYTES].reshape(LUMA_SIDE_PX, LUMA_SIDE_PX).astype(np.float64)


def _colours(flat: "NDArray[np.uint8]") -> "list[Floats]":
    import numpy as np

    return list(flat[LUMA_BYTES:].reshape(2, COLOUR_SIDE_PX, COLOUR_SIDE_PX).astype(np.float64))
