"""Tells drawings and pages of text from photographs: they have few colours, in areas without any noise."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Light of which a camera saw nothing more, and white that a drawing leaves out: see `overexposure`.
CLIPPED = 254
# One step of 32 for each channel: JPEG changes a flat colour by less.
_STEP_BITS = 3
_FEW = 6
_MIN_SHARE_OF_FEW = 0.65
# JPEG changes neighbours in a flat area by so many levels at most.
_FLAT_RANGE = 4
_MIN_SHARE_OF_FLAT = 0.5
# In levels: paper is light, and a scanner lights it evenly.
_MIN_PAPER = 190
_PAPER_RANGE = 10
_MIN_SHARE_OF_PAPER = 0.5
_MIN_BORDER_OF_PAPER = 0.7


def is_drawn(pixels: "NDArray[np.uint8]") -> bool:
    """Say whether `pixels`, uint8 (h, w, 3), RGB, are a drawing, a document or a screenshot.

    Only pixels that are not clipped are judged, because burnt-out light is flat in photographs too. Of a drawing, two
    thirds of them have six colours, and half of them lie in flat areas. Of photographs that are three stops too bright,
    one in a hundred has as few colours.
    """
    import cv2
    import numpy as np

    red, green, blue = cv2.split(pixels)
    judged = cv2.max(cv2.max(red, green), blue) < CLIPPED
    steps = (pixels >> _STEP_BITS).astype(np.int32)
    colours = (steps[..., 0] << 10 | steps[..., 1] << 5 | steps[..., 2])[judged]
    if not colours.size:
        return False
    commonest = np.sort(np.bincount(colours))[-_FEW:]
    if commonest.sum() < _MIN_SHARE_OF_FEW * colours.size:
        return False
    square = np.ones((3, 3), np.uint8)
    ranges = cv2.subtract(cv2.dilate(pixels, square), cv2.erode(pixels, square)).max(axis=2)
    return bool((ranges[judged] <= _FLAT_RANGE).mean() >= _MIN_SHARE_OF_FLAT)


def is_page(gray: "NDArray[np.uint8]") -> bool:
    """Say whether `gray`, the luma, uint8 (h, w), is a page: half of it and most of its border are light paper."""
    import numpy as np

    paper = int(np.bincount(gray.ravel(), minlength=256).argmax())
    if paper < _MIN_PAPER:
        return False
    there = (gray >= paper - _PAPER_RANGE) & (gray <= min(paper, 255 - _PAPER_RANGE) + _PAPER_RANGE)
    border = np.concatenate((there[0], there[-1], there[:, 0], there[:, -1]))
    return bool(there.mean() >= _MIN_SHARE_OF_PAPER and border.mean() >= _MIN_BORDER_OF_PAPER)
