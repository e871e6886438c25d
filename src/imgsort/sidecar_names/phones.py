"""The names that Apple and Pixel phones give to the files of one photo.

Apple: `IMG_E1.JPG` is the edited picture of `IMG_1.JPG`. `IMG_1.AAE` and `IMG_O1.AAE` tell how it was edited. They
belong to `IMG_1.JPG`, or to `IMG_E1.JPG` if it is alone.
"""

import re
from collections.abc import Iterator

from imgsort.sidecar_names.front import Front, Part

_APPLE = re.compile(r"(IMG_)([EO]?)(\d.*)", re.IGNORECASE | re.DOTALL)
# iCloud names the video of `IMG_1.HEIC` so.
_ICLOUD_VIDEO = re.compile(r"(.+)(_HEVC)", re.IGNORECASE | re.DOTALL)
_PIXEL_RAW = re.compile(r"(.+\.RAW-)\d\d\.ORIGINAL", re.IGNORECASE | re.DOTALL)


def original_stem(stem: str) -> str:
    """Return `IMG_O1` for `IMG_1`. Return any other stem unchanged."""
    apple = _APPLE.fullmatch(stem)
    return stem if apple is None or apple[2] else f"{apple[1]}O{apple[3]}"


def edit_fronts(front: str, suffix: str) -> Iterator[Front]:
    """Yield the images that the name `front` of an edit (.aae) points to."""
    apple = _APPLE.fullmatch(front)
    if apple is None:
        return
    if apple[2]:
        form = "{original}" if apple[2] in "oO" else "{stem}"
        yield Front(Part.STEM, apple[1] + apple[3], form + suffix)
    if apple[2] not in ("e", "E"):
        yield Front(Part.STEM, f"{apple[1]}E{apple[3]}", "{stem}" + suffix)


def video_fronts(front: str, suffix: str) -> Iterator[Front]:
    """Yield the images that the video `front` + `suffix` may be the moving half of."""
    is_short = suffix.lower().startswith((".mp", ".mv")) and not suffix.lower().startswith(".mp4")
    if is_short or not suffix:
        # `x.MP` is the video of `x.MP.jpg`, and `MVIMG_x` that of `MVIMG_x.jpg`.
        yield Front(Part.STEM, front + suffix, "{stem}.MP")
    if not suffix:
        return
    yield Front(Part.STEM, front, "{stem}" + suffix)
    if (icloud := _ICLOUD_VIDEO.fullmatch(front)) is not None:
        yield Front(Part.STEM, icloud[1], "{stem}" + icloud[2] + suffix)
    apple = _APPLE.fullmatch(front)
    if apple is not None and apple[2] not in ("o", "O"):
        yield Front(Part.STEM, apple[1] + ("" if apple[2] else "E") + apple[3], "{stem}" + suffix)


def raw_fronts(front: str, suffix: str) -> Iterator[Front]:
    """Yield the images that a Pixel develops from the RAW file `front` + `suffix`."""
    if (pixel := _PIXEL_RAW.fullmatch(front)) is not None:
        for cover in ("01.COVER", "01.MP.COVER"):
            yield Front(Part.STEM, pixel[1] + cover, "{stem}" + suffix)
