"""Finds what is wrong with inspected files, and which of several copies of a picture is the best."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from imgsort.errors import TruncatedImageError
from imgsort.grouping.duplicates import group_near_duplicates
from imgsort.images.judging.inspect import Inspection
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE
from imgsort.images.judging.quality import BLANK, Thresholds, faults
from imgsort.images.judging.quality import REASONS as QUALITY_REASONS
from imgsort.images.judging.same_picture import same_pictures
from imgsort.images.judging.tiny_image import TINY_BYTES

UNREADABLE, TRUNCATED = "unreadable", "truncated"
DUPLICATE, NEAR_DUPLICATE = "duplicate", "near-duplicate"
WRONG_SUFFIX = "wrong-suffix"

# The most serious first: a file with several reasons is filed by the first.
REASONS = (UNREADABLE, TRUNCATED, *QUALITY_REASONS, DUPLICATE, NEAR_DUPLICATE, WRONG_SUFFIX)


_SAME_BYTES, _LOOKS_LIKE = "same bytes as ", "looks like "


@dataclass(frozen=True)
class Finding:
    """One thing that `check` found wrong with one file.

    `value` and `threshold`: given if the reason is measured. The value lies beyond the threshold. Both have the unit of
    the measure.
    `detail`: what a number cannot say: why a file is unreadable, or which file it is a duplicate of.
    """

    path: str
    reason: str
    value: float | None = None
    threshold: float | None = None
    detail: str = ""

    @property
    def kept(self) -> str | None:
        """The path of the image that stays, of which this one is a duplicate, or None."""
        prefix = {DUPLICATE: _SAME_BYTES, NEAR_DUPLICATE: _LOOKS_LIKE}.get(self.reason)
        return None if prefix is None else self.detail.removeprefix(prefix)


@dataclass(frozen=True)
class Limits(Thresholds):
    """The limits beyond which a measure shows a fault.

    `max_distance`: in how many of 64 bits near duplicates may differ.
    """

    max_distance: int = MAX_DISTANCE


def find_faults(inspections: Sequence[Inspection], limits: Limits) -> list[Finding]:
    """Return all findings, ordered by reason, the most serious first, and then in the order of the files."""
    single = [finding for inspection in inspections for finding in _of_one(inspection, limits)]
    faulty = {finding.path for finding in single if finding.reason != WRONG_SUFFIX}
    pictures = sorted((i for i in inspections if i.picture), key=lambda i: _badness(i, i.file.path in faulty))
    blank = {finding.path for finding in single if finding.reason == BLANK}
    firsts, copies = _exact_duplicates(pictures)
    # For the perceptual hash any two blank images look alike, whatever their colours.
    near = _near_duplicates([i for i in firsts if i.file.path not in blank], limits.max_distance)
    rank = {reason: number for number, reason in enumerate(REASONS)}
    place = {inspection.file.path: number for number, inspection in enumerate(inspections)}
    return sorted([*single, *copies, *near], key=lambda finding: (rank[finding.reason], place[finding.path]))


def _of_one(inspection: Inspection, limits: Limits) -> Iterator[Finding]:
    path = inspection.file.path
    if inspection.error is not None:
        reason = TRUNCATED if isinstance(inspection.error, TruncatedImageError) else UNREADABLE
        yield Finding(path, reason, detail=str(inspection.error))
    if inspection.picture is not None:
        for fault in faults(inspection.picture.measures, limits):
            yield Finding(path, fault.reason, round(fault.value, 4), fault.threshold)
    if inspection.other_kind is not None:
        yield Finding(path, WRONG_SUFFIX, detail=f"it holds {inspection.other_kind}")


def _badness(inspection: Inspection, is_faulty: bool) -> tuple[bool, int, int, int, int, str, str]:
    """Return a key that puts the best copy of a picture first.

    A copy without a fault comes first. Then these decide, in this order: most pixels, most bytes, most sidecars,
    shortest name. So `x.jpg` comes before `x (2).jpg`.
    """
    file = inspection.file
    pixels = inspection.picture.header.pixels if inspection.picture else 0
    return is_faulty, -pixels, -file.size, -len(file.sidecars), len(file.name), file.name, file.path


def _exact_duplicates(pictures: Iterable[Inspection]) -> tuple[list[Inspection], list[Finding]]:
    """Split files into the first file of each content and the findings on its copies.

    `pictures`: the files, the best first.
    """
    firsts: dict[str | None, Inspection] = {}
    findings = []
    for inspection in pictures:
        first = firsts.setdefault(inspection.content, inspection)
        if first is not inspection:
            findings.append(Finding(inspection.file.path, DUPLICATE, detail=_SAME_BYTES + first.file.path))
    return list(firsts.values()), findings


def _near_duplicates(pictures: Sequence[Inspection], max_distance: int) -> list[Finding]:
    """Return a finding for each picture that looks like a better one.

    `pictures`: the files, the best first.
    """
    import numpy as np

    seen = [inspection.picture for inspection in pictures if inspection.picture]
    looks = [picture.look for picture in seen]
    tiny_images = np.array([picture.tiny_image for picture in seen], np.uint8).reshape(-1, TINY_BYTES)
    hashes = np.array(looks, dtype=np.uint64)
    labels = group_near_duplicates(hashes, max_distance, partial(same_pictures, tiny_images))
    best: dict[int, int] = {}
    findings = []
    for row, label in enumerate(labels.tolist()):
        kept = best.setdefault(label, row)
        if kept != row:
            distance = (looks[row] ^ looks[kept]).bit_count()
            detail = _LOOKS_LIKE + pictures[kept].file.path
            findings.append(Finding(pictures[row].file.path, NEAR_DUPLICATE, distance, max_distance, detail))
    return findings
