"""`imgsort check`: reports what is wrong with each file of a folder. With `move` it also files the faulty ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from imgsort.csv_file import require_new, write_csv
from imgsort.errors import UsageError
from imgsort.filing.paths import join
from imgsort.filing.planning.plan import Placement, Refusal
from imgsort.filing.planning.site import Mode, Site
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Unreadable
from imgsort.images.judging.inspect import Inspection, inspect
from imgsort.images.stream import stream
from imgsort.jobs.listener import Listener
from imgsort.jobs.organize.steps.findings import REASONS, Finding, Limits, find_faults
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session.collection import OpenCollection, open_collection
from imgsort.jobs.session.filing import carry_out
from imgsort.jobs.session.looking import Looked, require_readable
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import FilingOptions, FilingSettings, parted
from imgsort.jobs.study import Study

REJECTED_FOLDER = "Rejected"

_CSV_HEADER = ("file", "reason", "value", "threshold", "detail")
_AHEAD = 64


class CheckOptions(FilingOptions, total=False):
    """The options of filing, and the limits of the measures.

    `imgsort.images.judging.quality` describes these limits.
    """

    min_side_px: int
    max_aspect: float
    min_contrast: float
    min_highlights: float
    max_overexposure: float
    min_sharpness: float
    max_distance: int


@dataclass(frozen=True)
class CheckResult:
    """What `check` found and what it filed.

    `filing`: has no moves without `move`.
    `findings`: ordered by reason, the most serious one first.
    """

    filing: FilingResult
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The files of the plan that were left as they are."""
        return self.filing.refused

    def count(self, reason: str) -> int:
        """Return the number of findings with this reason."""
        return sum(finding.reason == reason for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        reasons = dict.fromkeys(finding.reason for finding in self.findings)
        return {
            **self.filing.to_json(),
            "reasons": [{"name": reason, "count": self.count(reason)} for reason in reasons],
            "findings": [vars(finding) for finding in self.findings],
        }


def check(
    folder: str | Path,
    *,
    move: bool = False,
    reasons: Collection[str] = (),
    csv: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[CheckOptions],
) -> CheckResult:
    """Look at every image of `folder` and report what is wrong with it.

    With `move` each faulty file goes to `Rejected/<reason>`. If a file has several reasons, the most serious one
    decides. Of several duplicates, all but the best one go there.
    `reasons`: report only these.
    `csv`: a new file for the findings.
    The other options are those of CheckOptions. Raises ImgsortError: CollectionError, UsageError, StrictError,
    LockedError, JournalError, StoppedError.
    """
    unknown = set(reasons).difference(REASONS)
    if unknown:
        raise UsageError(f"reason {sorted(unknown)[0]!r}: it must be one of {', '.join(REASONS)}.")
    report = None if csv is None else require_new(Path(csv))
    limits, read, settings = parted(options, Limits, ReadSettings, FilingSettings)
    if not move and (settings.output is not None or settings.mode is not Mode.MOVE or settings.plan is not None):
        raise UsageError("an output, copies, links and a plan need --move: without it nothing is moved.")
    # Without `move` the command only looks. Like a dry run, it takes no lock and settles no run.
    looking = settings if move else replace(settings, dry_run=True)
    with open_collection(folder, "check", looking, read, listener) as collection:
        inspections = _inspect_all(collection)
        looked = require_readable(collection, _looked(collection, inspections))
        findings = find_faults(inspections, limits)
        findings = [finding for finding in findings if not reasons or finding.reason in reasons]
        if report is not None:
            write_csv(report, _CSV_HEADER, (tuple(vars(finding).values()) for finding in findings))
        placements = _placements(inspections, findings) if move else []
        shared = frozenset(placement.folder for placement in placements)
        site = _rejecting(collection.site)
        collection.hearing.studied(_study(site, inspections, placements, shared, looked))
        filing = carry_out(collection, looked, placements, shared=shared, site=site)
    if not move:
        filing = replace(filing, status="checked", dry_run=settings.dry_run)
    return CheckResult(filing, tuple(findings))


def _inspect_all(collection: OpenCollection) -> list[Inspection]:
    root, files, read = collection.site.collection, collection.listing.files, collection.read
    inspections, onlooker = [], collection.hearing.onlooker
    found = stream(files, lambda file: inspect(root, file, read, onlooker), _AHEAD)
    for number, inspection in enumerate(found, start=1):
        inspections.append(inspection)
        collection.hearing.progress("checking", number, len(files))
    return inspections


def _looked(collection: OpenCollection, inspections: Sequence[Inspection]) -> Looked:
    unreadable = [Unreadable(i.file.path, str(i.error)) for i in inspections if i.error is not None]
    return Looked(len(inspections) - len(unreadable), (*collection.listing.unreadable, *unreadable))


def _study(
    site: Site,
    inspections: Sequence[Inspection],
    placements: Sequence[Placement],
    shared: frozenset[str],
    looked: Looked,
) -> Study:
    there = [(i.file, i.content) for i in inspections if i.error is None and i.content is not None]
    files, contents = tuple(file for file, _ in there), tuple(content for _, content in there)
    placed = {placement.source for placement in placements}
    unread = tuple(i.file for i in inspections if i.error is not None and i.file.path in placed)
    return Study("check", site, files, contents, tuple(placements), shared, looked.unreadable, unread=unread)


def _rejecting(site: Site) -> Site:
    """Return the site with the folder `Rejected` as its output.

    Raises UsageError if something that is not a folder has this name.
    """
    rejecting = replace(site, prefix=join(site.prefix, REJECTED_FOLDER))
    if rejecting.output.is_symlink() or (rejecting.output.exists() and not rejecting.output.is_dir()):
        raise UsageError(
            f"{rejecting.output}: imgsort needs a folder with this name, and this is not a folder. Rename it."
        )
    return rejecting


def _placements(inspections: Sequence[Inspection], findings: Sequence[Finding]) -> list[Placement]:
    """Return a placement for each faulty file, in the folder of its most serious reason.

    A file that cannot be opened has no content hash and stays where it is.
    """
    by_path = {inspection.file.path: inspection for inspection in inspections}
    weightiest: dict[str, Finding] = {}
    for finding in findings:
        weightiest.setdefault(finding.path, finding)
    return [
        place(by_path[path].file, content, finding.reason)
        for path, finding in weightiest.items()
        if (content := by_path[path].content) is not None
    ]
