"""Says which images a sidecar's name points to, the likeliest first."""

import os
import re
from collections.abc import Iterator

from imgsort.sidecar_names import phones, takeout
from imgsort.sidecar_names.front import Front, Part
from imgsort.sidecar_names.kinds import Kind, kind_of

# If two sidecars of an image would get one name, imgsort writes a number: `x.jpg.2.xmp`.
_OWN_NUMBER = re.compile(r"(.+)(\.\d{1,3})", re.DOTALL)
# darktable numbers the duplicates of an edit: `x_01.jpg.xmp`.
_DUPLICATE = re.compile(r"(.+)(_\d{2,3})(\.[^.]+)?", re.DOTALL)


def fronts(name: str) -> Iterator[Front]:
    """Yield each image that the name of a sidecar points to, the likeliest first."""
    front, suffix = os.path.splitext(name)
    kind = kind_of(name)
    if kind is Kind.NOTE:
        yield Front(Part.NAME, front, "{name}" + suffix)
        yield Front(Part.STEM, front, "{stem}" + suffix)
        yield from _note_fronts(front, suffix)
    elif kind is Kind.RAW:
        yield Front(Part.STEM, front, "{stem}" + suffix)
        yield from phones.raw_fronts(front, suffix)
    elif kind is Kind.VIDEO:
        yield from phones.video_fronts(front, suffix)
    else:
        return
    if (numbered := _OWN_NUMBER.fullmatch(front)) is not None:
        yield Front(Part.NAME, numbered[1], f"{{name}}{numbered[2]}{suffix}")


def _note_fronts(front: str, suffix: str) -> Iterator[Front]:
    kind = suffix.lower()
    if kind == ".xmp" and (duplicate := _DUPLICATE.fullmatch(front)) is not None:
        yield Front(Part.NAME, duplicate[1] + (duplicate[3] or ""), f"{{stem}}{duplicate[2]}{{suffix}}{suffix}")
    elif kind == ".json":
        yield from takeout.fronts(front, suffix)
    elif kind == ".aae":
        yield from phones.edit_fronts(front, suffix)
