"""A front: an image that a sidecar's name points to, and how the name is made from the image's name."""

from dataclasses import dataclass
from enum import StrEnum

from imgsort.name_key import name_key


class Part(StrEnum):
    """The part of an image's name that a sidecar's name is made from.

    NAME is the whole name. STEM is the name without its suffix. CUT is the beginning of a long name. ORIGINAL is the
    stem of the original, in the name of an edited picture.
    """

    NAME = "name"
    STEM = "stem"
    CUT = "cut"
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class Front:
    """An image that a sidecar's name points to: its `part` is `text`.

    `form`: the name of the sidecar when the image has another name. It holds `{name}` or `{stem}`, `{suffix}`, or
    `{original}`, which is the stem `IMG_O1` for `IMG_1`.
    """

    part: Part
    text: str
    form: str

    @property
    def key(self) -> str:
        """What this front has in common with the `image_keys` of the image that it points to."""
        return original_key(self.text) if self.part is Part.ORIGINAL else name_key(self.text)


def original_key(stem: str) -> str:
    """Return the key of an edited picture, from the stem of its original. It is no key of any name."""
    return f"/{name_key(stem)}"
