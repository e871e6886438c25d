"""Makes the page of a command that files images, or would: categorize, outliers, check, classify."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from imgsort.filing.planning.plan import Placement
from imgsort.grouping.directions import unit_rows
from imgsort.jobs.look.pages.kinds import kind_of
from imgsort.jobs.organize.steps.findings import Finding
from imgsort.jobs.results import Outlier
from imgsort.jobs.study import Study
from imgsort.report.page_data import Duplicates, FindingRow, Findings, Group, GroupKind, OutlierRow, Outliers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What the images without a folder are, in the words of the command.
_OTHERS = {"outliers": "the others", "check": "nothing found"}
_STAYS = "stays where it is"
# Special folders come after the categories, and what stays comes last.
_LAST: Sequence[GroupKind] = ("outliers", "unsure", "unsorted", "stays")


def groups_of(folders: Sequence[str | None], command: str) -> tuple[tuple[Group, ...], list[int]]:
    """Return the groups, the largest first, and the number of the group of each image.

    `folders`: the folder of each image, or None for an image that stays where it is.
    """
    sizes = Counter(folders)
    order = sorted(sizes, key=lambda folder: (_place(kind_of(folder, command)), -sizes[folder], folder or ""))
    number = {folder: place for place, folder in enumerate(order)}
    groups = tuple(Group(folder or _OTHERS.get(command, _STAYS), kind_of(folder, command)) for folder in order)
    return groups, [number[folder] for folder in folders]


def _place(kind: GroupKind) -> int:
    return _LAST.index(kind) + 1 if kind in _LAST else 0


def folders_of(study: Study, findings: Sequence[Finding] = ()) -> list[str | None]:
    """Return the folder of each image; of an image with findings, its most serious reason, filed or not."""
    folders: dict[str, str] = {}
    for finding in findings:
        folders.setdefault(finding.path, finding.reason)
    folders.update((placement.source, placement.folder) for placement in study.placements)
    return [folders.get(file.path) for file in study.files]


def distances_of(study: Study) -> list[float | None]:
    """Return how odd each image is in its folder, or by the measure that looks for outliers; empty if nobody knows."""
    if study.oddness is not None:
        return [None if math.isnan(value) else round(float(value), 6) for value in study.oddness]
    placements = _placements(study)
    distances = [_of(placements.get(file.path), "distance") for file in study.files]
    return distances if any(distance is not None for distance in distances) else []


def confidences_of(study: Study) -> list[float | None]:
    """Return how sure the classifier is of each image."""
    placements = _placements(study)
    return [_of(placements.get(file.path), "score") for file in study.files]


def _placements(study: Study) -> Mapping[str, Placement]:
    return {placement.source: placement for placement in study.placements}


def _of(placement: Placement | None, field: str) -> float | None:
    return None if placement is None else getattr(placement, field)


def outliers_section(study: Study, outliers: Sequence[Outlier]) -> Outliers:
    """Return the outliers, each beside the image that is most like it and is no outlier."""
    row_of = {file.path: row for row, file in enumerate(study.files)}
    rows = [row_of[outlier.path] for outlier in outliers]
    nearest = _nearest_normal(study.matrix, rows)
    shown = tuple(
        OutlierRow(row, outlier.rank, outlier.distance, outlier.score, near, outlier.farthest)
        for row, outlier, near in zip(rows, outliers, nearest, strict=True)
    )
    curve = sorted((distance for distance in distances_of(study) if distance is not None), reverse=True)
    cut = study.cut if study.cut is not None else _cut(curve, len(shown))
    return Outliers(shown, curve, cut)


def _nearest_normal(matrix: "NDArray[np.float32] | None", rows: Sequence[int]) -> list[int | None]:
    """Return for each of `rows` the row with the highest cosine among all others that are not in `rows`."""
    import numpy as np

    if matrix is None or not rows or len(rows) == len(matrix):
        return [None] * len(rows)
    normal = np.setdiff1d(np.arange(len(matrix)), rows)
    alike = unit_rows(matrix[list(rows)]) @ unit_rows(matrix[normal]).T
    return [int(number) for number in normal[alike.argmax(axis=1)]]


def _cut(curve: Sequence[float], count: int) -> float | None:
    """Return the limit between the first `count` values and the next one: the middle between them."""
    if not 0 < count < len(curve):
        return None
    return round((curve[count - 1] + curve[count]) / 2, 6)


def findings_section(study: Study, findings: Sequence[Finding]) -> Findings:
    """Return the findings by reason, and the groups of duplicates with the image that stays."""
    row_of = {file.path: row for row, file in enumerate(study.files)}
    reasons: dict[str, list[FindingRow]] = {}
    copy_of: dict[int, int] = {}
    for finding in findings:
        row = FindingRow(row_of.get(finding.path), finding.path, finding.value, finding.threshold, finding.detail)
        reasons.setdefault(finding.reason, []).append(row)
        kept = row_of.get(finding.kept or "")
        if kept is not None and row.image is not None:
            copy_of.setdefault(row.image, kept)
    return Findings({reason: tuple(rows) for reason, rows in reasons.items()}, _groups_of_copies(copy_of))


def _groups_of_copies(copy_of: Mapping[int, int]) -> tuple[Duplicates, ...]:
    """Return groups of copies, each with the one image that stays: a copy may be of an image that is a copy itself."""
    groups: dict[int, list[int]] = {}
    for copy in copy_of:
        kept = copy
        while kept in copy_of:
            kept = copy_of[kept]
        groups.setdefault(kept, []).append(copy)
    return tuple(Duplicates(kept, tuple(others)) for kept, others in groups.items())
