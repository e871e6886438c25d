"""Says what is missing from an image file that is still being copied, as far as its structure shows."""

import errno
from pathlib import Path

from imgsort.content import read_regular
from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import MAX_FILE_BYTES
from imgsort.images.decoding.structure import require_whole
from imgsort.images.kinds import HEAD_BYTES, image_kind

# Less than this tells no kind of image.
_LEAST_BYTES = 64


def shortage(path: Path, name: str) -> str | None:
    """Return why the image at `path` is not whole, or None if nothing is known to be missing.

    `name`: the name of the image, which `path` need not have. A file that is wrong in any way may be one whose bytes
    have not all arrived. Only what more time cannot change is not a shortage.
    """
    try:
        data = read_regular(path, MAX_FILE_BYTES)
    except MemoryError:
        return None
    except OSError as error:
        return None if error.errno == errno.EFBIG else f"it cannot be read: {error.strerror or error}"
    kind = image_kind(data[:HEAD_BYTES], name)
    if kind is None:
        return _no_kind(data)
    try:
        require_whole(data, kind)
    except UnreadableImageError as error:  # a bad checksum too may be that of room which is not filled yet
        return str(error)
    return None


def _no_kind(data: bytes) -> str | None:
    if not data:
        return "it is empty"
    if data.count(0) == len(data):  # some programs reserve the room for a file before they fill it
        return f"its {len(data)} bytes are all zero"
    return f"it has {len(data)} bytes only" if len(data) < _LEAST_BYTES else None
