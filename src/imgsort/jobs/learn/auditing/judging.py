"""Judges the classes of images by their features, and says in words what came of it."""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.errors import TooFewImagesError, UsageError
from imgsort.grouping.directions import Directions
from imgsort.grouping.outliers.neighbours import NeighbourOutliers
from imgsort.jobs.learn.auditing.findings import Audited, AuditFinding, InTwoClasses, LikeNoClass, MixedClasses
from imgsort.jobs.learn.auditing.looking import groups_of_copies, near_duplicates
from imgsort.jobs.listener import Listener
from imgsort.jobs.session.placing import rounded
from imgsort.learning.audit.confident import Judgement, judge_labels
from imgsort.learning.audit.folds import FOLDS, Folds, divide_into_folds
from imgsort.learning.audit.mixed import Mixed, mixed_pairs
from imgsort.learning.audit.probabilities import coordinates, in_main_axes
from imgsort.learning.data.dataset import LabelledImages
from imgsort.learning.data.looks import Looks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# With a lower share, the model does not see what tells the classes apart, and many marked images are right where they
# are: of faces that are happy or sad, 76 % look like their class.
_LEAST_RIGHT = 0.8


@dataclass(frozen=True)
class Marking:
    """Which images are marked.

    `threshold`: mark each image with at least this score, 0 to 1, and not by the rule of confident learning.
    `most`: mark at most so many, those with the highest scores. `seed`: of the division into five parts.
    """

    threshold: float | None = None
    most: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise UsageError(f"--threshold {self.threshold}: it must be a score, more than 0 and at most 1.")
        if self.most is not None and self.most < 1:
            raise UsageError(f"--max {self.most}: it must be at least 1.")


@dataclass(frozen=True)
class Audit:
    """What was found, and the score of each image, float64 (n,): NaN for an image that was not judged."""

    audited: Audited
    scores: "NDArray[np.float64]"


def audit_images(
    images: LabelledImages,
    looks: Looks,
    features: "NDArray[np.float32]",
    *,
    classes: tuple[str, ...],
    marking: Marking,
    listener: Listener,
) -> Audit:
    """Judge the classes of `images`, whose looks and features, float32 (n, d), are in the same order.

    The listener is told what limits the answer. Raises TooFewImagesError if fewer than two classes can be judged.
    """
    import numpy as np

    # In the order of the contents, neither names nor places decide which part an image is in.
    order = np.array(sorted(range(len(images.files)), key=lambda row: (images.contents[row], images.files[row].path)))
    images, features = images.take(order), features[order]
    copies = groups_of_copies(images.contents)
    groups = near_duplicates(looks.hashes[order], looks.tiny_images[order], copies)
    folds = divide_into_folds(images.labels, groups, copies, marking.seed)
    _tell_of_folds(images, classes, folds, listener)
    judged = np.flatnonzero(folds.parts >= 0)
    known, labels = np.unique(images.labels[judged], return_inverse=True)
    names = [classes[label] for label in known]
    judgement = judge_labels(coordinates(features[judged]), labels, folds.parts[judged])
    mixed = mixed_pairs(judgement, labels)
    marked = _marked(judgement, labels, mixed, marking)
    _tell_of_judgement(judgement, names, mixed, listener)
    scores = np.full(len(images.files), np.nan)
    scores[order[judged]] = judgement.scores
    of_judged = images.take(judged)
    audited = Audited(
        findings=_findings(of_judged, labels, names, judgement, marked),
        mixed=tuple(
            MixedClasses((names[m.first], names[m.second]), m.count, round(m.share, 4), m.is_one) for m in mixed
        ),
        in_two_classes=_in_two_classes(images, groups),
        like_no_class=_like_no_class(images, classes, features),
    )
    return Audit(audited, scores)


def _marked(
    judgement: Judgement, labels: "NDArray[np.intp]", mixed: list[Mixed], marking: Marking
) -> "NDArray[np.bool_]":
    """Return which rows are marked, bool (n,). Rows of two classes that look like one are not."""
    import numpy as np

    marked = judgement.is_wrong if marking.threshold is None else judgement.scores >= marking.threshold
    for pair in mixed:
        if pair.is_one:
            both = [pair.first, pair.second]
            marked = marked & ~(np.isin(labels, both) & np.isin(judgement.suggested, both))
    if marking.most is not None:
        order = np.argsort(-judgement.scores, kind="stable")
        beyond = order[marked[order]][marking.most :]
        marked = marked.copy()
        marked[beyond] = False
    return marked


def _findings(
    images: LabelledImages,
    labels: "NDArray[np.intp]",
    names: list[str],
    judgement: Judgement,
    marked: "NDArray[np.bool_]",
) -> tuple[AuditFinding, ...]:
    import numpy as np

    order = np.argsort(-judgement.scores, kind="stable")
    return tuple(
        AuditFinding(
            images.files[row].path,
            names[labels[row]],
            names[judgement.suggested[row]],
            rounded(judgement.probabilities[row, judgement.suggested[row]]),
            rounded(judgement.scores[row]),
            bool(marked[row]),
        )
        for row in order
        if judgement.scores[row] > 0
    )


def _in_two_classes(images: LabelledImages, groups: "NDArray[np.intp]") -> tuple[InTwoClasses, ...]:
    """Return each image that lies in a second class too, with an image there: first those of the same bytes.

    `groups`: int (n,), the number of the group of near duplicates that each image is in. An image is named once with
    each further class; of the images there, one of the same bytes, or else the first of its group.
    """
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(row)
    found: list[InTwoClasses] = []
    for rows in members.values():
        by_class: dict[int, list[int]] = {}
        for row in rows:
            by_class.setdefault(int(images.labels[row]), []).append(row)
        for first, second in itertools.combinations(by_class.values(), 2):
            found += _pairs(images, first, second)
    return tuple(sorted(found, key=lambda pair: (not pair.same_bytes, pair.paths)))


def _pairs(images: LabelledImages, first: list[int], second: list[int]) -> list[InTwoClasses]:
    """Return a pair for each image of the larger of two lists, with an image of the other list."""
    many, few = (first, second) if len(first) >= len(second) else (second, first)
    twin = {images.contents[row]: row for row in reversed(few)}
    pairs = []
    for row in many:
        other = twin.get(images.contents[row], few[0])
        paths = sorted((images.files[row].path, images.files[other].path))
        pairs.append(InTwoClasses((paths[0], paths[1]), images.contents[row] == images.contents[other]))
    return pairs


def _like_no_class(
    images: LabelledImages, classes: tuple[str, ...], features: "NDArray[np.float32]"
) -> tuple[LikeNoClass, ...]:
    import numpy as np

    # By directions, odd images of other kinds stand out at least as well as by the features themselves.
    odd = NeighbourOutliers().fit(in_main_axes(Directions().fit_parts([features]).transform(features)))
    numbers = np.flatnonzero(odd.predictions_ == -1)
    return tuple(
        LikeNoClass(
            images.files[row].path,
            classes[images.labels[row]],
            rounded(odd.distances_[row]),
            rounded(odd.scores_[row]),
        )
        for row in numbers[np.argsort(-odd.distances_[numbers], kind="stable")]
    )


def _tell_of_folds(images: LabelledImages, classes: tuple[str, ...], folds: Folds, listener: Listener) -> None:
    """Say which classes are not judged, and which are judged by their near duplicates. Raises TooFewImagesError."""
    import numpy as np

    there = set(np.unique(images.labels).tolist())
    small = [classes[label] for label in folds.too_small]
    if len(there) - len(small) < 2:
        raise TooFewImagesError(
            f"{images.root}: at least two classes need {FOLDS} different readable images each to be judged, and copies "
            "count as one. Add images."
        )
    if small:
        listener.notice(
            f"{', '.join(small)}: fewer than {FOLDS} different images, so these are not judged and nothing is "
            "suggested to them."
        )
    if folds.loosened:
        names = ", ".join(classes[label] for label in folds.loosened)
        listener.notice(
            f"{names}: most images are near duplicates of each other, so they are judged one by one. If all of these "
            "lie in the wrong class, that is not seen."
        )


def _tell_of_judgement(judgement: Judgement, names: list[str], mixed: list[Mixed], listener: Listener) -> None:
    """Say which classes look like one, and whether the model sees what tells the classes apart."""
    for pair in mixed:
        if pair.is_one:
            listener.notice(
                f"{names[pair.first]} and {names[pair.second]} look like one class: no image of them is marked as the "
                "other's. Merge the two folders if they are meant to be one."
            )
    right = float((judgement.scores <= 0).mean())
    if right < _LEAST_RIGHT and not any(pair.is_one for pair in mixed):
        listener.notice(
            f"only {right:.0%} of the images look like their own class: the model hardly sees what tells these classes "
            "apart, and many marked images may be right where they are. Look at them before you move any."
        )
