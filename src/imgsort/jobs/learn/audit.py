"""`imgsort audit`: finds the images that lie in the wrong class folder. With `move` it also files them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from imgsort.csv_file import require_new, write_csv
from imgsort.errors import UsageError
from imgsort.features.extract import Features
from imgsort.features.models.backbones import BEST
from imgsort.filing.paths import parent_of
from imgsort.filing.planning.plan import Placement, Refusal
from imgsort.filing.planning.site import Mode
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.learn.auditing.findings import Audited, AuditFinding, InTwoClasses, LikeNoClass, MixedClasses
from imgsort.jobs.learn.auditing.judging import Audit, Marking, audit_images
from imgsort.jobs.learn.auditing.looking import agreed, looks_of
from imgsort.jobs.learn.steps.class_folders import ClassFolders, classes_in, require_two
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session.collection import OpenCollection, open_collection
from imgsort.jobs.session.filing import carry_out
from imgsort.jobs.session.looking import Extracted, extract
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import FilingSettings, ModelSettings, SortOptions, parted, require_seed
from imgsort.jobs.study import Study
from imgsort.learning.data.dataset import labelled
from imgsort.learning.data.looks import Looks

# The better model: with the plain one, the benchmark misses what an audit must find.
DEFAULT_MODEL = BEST

_CSV_HEADER = ("file", "class", "looks like", "probability", "score", "marked")


@dataclass(frozen=True)
class AuditResult:
    """What an audit found, and what was filed. `filing` has no moves without `move`."""

    filing: FilingResult
    audited: Audited

    @property
    def findings(self) -> tuple[AuditFinding, ...]:
        """The images that look more like another class, the highest score first."""
        return self.audited.findings

    @property
    def marked(self) -> tuple[AuditFinding, ...]:
        """The findings that are marked as lying in the wrong class."""
        return tuple(finding for finding in self.findings if finding.marked)

    @property
    def mixed(self) -> tuple[MixedClasses, ...]:
        """The pairs of classes that are mixed up, the largest share first."""
        return self.audited.mixed

    @property
    def in_two_classes(self) -> tuple[InTwoClasses, ...]:
        """The images that lie in two classes, equal files first."""
        return self.audited.in_two_classes

    @property
    def like_no_class(self) -> tuple[LikeNoClass, ...]:
        """The images that are far from all others, the oddest first."""
        return self.audited.like_no_class

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The files of the plan that were left as they are."""
        return self.filing.refused

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **self.filing.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
            "mixed": [pair.to_json() for pair in self.mixed],
            "in_two_classes": [pair.to_json() for pair in self.in_two_classes],
            "like_no_class": [row.to_json() for row in self.like_no_class],
        }


def audit(
    folder: str | Path,
    *,
    move: bool = False,
    threshold: float | None = None,
    max_marked: int | None = None,
    seed: int = 0,
    csv: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[SortOptions],
) -> AuditResult:
    """Find the images that lie in the wrong class: each subfolder of `folder` is a class that a person made.

    Each image is judged by a head that learned from other images only. With `move`, the marked images go to the folder
    of the class that they look like.
    `threshold`: mark each image whose score is at least this, from 0 to 1, and not by the rule of confident learning.
    `max_marked`: mark at most so many images, those with the highest scores.
    `seed`: the seed of the division into five parts.
    `csv`: a new file for the findings.
    The other options are those of `imgsort.jobs.settings.SortOptions`; deeper folders always count. Raises
    ImgsortError: CollectionError, TooFewImagesError, UsageError, StrictError, WeightsError, DeviceError, LockedError,
    JournalError, StoppedError.
    """
    marking = Marking(threshold, max_marked, seed)
    require_seed(seed)
    table = None if csv is None else require_new(Path(csv))
    filing, model, read = parted(options, FilingSettings, ModelSettings, ReadSettings)
    moves = move or filing.plan is not None
    if not moves and (filing.output is not None or filing.mode is not Mode.MOVE):
        raise UsageError("an output, copies and links need --move: without it nothing is moved.")
    # Links count where a class has nothing else, as in `train`. Without `move` the command only looks.
    looking = replace(filing, recursive=True, follow_links=True, dry_run=filing.dry_run or not moves)
    with open_collection(folder, "audit", looking, read, listener) as opened:
        collection, folders = _classes_of(opened, follow_links=filing.follow_links)
        extracted, looks = _look(collection, model)
        features = extracted.features
        images = labelled(collection.site.collection, looks, folders.classes)
        found = audit_images(
            images, looks, features.matrix, classes=folders.classes, marking=marking, listener=collection.hearing
        )
        if table is not None:
            write_csv(table, _CSV_HEADER, map(_cells, found.audited.findings))
        placements = _placements(features, found.audited.findings)
        collection.hearing.studied(_study(collection, extracted, placements, found))
        shared = frozenset(folders.classes)
        filed = carry_out(collection, extracted.looked, placements if moves else [], shared=shared)
    if not moves:
        filed = replace(filed, status="checked", dry_run=filing.dry_run)
    return AuditResult(filed, found.audited)


def _classes_of(opened: OpenCollection, *, follow_links: bool) -> tuple[OpenCollection, ClassFolders]:
    """Return the collection with the images that lie in a class folder, and the classes.

    Raises UsageError if the output would become a class.
    """
    site, hearing = opened.site, opened.hearing
    if site.prefix:
        raise UsageError(
            f"{site.output}: --output lies in {site.collection}, whose subfolders are classes. Give a place outside it."
        )
    folders = require_two(classes_in(site.collection, opened.listing, follow_links=follow_links))
    if folders.loose:
        hearing.notice(f"{folders.loose} images are in no class folder and are left out.")
    if folders.listing.left_out.links:
        hearing.notice_of(replace(opened.listing.left_out, links=folders.listing.left_out.links))
    return replace(opened, listing=folders.listing), folders


def _look(collection: OpenCollection, model: ModelSettings) -> tuple[Extracted, Looks]:
    """Return the features and the looks of the images, in the same order: of those that could be read both times."""
    extracted = extract(collection, replace(model, is_best=True), DEFAULT_MODEL)
    features, root = extracted.features, collection.site.collection
    looks = looks_of(
        root, features.files, collection.read, collection.hearing, has_cache=model.cache, verify=model.verify
    )
    features, looks = agreed(features, looks)
    looked = replace(extracted.looked, images=len(features.files), unreadable=features.unreadable)
    return Extracted(features, looked), looks


def _cells(finding: AuditFinding) -> tuple[str | float, ...]:
    marked = "yes" if finding.marked else ""
    return finding.path, finding.is_of, finding.suggested, finding.probability, finding.score, marked


def _placements(features: Features, findings: Sequence[AuditFinding]) -> list[Placement]:
    """Return a placement for each marked image, directly in the folder of the class that it looks like.

    The placements in one folder follow each other, in the order of their scores: a review plans them in that order too.
    """
    row_of = {file.path: row for row, file in enumerate(features.files)}
    placements = [
        place(features.files[row], features.contents[row], finding.suggested, score=finding.score)
        for finding in findings
        if finding.marked
        for row in [row_of[finding.path]]
    ]
    folders = list(dict.fromkeys(placement.folder for placement in placements))
    return sorted(placements, key=lambda placement: folders.index(placement.folder))


def _study(collection: OpenCollection, extracted: Extracted, placements: Sequence[Placement], found: Audit) -> Study:
    """Describe the audit: with every image in its folder, so that a page shows the classes.

    Where files go outside the collection, only the marked ones do.
    """
    features, site = extracted.features, collection.site
    shown = list(placements) if not site.is_within else [*placements, *_staying(features, placements)]
    shared = frozenset(placement.folder for placement in shown)
    study = Study.of("audit", site, features, shown, model=extracted.looked.model, shared=shared)
    return replace(study, oddness=found.scores)


def _staying(features: Features, placements: Sequence[Placement]) -> list[Placement]:
    going = {placement.source for placement in placements}
    return [
        place(file, content, parent_of(file.path))
        for file, content in zip(features.files, features.contents, strict=True)
        if file.path not in going
    ]
