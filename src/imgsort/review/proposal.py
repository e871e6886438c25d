"""Makes the proposal that a person reviews: by a command that only plans, or from a plan that was saved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from imgsort.content import file_content_hash
from imgsort.errors import CollectionError, UsageError
from imgsort.filing.paths import join, name_of, parent_of
from imgsort.filing.planning.plan import Placement
from imgsort.filing.planning.plan_file import EditedPlan
from imgsort.filing.planning.site import Site
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.learn.audit import AuditResult
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.look.pages.audited import findings_of_audit
from imgsort.jobs.look.pages.facts import facts_of
from imgsort.jobs.look.pages.filed import distances_of
from imgsort.jobs.look.pages.how import Studying, made_by
from imgsort.jobs.look.pages.kinds import kind_of, way_of
from imgsort.jobs.organize.check import REJECTED_FOLDER
from imgsort.jobs.organize.outliers import OUTLIER_FOLDER
from imgsort.jobs.organize.steps.findings import Finding
from imgsort.jobs.results import Outlier
from imgsort.jobs.session.collection import open_collection
from imgsort.jobs.session.placing import UNSORTED_FOLDER, place
from imgsort.jobs.settings import FilingSettings
from imgsort.jobs.study import Study
from imgsort.report.page_data import Made
from imgsort.review.sorting.corrections import STAYS, SortedGroup, Sorting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Command = Literal["categorize", "outliers", "check", "classify", "find", "audit", "watch"]

# The folders that every review can put images into.
_ALWAYS = (UNSORTED_FOLDER, OUTLIER_FOLDER)
_NOTHING_MADE = Made("")


@dataclass(frozen=True)
class Proposal:
    """What a command proposes for the images of a collection.

    `site`: with the folder that was given as output. `files`: the images, and after them the files that belong in a
    folder although no picture of them could be read. `placements`: for each image its place, or None if it stays.
    `sorting`: the groups, whose names are paths relative to the output. `targets`: the new paths, relative to the
    output, that a saved plan has for images, by number. `study`: what the command saw, or None for a saved plan.
    `made`: how the command came to it. `outliers`, `findings`: what the command found, if it looks for such.
    """

    command: str
    site: Site
    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    placements: tuple[Placement | None, ...]
    sorting: Sorting
    targets: Mapping[int, str] = field(default_factory=dict)
    study: Study | None = None
    notices: tuple[str, ...] = ()
    made: Made = _NOTHING_MADE
    outliers: tuple[Outlier, ...] | None = None
    findings: tuple[Finding, ...] | None = None

    @property
    def matrix(self) -> "NDArray[np.float32] | None":
        """The features of each image, float32 (n, d), or None."""
        return None if self.study is None else self.study.matrix

    @property
    def regroup(self) -> "Callable[[int], NDArray[np.intp]] | None":
        """Groups the images into another number of categories, or None. `Study` describes it."""
        return None if self.study is None else self.study.regroup


def propose(
    command: Command,
    folder: Path,
    options: Mapping[str, Any],
    hearing: Studying,
    command_line: str = "",
) -> Proposal:
    """Run a command that only plans, and return what it proposes.

    `options`: those of the job. `hearing`: learns what the command saw. `command_line`: for the page. Raises the errors
    of the job.
    """
    result = _job_of(command)(folder, dry_run=True, listener=hearing, **options)
    study = hearing.study
    if study is None or not (study.files or study.unread):
        raise CollectionError(f"{folder}: there is no readable image to review.")
    made = made_by(hearing, command_line, facts_of(result, study, options))
    return replace(
        proposal_of(study, tuple(hearing.notices)),
        made=made,
        outliers=getattr(result, "outliers", None),
        findings=_findings_of(result),
    )


def proposal_of(study: Study, notices: tuple[str, ...] = ()) -> Proposal:
    """Return what a study proposes. `study` has at least one file, read or not."""
    site, above = study.site, ""
    if study.command == "check":  # its folders lie in `Rejected`, but a person may want others
        site, above = replace(study.site, prefix=parent_of(study.site.prefix)), REJECTED_FOLDER
    placed = {p.source: replace(p, folder=join(above, p.folder)) for p in study.placements}
    order = {p.source: number for number, p in enumerate(study.placements)}
    files = (*study.files, *study.unread)
    contents = (*study.contents, *(placed[file.path].content for file in study.unread))
    placements = tuple(placed.get(file.path) for file in files)
    firsts = sorted((p for p in placements if p is not None), key=lambda p: order[p.source])
    sorting = _sorting(placements, [p.folder for p in firsts], way_of(study))
    count = sum(group.kind == "category" for group in sorting.groups)
    distances = tuple(distances_of(replace(study, files=files)))
    sorting = replace(sorting, clusters=count if study.regroup is not None else None, distances=distances)
    return Proposal(study.command, site, files, contents, placements, sorting, {}, study, notices)


def read_proposal(edited: EditedPlan, settings: FilingSettings, listener: Listener | None) -> Proposal:
    """Return what a saved plan proposes. `settings`: say only what goes along with an image. Raises ImgsortError."""
    hearing = Remembering(listener)
    settings = replace(
        settings,
        output=edited.given_output,
        mode=edited.mode,
        dry_run=True,
    )
    folders = {parent_of(row.file) for row in edited.rows}
    with open_collection(edited.collection, "review", settings, DEFAULTS, hearing, inside=folders) as collection:
        site, there = collection.site, {file.path: file for file in collection.listing.files}
    for error in edited.errors:
        hearing.notice(f"line {error.line} of the plan is left out: {error.reason}.")
    rows = {row.file: row for row in edited.rows if row.file in there}
    gone = [row.file for row in edited.rows if row.file not in there]
    if gone:
        hearing.notice(f"{len(gone)} files of the plan are not there and are left out, the first is {gone[0]!r}.")
    read = {path: row.content or file_content_hash(site.collection / path) for path, row in rows.items()}
    for path in [path for path, content in read.items() if content is None]:
        # Without a hash, any file that lies there later would be moved.
        hearing.notice(f"line {rows.pop(path).line} of the plan is left out: the file {path!r} cannot be read.")
    if not rows:
        raise CollectionError(f"{edited.collection}: none of the plan's images is in this folder.")
    files = tuple(there[path] for path in rows)
    contents = tuple(read[path] or "" for path in rows)
    placements = tuple(
        place(file, content, parent_of(row.target) or ".", row.distance) if row.target else None
        for file, content, row in zip(files, contents, rows.values(), strict=True)
    )
    sorting = _sorting(placements, [p.folder for p in placements if p is not None], "plan")
    sorting = replace(sorting, distances=tuple(None if p is None else p.distance for p in placements))
    targets = {number: row.target for number, row in enumerate(rows.values()) if row.target}
    return Proposal("plan", site, files, contents, placements, sorting, targets, None, tuple(hearing.notices))


def original_target(proposal: Proposal, number: int, group: SortedGroup) -> str | None:
    """Return the path that a saved plan has for an image that is still in its group, which may be renamed; or None."""
    target = proposal.targets.get(number)
    if target is None or proposal.sorting.images[number] != group.id:
        return None
    return join("" if group.name == "." else group.name, name_of(target))


# The function of each command, which is imported when it is called for. Those of `_MOVE_ON_REQUEST`
# file nothing otherwise.
_JOBS: dict[Command, str] = {
    "categorize": "imgsort.jobs.organize.categorize:categorize",
    "outliers": "imgsort.jobs.organize.outliers:find_outliers",
    "check": "imgsort.jobs.organize.check:check",
    "classify": "imgsort.jobs.learn.classify:classify",
    "find": "imgsort.jobs.look.find:find",
    "audit": "imgsort.jobs.learn.audit:audit",
    "watch": "imgsort.jobs.watch.one_batch:file_one_batch",
}
_MOVE_ON_REQUEST = frozenset({"check", "find", "audit"})


def _job_of(command: Command) -> Callable[..., Any]:
    if command not in _JOBS:
        raise UsageError(f"command {command!r}: it must be one of {', '.join(get_args(Command))}.")
    module, _, function = _JOBS[command].partition(":")
    job: Callable[..., Any] = getattr(import_module(module), function)
    return partial(job, move=True) if command in _MOVE_ON_REQUEST else job


def _findings_of(result: Any) -> tuple[Finding, ...] | None:
    """Return what the command says of single images, if it says anything."""
    if isinstance(result, AuditResult):
        return findings_of_audit(result)
    found: tuple[Finding, ...] | None = getattr(result, "findings", None)
    return found


def _sorting(placements: Sequence[Placement | None], folders: Sequence[str], command: str) -> Sorting:
    """Return the sorting that the placements describe. `folders`: their folders, in the order of the groups."""
    kinds = {folder: kind_of(folder, command) for folder in folders}
    free = [folder for folder, kind in kinds.items() if kind in ("category", "class")]
    fixed = [folder for folder in kinds if folder not in free]
    fixed += [folder for folder in _ALWAYS if folder not in kinds]
    groups = [SortedGroup(number, folder, kind_of(folder, command)) for number, folder in enumerate(free + fixed)]
    groups.append(SortedGroup(len(groups), STAYS, "stays"))
    of_folder = {group.name: group.id for group in groups[:-1]}
    images = tuple(groups[-1].id if p is None else of_folder[p.folder] for p in placements)
    return Sorting(tuple(groups), images, next_id=len(groups))
