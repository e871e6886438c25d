"""Gives images their classes, and divides them into images for training, validation and test."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import TooFewImagesError
from imgsort.grouping.duplicates import connected_near_duplicates
from imgsort.images.finding.find import ImageFile
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE
from imgsort.images.judging.same_picture import same_pictures
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
    images: LabelledImages,
    looks: Looks,
    classes: tuple[str, ...],
    shares: tuple[float, ...],
    seed: int,
    *,
    notice: Callable[[str], None],
) -> list[LabelledImages]:
    """Divide images into one part for each of `shares`, and keep near duplicates in the same part.

    If a test image had a near duplicate in the training images, the score would be too good. But a class of forms, or
    of frames of one video, may hold hardly anything else: where a part would get no image of a class, its images are
    divided one by one, and `notice` is told. Copies with the same bytes stay together. Raises TooFewImagesError if a
    class has too few different images even so.
    """
    import numpy as np

    groups = connected_near_duplicates(looks.hashes, MAX_DISTANCE, partial(same_pictures, looks.tiny_images))
    parts = split_rows(images.labels, groups, shares, seed)
    divided: set[int] = set()
    while lacking := set(_lacking(images.labels, parts, shares, len(classes))) - divided:
        divided |= lacking
        rows = np.flatnonzero(np.isin(images.labels, list(lacking)))
        copies = np.unique([images.contents[row] for row in rows], return_inverse=True)[1]
        groups[rows] = groups.max(initial=0) + 1 + copies
        parts = split_rows(images.labels, groups, shares, seed)
    count = sum(map(bool, shares))
    for label in _lacking(images.labels, parts, shares, len(classes)):
        there = int((images.labels == label).sum())
        raise TooFewImagesError(
            f"{images.root / classes[label]}: {there} readable images, with copies counted as one because they stay "
            f"together, are too few for {count} parts. Add images, or leave out the folder."
        )
    if divided:
        notice(_told(classes, divided))
    return [images.take(np.flatnonzero(parts == part)) for part in range(len(shares))]


def _lacking(
    labels: "NDArray[np.intp]", parts: "NDArray[np.intp]", shares: tuple[float, ...], classes: int
) -> list[int]:
    """Return the classes of which a part that has a share gets no image."""
    wanted = [part for part, share in enumerate(shares) if share]
    return [label for label in range(classes) if not set(wanted) <= set(parts[labels == label].tolist())]


def _told(classes: tuple[str, ...], divided: set[int]) -> str:
    names = ", ".join(classes[label] for label in sorted(divided))
    return (
        f"{names}: nearly all images are near duplicates, so they are divided one by one. Images for the test look "
        "like images for training, and the figures will be too good."
    )
