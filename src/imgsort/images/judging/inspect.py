"""Collects everything that `check` needs to know about one file, from one reading of its bytes."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings, bytes_of, decoding
from imgsort.images.decoding.decoded import Onlooker, nobody
from imgsort.images.decoding.header import Header
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile
from imgsort.images.judging.perceptual_hash import perceptual_hash
from imgsort.images.judging.quality import ANALYSIS_SIDE_PX, Measures, measure
from imgsort.images.judging.tiny_image import tiny_image
from imgsort.images.kinds import claimed_kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Picture:
    """What a readable file shows.

    `look` is its perceptual hash, which near duplicates share. `tiny_image` tells near duplicates from other pictures
    with that hash.
    """

    header: Header
    measures: Measures
    look: int
    tiny_image: "NDArray[np.uint8]"


@dataclass(frozen=True)
class Inspection:
    """A file, the hash of its bytes if they could be read, and its picture or the error that prevented one."""

    file: ImageFile
    content: str | None
    picture: Picture | None
    error: UnreadableImageError | None = None

    @property
    def other_kind(self) -> str | None:
        """The kind of the content if the file's suffix claims another kind, or None."""
        claimed = claimed_kind(self.file.name)
        if self.picture is None or claimed in (None, self.picture.header.kind):
            return None
        return self.picture.header.kind


def inspect(root: Path, file: ImageFile, settings: ReadSettings, onlooker: Onlooker = nobody) -> Inspection:
    """Read the image `file` of the collection at `root` and measure it.

    `onlooker` is shown the picture too. A bad file raises no error: the result holds the error instead.
    """
    content, square = None, Square(ANALYSIS_SIDE_PX)
    try:
        with bytes_of(root, file) as (data, content), decoding(data, settings, square, file.name) as decoded:
            onlooker(content, decoded)
            header, pixels = decoded.header, decoded.seen(square)
            del decoded  # the picture in its full size needs not stay in memory while it is measured
    except UnreadableImageError as error:
        return Inspection(file, content, None, error)
    measures = measure(pixels, header.width, header.height)
    picture = Picture(header, measures, perceptual_hash(pixels), tiny_image(pixels))
    return Inspection(file, content, picture)
