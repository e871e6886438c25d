"""Measures an image's quality and finds its faults, with plain functions of pixels.

The longer side of the image is first shrunk to at most `ANALYSIS_SIDE_PX`. So the measures hardly depend on the number
of pixels, or on the scale at which a JPEG was decoded. Smaller images are not enlarged. The default thresholds come
from `benchmarks/faults.py`.
"""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imgsort.images.judging.drawn import CLIPPED, is_drawn, is_page
from imgsort.images.judging.points import points
from imgsort.images.judging.sharpness import sharpness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ANALYSIS_SIDE_PX = 512

TOO_SMALL, BLANK, ODD_ASPECT = "too-small", "blank", "odd-aspect"
TOO_DARK, TOO_BRIGHT, BLURRED = "too-dark", "too-bright", "blurred"
REASONS = (TOO_SMALL, BLANK, ODD_ASPECT, TOO_DARK, TOO_BRIGHT, BLURRED)

# JPEG changes clipped pixels by one level (CLIPPED), and a white backdrop by a few levels.
_WHITE = 250
_BACKDROP_BORDER = 0.7
# A lighter image is neither blank nor too dark, one with less white not too bright, and a sharper one not blurred.
_LIGHT, _FEW_CLIPPED, _SOFT = 200, 0.1, 0.3
# Between the 2nd and the 98th percentile of the means of 9 x 9 pixels.
_MAX_GROUND_CONTRAST = 24.0
# The text of a scan with the blur of cheap optics, sigma 2 pixels, can still be read.
_SHARPNESS_OF_PAGES = 0.8


@dataclass(frozen=True)
class Measures:
    """The measures of one image.

    `min_side_px`: the shorter side of the image as stored. `aspect`: the longer side divided by the shorter side, 1 or
    more. `contrast`, `highlights`, `overexposure`, `sharpness`, `is_drawn`, `is_page`: see the functions of these
    names. `points`: the contrast of points on an even ground, 0 where the ground is not even. These three are measured
    only where they may decide: in images that are dark or hardly vary, in bright ones, and in soft ones.
    """

    min_side_px: int
    aspect: float
    contrast: float
    highlights: float
    overexposure: float
    sharpness: float | None
    points: float = 0.0
    is_drawn: bool = False
    is_page: bool = False


@dataclass(frozen=True)
class Thresholds:
    """The limits of the measures: a value below a `min_` limit or above a `max_` limit is a fault.

    This list gives the fault and the unit of each limit. `min_side_px`: too-small, in pixels. `max_aspect`: odd-aspect,
    longer side divided by shorter side. `min_contrast`: blank, in levels. `min_highlights`: too-dark, a level.
    `max_overexposure`: too-bright, a share. `min_sharpness`: blurred, a share of the local contrast per pixel.
    """

    min_side_px: int = 64
    max_aspect: float = 4.0
    min_contrast: float = 8.0
    min_highlights: float = 140.0
    max_overexposure: float = 0.26
    min_sharpness: float = 0.23


@dataclass(frozen=True)
class Fault:
    """One fault of an image: `reason` is one of REASONS, and the measured `value` lies beyond `threshold`."""

    reason: str
    value: float
    threshold: float


def measure(pixels: "NDArray[np.uint8]", width: int, height: int) -> Measures:
    """Measure an image of `width` x `height` pixels.

    `pixels`: uint8 (h, w, 3), RGB. They may be a copy that was decoded at a smaller scale.
    """
    import cv2
    import numpy as np

    small = analysis_pixels(pixels)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    found = Measures(
        min_side_px=min(width, height),
        aspect=max(width, height) / min(width, height),
        contrast=contrast(small),
        highlights=highlights(small),
        overexposure=overexposure(small),
        sharpness=sharpness(gray),
    )
    may_be_points = found.highlights < _LIGHT or found.contrast < _MAX_GROUND_CONTRAST
    return replace(
        found,
        points=points(small) if may_be_points and _is_even(gray) else 0.0,
        is_drawn=found.overexposure > _FEW_CLIPPED and is_drawn(small),
        is_page=found.sharpness is not None and found.sharpness < _SOFT and is_page(gray),
    )


def _is_even(gray: "NDArray[np.uint8]") -> bool:
    """Say whether `gray`, the luma, uint8 (h, w), is one tone but for small points."""
    import cv2
    import numpy as np

    means = cv2.blur(gray, (9, 9))[::4, ::4]
    return float(np.ptp(np.percentile(means, (2, 98)))) < _MAX_GROUND_CONTRAST


def faults(measures: Measures, thresholds: Thresholds) -> tuple[Fault, ...]:
    """Return the faults of an image, the most serious first.

    The exposure and the sharpness of a blank image cannot be judged, nor those of points, such as stars. White in a
    drawing is no light, so a drawing is not too bright, and a scan may be softer than a photograph.
    """
    m, t = measures, thresholds
    found = []
    if m.min_side_px < t.min_side_px:
        found.append(Fault(TOO_SMALL, m.min_side_px, t.min_side_px))
    has_points = m.points >= t.min_contrast
    is_blank = m.contrast < t.min_contrast and not has_points
    if is_blank:
        found.append(Fault(BLANK, m.contrast, t.min_contrast))
    if m.aspect > t.max_aspect:
        found.append(Fault(ODD_ASPECT, m.aspect, t.max_aspect))
    if is_blank or has_points:
        return tuple(found)
    if m.highlights < t.min_highlights:
        found.append(Fault(TOO_DARK, m.highlights, t.min_highlights))
    if m.overexposure > t.max_overexposure and not m.is_drawn:
        found.append(Fault(TOO_BRIGHT, m.overexposure, t.max_overexposure))
    min_sharpness = t.min_sharpness * (_SHARPNESS_OF_PAGES if m.is_page else 1)
    if m.sharpness is not None and m.sharpness < min_sharpness:
        found.append(Fault(BLURRED, m.sharpness, min_sharpness))
    return tuple(found)


def analysis_pixels(pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """Return `pixels`, uint8 (h, w, 3), with the longer side shrunk to at most ANALYSIS_SIDE_PX."""
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    scale = ANALYSIS_SIDE_PX / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def contrast(pixels: "NDArray[np.uint8]") -> float:
    """Return how much `pixels`, uint8 (h, w, 3), vary in any channel: 0 (one colour) to 255.

    The result is the range of the means of 9 x 9 pixels. Noise and a bad pixel hardly count. A line of text on a page,
    a bird in the sky and the moon do count. A single colour stored as JPEG has at most 2. A picture under the lens cap,
    with its noise, has at most 5. The lowest value of 2298 photographs was 72.
    """
    import cv2

    means = cv2.blur(pixels, (9, 9))
    return float(max(int(channel.max()) - int(channel.min()) for channel in cv2.split(means)))


def highlights(pixels: "NDArray[np.uint8]") -> float:
    """Return the lightest tone of `pixels`, uint8 (h, w, 3): the 99.9th percentile of the highest channel, 0 to 255.

    A photograph taken at night shows a lamp or the moon. A red sunset is bright in one channel. A photograph that is
    three stops too dark reaches only 99, in all channels.
    """
    import cv2
    import numpy as np

    red, green, blue = cv2.split(pixels)
    levels = cv2.max(cv2.max(red, green), blue)
    # `np.percentile(levels, 99.9)`, found by counting: the levels at two neighbouring places in their order.
    up_to_level = np.cumsum(cv2.calcHist([levels], [0], None, [256], [0, 256]).astype(np.int64))
    place = (levels.size - 1) * 0.999
    below, above = np.searchsorted(up_to_level, [int(place), math.ceil(place)], side="right")
    return float(below + (above - below) * (place % 1))


def overexposure(pixels: "NDArray[np.uint8]") -> float:
    """Return the share of `pixels`, uint8 (h, w, 3), that are clipped in any channel: 0 to 1, higher = brighter.

    If seven tenths of the image's border are white, white counts as the backdrop of a studio shot or a drawing. Then
    the result is the share among the other pixels.
    """
    import cv2
    import numpy as np

    red, green, blue = cv2.split(pixels)
    clipped = cv2.max(cv2.max(red, green), blue) >= CLIPPED
    white = cv2.min(cv2.min(red, green), blue) >= _WHITE
    border = np.concatenate((white[0], white[-1], white[:, 0], white[:, -1]))
    judged = clipped[~white] if border.mean() >= _BACKDROP_BORDER else clipped
    return float(judged.mean()) if judged.size else 0.0
