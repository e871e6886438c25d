"""Computes the look of every image: a hash of 64 bits that is almost the same for near duplicates, and a tiny image.

The looks are kept between runs, so that each image is looked at only once.
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
from imgsort.images.judging.tiny_image import TINY_BYTES, TINY_VERSION, tiny_image
from imgsort.images.stream import stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AHEAD = 64
_HASH_BYTES = 8


@dataclass(frozen=True)
class Looks:
    """The looks of the images that can be read.

    `hashes` is uint64 (n,), the perceptual hash of each of `files`. `tiny_images` is uint8 (n, TINY_BYTES).
    `contents` holds the hash of each file's bytes.
    """

    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    hashes: "NDArray[np.uint64]"
    tiny_images: "NDArray[np.uint8]"
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True)
class _Seen:
    content: str
    numbers: "NDArray[np.float32]"


def looks_recipe(read: ReadSettings) -> str:
    """Return the recipe under which the cache keeps looks.

    The cache keeps a look in the same way as features: as numbers, each of three bytes, which float32 holds exactly.
    """
    seen = f"perceptual hash and tiny image {TINY_VERSION} at {ANALYSIS_SIDE_PX} px"
    return f"{seen}, reader {READER_VERSION}, {read}"


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
        number: _Seen(content, numbers) for number, content, numbers in cache.known_rows(root, files)
    }
    missing = [number for number in range(len(files)) if number not in seen]
    for number, found in zip(missing, stream(missing, lambda n: _see(root, files[n], read), _AHEAD), strict=True):
        seen[number] = found
        if isinstance(found, _Seen):
            cache.keep(root, files[number], found.content, found.numbers)
        progress(len(seen), len(files))
    there = [(files[number], found) for number, found in sorted(seen.items()) if isinstance(found, _Seen)]
    octets = _octets(np.array([found.numbers for _, found in there], dtype=np.uint32))
    return Looks(
        files=tuple(file for file, _ in there),
        contents=tuple(found.content for _, found in there),
        hashes=np.ascontiguousarray(octets[:, :_HASH_BYTES]).view(">u8").astype(np.uint64).reshape(-1),
        tiny_images=octets[:, _HASH_BYTES:],
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
    hash_octets = np.frombuffer(perceptual_hash(image.pixels).to_bytes(_HASH_BYTES, "big"), dtype=np.uint8)
    return _Seen(image.content, _numbers(np.concatenate((hash_octets, tiny_image(image.pixels)))))


def _numbers(octets: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """Return the bytes of a look, uint8 (n,), as whole numbers of three bytes each. Zeros fill the last one."""
    import numpy as np

    threes = np.pad(octets, (0, -len(octets) % 3)).reshape(-1, 3).astype(np.uint32)
    return (threes[:, 0] << 16 | threes[:, 1] << 8 | threes[:, 2]).astype(np.float32)


def _octets(numbers: "NDArray[np.uint32]") -> "NDArray[np.uint8]":
    """Return the bytes of looks, uint8 (n, _HASH_BYTES + TINY_BYTES), of the numbers that `_numbers` made."""
    import numpy as np

    size = _HASH_BYTES + TINY_BYTES
    threes = numbers.reshape(-1, -(-size // 3))
    octets = np.stack([threes >> 16, threes >> 8 & 255, threes & 255], axis=-1).astype(np.uint8)
    return octets.reshape(len(threes), 3 * threes.shape[1])[:, :size]
