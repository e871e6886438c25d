"""Computes the look of every image: a hash of 64 bits that is almost the same for near duplicates.

The hashes are kept between runs, so that each image is looked at only once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import UnreadableImageError
from imgsort.features.cache.feature_cache import FeatureCache, NoCache
from imgsort.images.decoding.decode import READER_VERSION, ReadSettings, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile, Unreadable
from imgsort.images.judging.perceptual_hash import perceptual_hash
from imgsort.images.judging.quality import ANALYSIS_SIDE_PX
from imgsort.images.stream import stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AHEAD = 64


@dataclass(frozen=True)
class Looks:
    """The looks of the images that can be read.

    `hashes` is uint64 (n,), the perceptual hash of each of `files`. `contents` holds the hash of each file's bytes.
    """

    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    hashes: "NDArray[np.uint64]"
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True)
class _Seen:
    content: str
    bits: "NDArray[np.float32]"


def looks_recipe(read: ReadSettings) -> str:
    """Return the recipe under which the cache keeps hashes.

    The cache keeps a hash in the same way as features: as 64 numbers, each 0 or 1.
    """
    return f"perceptual hash at {ANALYSIS_SIDE_PX} px, reader {READER_VERSION}, {read}"


def look_at(
    root: Path,
    files: Sequence[ImageFile],
    read: ReadSettings,
    cache: FeatureCache | NoCache,
    progress: Callable[[int, int], None],
) -> Looks:
    """Return the look of every readable file, and list the files that cannot be read.

    `cache` is a cache for the recipe that `looks_recipe` returns.
    """
    import numpy as np

    seen: dict[int, _Seen | str] = {
        number: _Seen(content, bits) for number, content, bits in cache.known_rows(root, files)
    }
    missing = [number for number in range(len(files)) if number not in seen]
    for number, found in zip(missing, stream(missing, lambda n: _see(root, files[n], read), _AHEAD), strict=True):
        seen[number] = found
        if isinstance(found, _Seen):
            cache.keep(root, files[number], found.content, found.bits)
        progress(len(seen), len(files))
    there = [(files[number], found) for number, found in sorted(seen.items()) if isinstance(found, _Seen)]
    bits = np.array([found.bits for _, found in there], dtype=np.uint8).reshape(-1, 64)
    return Looks(
        files=tuple(file for file, _ in there),
        contents=tuple(found.content for _, found in there),
        hashes=np.packbits(bits, axis=1).view(">u8").astype(np.uint64).reshape(-1),
        unreadable=tuple(
            Unreadable(files[number].path, reason) for number, reason in sorted(seen.items()) if isinstance(reason, str)
        ),
    )


def _see(root: Path, file: ImageFile, read: ReadSettings) -> _Seen | str:
    """Return the look of a file, or the reason why it cannot be read."""
    import numpy as np

    try:
        image = read_image(root, file, read, Square(ANALYSIS_SIDE_PX))
    except UnreadableImageError as error:
        return str(error)
    octets = np.frombuffer(perceptual_hash(image.pixels).to_bytes(8, "big"), dtype=np.uint8)
    return _Seen(image.content, np.unpackbits(octets).astype(np.float32))
