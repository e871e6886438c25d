"""`imgsort apply`: checks every line of a saved plan, which a person may have edited, and carries the plan out."""

from collections.abc import Sequence
from pathlib import Path

from imgsort.content import file_content_hash
from imgsort.errors import PlanError, UsageError
from imgsort.filing.objects.plan_file import is_for_objects, object_plan_of
from imgsort.filing.paths import join, parent_of
from imgsort.filing.planning.edited import EditedRow, RowError, plan_of_rows
from imgsort.filing.planning.names import suffix_of
from imgsort.filing.planning.plan_file import EditedPlan, PlanRow, plan_of, rows_of_plan
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import ImageFile
from imgsort.images.kinds import IMAGE_SUFFIXES
from imgsort.images.stream import stream
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import FilingResult
from imgsort.jobs.scale.apply import apply_to_store
from imgsort.jobs.scale.undo import require_no_journal
from imgsort.jobs.session.collection import OpenCollection, open_collection
from imgsort.jobs.session.filing import carry_out_plan
from imgsort.jobs.session.listing import left_out
from imgsort.jobs.session.looking import Looked
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import FilingSettings

_AHEAD = 64


def apply(
    plan: str | Path,
    *,
    sidecars: bool = True,
    sidecar_patterns: Sequence[str] = (),
    dry_run: bool = False,
    journal: str | Path | None = None,
    unsafe_no_conditional: bool = False,
    listener: Listener | None = None,
) -> FilingResult:
    """Carry out the plan in the CSV or Parquet file `plan`, which `--plan` wrote.

    `sidecars`, `sidecar_patterns` and `dry_run` are those of `imgsort.jobs.settings.FilingSettings`.
    `journal`, `unsafe_no_conditional`: only for a plan for an object store; see `imgsort.jobs.scale.apply`.
    If a line has neither category nor target, its file stays where it is. If a line was removed, its file stays too.
    Raises ImgsortError: PlanError, CollectionError, UsageError, LockedError, JournalError, StorageError, StoppedError.
    A PlanError names everything that is wrong, line by line; in this case nothing was moved.
    """
    path = Path(plan)
    rows = rows_of_plan(path)
    if is_for_objects(rows):
        settings = FilingSettings(sidecars=sidecars, sidecar_patterns=sidecar_patterns, dry_run=dry_run)
        return apply_to_store(
            path,
            object_plan_of(path, rows),
            settings,
            journal=None if journal is None else Path(journal),
            unsafe_no_conditional=unsafe_no_conditional,
            listener=listener,
        )
    edited = plan_of(path, rows)
    if unsafe_no_conditional:
        raise UsageError(f"{path}: --unsafe-no-conditional goes with a plan for an object store only.")
    require_no_journal(edited.collection, journal)
    (listener or Listener()).notice(f"this plan is for {edited.collection}: {edited.mode} to {edited.output}.")
    return apply_edited(
        path, edited, sidecars=sidecars, sidecar_patterns=sidecar_patterns, dry_run=dry_run, listener=listener
    )


def apply_edited(
    path: Path,
    edited: EditedPlan,
    *,
    sidecars: bool = True,
    sidecar_patterns: Sequence[str] = (),
    dry_run: bool = False,
    listener: Listener | None = None,
) -> FilingResult:
    """Carry out a plan that was read from `path`, without a word about where its files go. `apply` says more."""
    settings = FilingSettings(
        output=edited.given_output,
        mode=edited.mode,
        sidecars=sidecars,
        sidecar_patterns=sidecar_patterns,
        dry_run=dry_run,
    )
    folders = {parent_of(row.file) for row in edited.rows}
    with open_collection(edited.collection, "apply", settings, DEFAULTS, listener, inside=folders) as collection:
        site = collection.site
        rows, errors = _found(collection, edited.rows)
        planned, wrong = plan_of_rows(site, rows, no_categories=left_out(site), rules=settings.sidecar_rules)
        _require_none(path, [*edited.errors, *errors, *wrong])
        return carry_out_plan(collection, Looked(len(rows), ()), planned)


def _require_none(path: Path, errors: Sequence[RowError]) -> None:
    """Raise a PlanError that lists all `errors` by line, if there are any."""
    if errors:
        listed = sorted(errors, key=lambda error: error.line)
        shown = "\n".join(f"  line {error.line}: {error.reason}" for error in listed)
        raise PlanError(
            f"{path}: nothing was moved. These lines of the plan are wrong:\n{shown}",
            tuple((row.line, row.reason) for row in listed),
        )


def _found(collection: OpenCollection, rows: Sequence[PlanRow]) -> tuple[list[EditedRow], list[RowError]]:
    """Find and hash the file of each line that has a target."""
    files = {file.path: file for file in collection.listing.files}
    going = [row for row in rows if row.target]
    errors = [
        RowError(row.line, f"there is no image {row.file!r} in {collection.site.collection}")
        for row in going
        if row.file not in files
    ]
    there = [row for row in going if row.file in files]
    found = []
    contents = stream(there, lambda row: _content(collection, files[row.file]), _AHEAD)
    for number, (row, content) in enumerate(zip(there, contents, strict=True), start=1):
        collection.hearing.progress("checking", number, len(there))
        if content is None:
            errors.append(RowError(row.line, f"the file {row.file!r} cannot be read"))
        elif row.content not in ("", content):
            errors.append(RowError(row.line, f"the file {row.file!r} was changed since the plan was made"))
        elif not _is_image_name(row.target, row.file):
            errors.append(RowError(row.line, f"the target {row.target!r} does not have the suffix of an image"))
        else:
            placement = place(files[row.file], content, "", row.distance)
            found.append(EditedRow(row.line, placement, join(collection.site.prefix, row.target)))
    return found, errors


def _is_image_name(target: str, source: str) -> bool:
    """Say whether a target ends like the name of an image, or like its source.

    This check keeps a plan from turning pictures into programs.
    """
    suffix = suffix_of(target).lower()
    return suffix in IMAGE_SUFFIXES or suffix == suffix_of(source).lower()


def _content(collection: OpenCollection, file: ImageFile) -> str | None:
    return file_content_hash(file.place_in(collection.site.collection))
