"""Describes what a command saw and decided, before anything is filed. A report shows it, and a review changes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.features.extract import Features
from imgsort.filing.planning.plan import Placement
from imgsort.filing.planning.site import Site
from imgsort.images.finding.find import ImageFile, Unreadable
from imgsort.jobs.results import ModelRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Judged:
    """What a classifier says about images whose classes are known.

    `labels`: int (n,), the number in `classes` of the class of each image. `probabilities`: float32 (n, classes).
    """

    classes: tuple[str, ...]
    labels: "NDArray[np.intp]"
    probabilities: "NDArray[np.float32]"


@dataclass(frozen=True)
class Asked:
    """The images that a search looked for. They may lie outside the collection, and they are never filed.

    `files`: with absolute paths. `contents`: the hashes of their bytes.
    """

    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """The images of a collection, and the folder in which each of them belongs.

    `files`, `contents`: the images that could be read, and the hashes of their bytes.
    `placements`: the images that belong in a folder. The others stay where they are.
    `shared`: names of folders in the placements that are not categories, for example `Unsorted`.
    `matrix`: float32 (n, d), the features of each of `files`, or None if no model looked at them.
    `oddness`: float64 (n,), how odd each image is by the measure that looks for outliers; NaN for an image that was not
    measured, because it lies in the larger of two clusters; or None.
    `cut`: an image with a larger oddness is an outlier; None if only a number of outliers was asked for.
    `regroup`: groups the images into another number of categories: int (n,), 0 for the largest, -1 for none. It is None
    if the command makes no categories.
    `is_by_class`: a classifier chose the folders, and the scores of the placements say how sure it is.
    `unread`: files that belong in a folder although no picture of them could be read. `unreadable` says why.
    `judged`: what a classifier says about each of `files`, if their classes are known, or None.
    `asked`: the images that were looked for, if the command is a search, or None.
    """

    command: str
    site: Site
    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    placements: tuple[Placement, ...]
    shared: frozenset[str] = frozenset()
    unreadable: tuple[Unreadable, ...] = ()
    model: ModelRecord | None = None
    matrix: "NDArray[np.float32] | None" = None
    oddness: "NDArray[np.float64] | None" = None
    cut: float | None = None
    regroup: "Callable[[int], NDArray[np.intp]] | None" = None
    judged: Judged | None = None
    unread: tuple[ImageFile, ...] = ()
    is_by_class: bool = False
    asked: Asked | None = None

    @classmethod
    def of(
        cls,
        command: str,
        site: Site,
        features: Features,
        placements: list[Placement],
        *,
        model: ModelRecord | None,
        shared: frozenset[str],
    ) -> "Study":
        """Describe a command whose model made `features`."""
        return cls(
            command,
            site,
            features.files,
            features.contents,
            tuple(placements),
            shared,
            features.unreadable,
            model,
            features.matrix,
        )
