"""Defines an engine: what looks at images and says their features. The local engine works in threads of this process.

Another engine may look at the images on other machines. All of them give the same features for the same recipe.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from imgsort.errors import UnreadableImageError, WeightsError
from imgsort.features.extraction import Extraction
from imgsort.features.seen import SeenImage
from imgsort.images.decoding.decode import ReadSettings, bytes_of, decoding
from imgsort.images.decoding.decoded import Onlooker, nobody
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile
from imgsort.images.stream import core_count, stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgsort.features.dataset.writer import DatasetWriter


class Images(Protocol):
    """Images to look at, each with a number from 0, and where their bytes come from. It can be pickled."""

    @property
    def files(self) -> Sequence[ImageFile]:
        """The images. A path is relative to what is looked at."""

    @property
    def place(self) -> str:
        """The folder or the address that they lie in, as a message names it."""

    @property
    def root(self) -> Path | None:
        """The folder of this machine that the images lie in. None: the cache knows no image by its path."""

    def bytes_of(self, number: int) -> AbstractContextManager[tuple[bytes, str]]:
        """Give the bytes of an image and their hash. Raises UnreadableImageError."""

    def only(self, numbers: Sequence[int]) -> "Images":
        """Return the images with these numbers, numbered anew in this order."""


@dataclass(frozen=True)
class FolderImages:
    """Images that lie in a folder of this machine."""

    root: Path
    files: Sequence[ImageFile]

    @property
    def place(self) -> str:
        """The folder that they lie in, as a message names it."""
        return str(self.root)

    def bytes_of(self, number: int) -> AbstractContextManager[tuple[bytes, str]]:
        """Give the bytes of an image and their hash. Raises UnreadableImageError."""
        return bytes_of(self.root, self.files[number])

    def only(self, numbers: Sequence[int]) -> "FolderImages":
        """Return the images with these numbers, numbered anew in this order."""
        return FolderImages(self.root, tuple(self.files[number] for number in numbers))


# Returns the features, float32 (width,), of the image whose bytes have this hash, or None if they are not known.
Known = Callable[[str], "NDArray[np.float32] | None"]


def nothing_known(content: str) -> "NDArray[np.float32] | None":
    """Return None."""
    return None


class Engine(Protocol):
    """Looks at images. An image that cannot be read is a result with a reason, and the others go on."""

    @property
    def name(self) -> str:
        """What `--engine` calls it."""

    def see(
        self,
        images: Images,
        numbers: Sequence[int],
        extraction: Extraction,
        *,
        known: Known = nothing_known,
        onlooker: Onlooker = nobody,
    ) -> Iterator[Sequence[SeenImage]]:
        """Yield one result for each of the `numbers`, some at a time, in any order.

        `known`: answers in this process, from several threads. An engine that works elsewhere need not ask.
        `onlooker`: is shown the pictures that are decoded in this process.
        Raises WeightsError if the model gives infinite numbers.
        """

    def see_into(
        self,
        dataset: "DatasetWriter",
        images: Images,
        numbers: Sequence[int],
        extraction: Extraction,
        *,
        known: Known = nothing_known,
        onlooker: Onlooker = nobody,
    ) -> Iterator[Sequence[SeenImage]]:
        """Do the same, and write every result into a dataset of features.

        An engine that works elsewhere writes there, and yields results without features. The local one leaves to the
        writer when a part is written: at the latest when the writer is closed.
        """


@dataclass(frozen=True)
class LocalEngine:
    """Looks at images in threads of this process, as many as there are cores."""

    name: str = "local"

    def see(
        self,
        images: Images,
        numbers: Sequence[int],
        extraction: Extraction,
        *,
        known: Known = nothing_known,
        onlooker: Onlooker = nobody,
    ) -> Iterator[Sequence[SeenImage]]:
        """Yield the results in the order of the `numbers`, a batch of the model at a time."""
        look = Look(images, extraction, known, onlooker)
        return stream(_batches(numbers, extraction.extractor.batch_size), look.at, ahead=2 * core_count())

    def see_into(
        self,
        dataset: "DatasetWriter",
        images: Images,
        numbers: Sequence[int],
        extraction: Extraction,
        *,
        known: Known = nothing_known,
        onlooker: Onlooker = nobody,
    ) -> Iterator[Sequence[SeenImage]]:
        """Do the same, and give every result to the writer of a dataset."""
        for batch in self.see(images, numbers, extraction, known=known, onlooker=onlooker):
            for seen in batch:
                dataset.put(images.files[seen.number], seen)
            yield batch


LOCAL = LocalEngine()


@dataclass(frozen=True)
class Look:
    """Takes images all the way to their features, within one thread.

    Decoding and the model both keep a processor busy. Because each thread does both, no thread waits for another.
    """

    images: Images
    extraction: Extraction
    known: Known = nothing_known
    onlooker: Onlooker = nobody

    def at(self, numbers: Sequence[int]) -> list[SeenImage]:
        """Return the results for the images with these numbers, at most one batch. Raises WeightsError."""
        import numpy as np

        reader = ImageReader(self.images, self.extraction.read, self.extraction.model.square, self.known, self.onlooker)
        seen: dict[int, SeenImage] = {}
        squares: dict[int, NDArray[np.uint8]] = {}
        for number in numbers:
            seen[number] = reader.read(number, squares)
        if squares:
            rows = finite(self.extraction.extractor.extract(np.stack(list(squares.values()))))
            for number, features in zip(squares, rows, strict=True):
                seen[number] = replace(seen[number], features=features)
        return list(seen.values())


@dataclass(frozen=True)
class ImageReader:
    """Takes images to the squares of pixels that a model sees, within one thread."""

    images: Images
    settings: ReadSettings
    square: Square
    known: Known = nothing_known
    onlooker: Onlooker = nobody

    def read(self, number: int, squares: "dict[int, NDArray[np.uint8]]") -> SeenImage:
        """Return what is known about an image without the model.

        If the model is needed, add the image's square of pixels, uint8 (size_px, size_px, 3), to `squares`.
        """
        try:
            with self.images.bytes_of(number) as (data, content):
                known = self.known(content)
                if known is not None:
                    return SeenImage(number, content, known, is_known=True)
                return self._decoded(number, data, content, squares)
        except UnreadableImageError as error:
            return SeenImage(number, reason=str(error))

    def _decoded(self, number: int, data: bytes, content: str, squares: "dict[int, NDArray[np.uint8]]") -> SeenImage:
        try:
            squares[number] = self._square_of(data, content, self.images.files[number].name)
        except UnreadableImageError as error:
            return SeenImage(number, content, reason=str(error))
        return SeenImage(number, content)

    def _square_of(self, data: bytes, content: str, name: str) -> "NDArray[np.uint8]":
        """Return what the model sees of an image. Raises UnreadableImageError."""
        with decoding(data, self.settings, self.square, name) as decoded:
            self.onlooker(content, decoded)
            return self.square.fill(decoded.seen(self.square))


def finite(rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return the features, float32 (n, width). Raises WeightsError if a number is infinite or none."""
    import numpy as np

    if not np.isfinite(rows).all():
        raise WeightsError(
            "the model gives infinite numbers, which say nothing about an image. "
            "Try --precision float32 or other --weights."
        )
    return rows


def _batches(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
