"""Gives images their classes, and divides them into images for training, validation and test."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import TooFewImagesError
from imgsort.grouping.duplicates import connected_near_duplicates
from imgsort.images.finding.find import ImageFile
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE
from imgsort.learning.data.looks import Looks
from imgsort.learning.data.split import split_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class LabelledImages:
    """Images with their classes.

    `labels` is intp (n,), the number of each file's class. `contents` holds the hash of each file's bytes.
    """

    root: Path
    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    labels: "NDArray[np.intp]"

    def take(self, rows: "NDArray[np.intp]") -> "LabelledImages":
        """Return the images in these rows."""
        return LabelledImages(
            self.root,
            tuple(self.files[row] for row in rows),
            tuple(self.contents[row] for row in rows),
            self.labels[rows],
        )


@dataclass(frozen=True)
class Split:
    """Images in three parts.

    A network or head learns from `train`. `validation` chooses among what was learned. `test` judges the choice.
    """

    train: LabelledImages
    validation: LabelledImages
    test: LabelledImages

    @property
    def parts(self) -> tuple[LabelledImages, LabelledImages, LabelledImages]:
        """The three parts, in the order of `PARTS`."""
        return self.train, self.validation, self.test


def labelled(root: Path, looks: Looks, classes: tuple[str, ...]) -> LabelledImages:
    """Give each image its class: the first part of its path, which must be one of `classes`."""
    import numpy as np

    number_of = {name: number for number, name in enumerate(classes)}
    labels = [number_of[file.path.partition("/")[0]] for file in looks.files]
    return LabelledImages(root, looks.files, looks.contents, np.array(labels, dtype=np.intp))


def divide(
    images: LabelledImages, looks: Looks, classes: tuple[str, ...], shares: tuple[float, ...], seed: int
) -> list[LabelledImages]:
    """Divide images into one part for each of `shares`, and keep near duplicates in the same part.

    If a test image had a near duplicate in the training images, the score would be too good. Raises TooFewImagesError
    if a class has too few different images for every part to get one.
    """
    import numpy as np

    groups = connected_near_duplicates(looks.hashes, MAX_DISTANCE)
    parts = split_rows(images.labels, groups, shares, seed)
    for label, name in enumerate(classes):
        counts = np.bincount(parts[images.labels == label], minlength=len(shares))
        if not all(count for count, share in zip(counts, shares, strict=True) if share):
            there = int(counts.sum())
            raise TooFewImagesError(
                f"{images.root / name}: {there} readable images, with near duplicates counted as one because they stay "
                f"together, are too few for {sum(map(bool, shares))} parts. Add images, or leave out the folder."
            )
    return [images.take(np.flatnonzero(parts == part)) for part in range(len(shares))]
