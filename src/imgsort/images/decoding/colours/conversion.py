"""Converts pixels to sRGB by the ICC profile of their file. The work is done by LittleCMS, through Pillow.

The reader asks before it decodes, because inks (CMYK) and Lab must be decoded as they are stored. It converts after
the picture was shrunk, so that a conversion costs little.
"""

import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from imgsort.images.decoding.colours.embedded import profile_of
from imgsort.images.decoding.colours.icc import mode_of_profile
from imgsort.images.decoding.colours.srgb import is_srgb
from imgsort.images.decoding.header import Header

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_INKS, _LAB, _GREY, _RGB = "CMYK", "LAB", "L", "RGB"
_GREY_MODES = ("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N")
# A conversion takes up to 2 MB. Folders seldom hold pictures of more profiles.
_KEPT = 32
# A profile must tell white from black, and must not take the middle for either of them.
_LEAST_RANGE = 100
_MIDDLE = range(8, 250)
_PROBES = {
    _RGB: ((255, 255, 255), (128, 128, 128), (0, 0, 0)),
    _GREY: ((255,), (128,), (0,)),
    _INKS: ((0, 0, 0, 0), (60, 50, 50, 20), (200, 180, 180, 255)),
}


@dataclass(frozen=True)
class Conversion:
    """A way from stored pixels to sRGB. `mode` is Pillow's mode of the pixels: `RGB`, `L`, `CMYK` or `LAB`."""

    mode: str
    transform: Any

    @property
    def is_of_stored_pixels(self) -> bool:
        """Whether the pixels must be decoded as they are stored, because a decoder would lose what they mean."""
        return self.mode in (_INKS, _LAB)

    def apply(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
        """Return sRGB, uint8 (h, w, 3), of `pixels`, uint8 (h, w, 3), or (h, w, 4) for CMYK. Lab has a, b + 128.

        Grey has three equal channels. A conversion of grey leaves pixels as they are that are not grey.
        """
        import numpy as np

        if self.mode == _GREY:
            grey = pixels[..., 0]
            if (pixels != grey[..., None]).any():
                return pixels
            pixels = grey
        return _transformed(self.transform, self.mode, np.ascontiguousarray(pixels))


def conversion_for(data: bytes, header: Header) -> Conversion | None:
    """Return how the pixels of the image file `data` become sRGB, or None if they are to be taken for sRGB.

    A profile that is broken or does not fit the pixels is ignored.
    """
    if header.mode == _LAB:
        return _lab_conversion()
    profile = profile_of(data, header.kind)
    mode = None if profile is None else mode_of_profile(profile)
    if profile is None or mode is None or not _fits(mode, header.mode):
        return None
    return _CONVERSIONS.of(profile, mode)


def _fits(mode: str, stored: str) -> bool:
    """Say whether pixels stored in Pillow's mode `stored` may have a profile for pixels of `mode`.

    AVIF and HEIC give grey pictures as RGB, with a grey profile. Whether they are grey is seen when they are decoded.
    """
    if _INKS in (mode, stored):
        return mode == stored
    return mode == _GREY or stored not in _GREY_MODES


class _Conversions:
    """The conversions that were last used, by the hash of their profile. Threads may ask at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Conversion | None] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, profile: bytes, mode: str) -> Conversion | None:
        key = hashlib.sha256(profile).digest()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = None if mode != _INKS and is_srgb(profile) else _built(profile, mode)
            self._kept.move_to_end(key)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]


_CONVERSIONS = _Conversions()


@cache
def _lab_conversion() -> Conversion | None:
    from PIL import ImageCms

    try:
        return Conversion(_LAB, _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), _LAB))
    except ImportError:
        return None


def _built(profile: bytes, mode: str) -> Conversion | None:
    """Return the conversion, or None if LittleCMS refuses the profile or if it would make the picture one colour."""
    from PIL import ImageCms

    try:
        transform = _transform(ImageCms.ImageCmsProfile(io.BytesIO(profile)), mode)
    except (OSError, ValueError, MemoryError, ImportError):  # ImportError: a Pillow that was built without LittleCMS
        return None
    return Conversion(mode, transform) if _keeps_light_and_dark(transform, mode) else None


def _transform(profile: Any, mode: str) -> Any:
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.ImageCmsTransform(profile, srgb, mode, _RGB, ImageCms.Intent.PERCEPTUAL)


def _keeps_light_and_dark(transform: Any, mode: str) -> bool:
    import numpy as np

    probes = np.array([_PROBES[mode]], dtype=np.uint8)
    white, middle, black = (int(level) for level in _transformed(transform, mode, probes)[0].mean(axis=1))
    return white - black >= _LEAST_RANGE and middle in _MIDDLE


def _transformed(transform: Any, mode: str, pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    import numpy as np
    from PIL import Image

    if mode == _LAB:
        pixels = pixels ^ np.array([0, 0x80, 0x80], np.uint8)  # Pillow wants a and b as signed numbers
    size = pixels.shape[1], pixels.shape[0]
    image = Image.frombuffer(mode, size, pixels.tobytes(), "raw", mode, 0, 1)
    return np.asarray(transform.apply(image))
