"""Carries out a plan for an object store: checks every line, and copies the objects to the prefix of their category."""

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from pathlib import Path

from imgsort.errors import CollectionError, PlanError, UsageError
from imgsort.filing.moving.outcome import Outcome
from imgsort.filing.objects.apply import apply_object_run
from imgsort.filing.objects.edited import Present, object_plan_of_rows
from imgsort.filing.objects.journal import begin_run
from imgsort.filing.objects.plan import ObjectPlan, ObjectSite
from imgsort.filing.objects.plan_file import EditedObjectPlan, ObjectRow
from imgsort.filing.paths import is_safe_relative, parent_of
from imgsort.filing.planning.edited import EditedRow, RowError
from imgsort.filing.planning.names import suffix_of
from imgsort.images.kinds import IMAGE_SUFFIXES
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import FilingResult
from imgsort.jobs.scale.journals import OpenJournal, journal_folder, open_journal
from imgsort.jobs.session.listing import without_sidecars
from imgsort.jobs.session.locking import tell_settled
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import FilingSettings
from imgsort.jobs.store_images import StoreListing, list_store
from imgsort.storage.keys import why_unsafe
from imgsort.storage.objects import NO_CONDITIONS, StoredObject
from imgsort.storage.store import Store

# If a plan names more folders, the whole address is listed at once instead.
_MOST_FOLDERS = 100


def apply_to_store(
    path: Path,
    edited: EditedObjectPlan,
    settings: FilingSettings,
    *,
    journal: Path | None = None,
    unsafe_no_conditional: bool = False,
    listener: Listener | None = None,
) -> FilingResult:
    """Carry out a plan for an object store that was read from the file `path`.

    `journal`: the folder of the journal; by default one in the user's state folder. `unsafe_no_conditional`: copy even
    if the store may overwrite an object that somebody else writes at that moment.
    Raises PlanError, LockedError, JournalError, StorageError and StoppedError.
    """
    hearing = Remembering(listener)
    hearing.notice(f"this plan is for {edited.collection}: copies to {edited.output}.")
    if settings.dry_run:
        host = Store.at(edited.output).bucket.host
        nothing = OpenJournal(journal_folder(edited.output, host, journal), edited.output, host, NO_CONDITIONS)
        return _result(_checked(path, edited, settings, nothing, hearing), edited, hearing, dry_run=True)
    with open_journal(edited.output, "apply", journal, needs_conditions=not unsafe_no_conditional) as opened:
        tell_settled(opened.settled, hearing)
        plan = _checked(path, edited, settings, opened, hearing)
        if not plan.copies:
            return _result(plan, edited, hearing)
        return _carried_out(plan, edited, opened, hearing)


def _carried_out(plan: ObjectPlan, edited: EditedObjectPlan, opened: OpenJournal, hearing: Remembering) -> FilingResult:
    run = begin_run(opened.root, plan, "apply")
    outcome = apply_object_run(run, opened.copier(plan.site), partial(hearing.progress, "copying"))
    hearing.notice(f"the journal of this run is in {opened.root}.")
    result = _result(plan, edited, hearing, run=run.id, status=str(run.status), outcome=outcome)
    outcome.require_finished(
        f"{edited.output}:",
        f"give the command again to go on, or `imgsort undo {edited.output}` takes back what was done.",
        result,
    )
    return result


def _result(
    plan: ObjectPlan,
    edited: EditedObjectPlan,
    hearing: Remembering,
    *,
    dry_run: bool = False,
    run: str | None = None,
    status: str = "",
    outcome: Outcome | None = None,
) -> FilingResult:
    return FilingResult(
        command="apply",
        run=run,
        status=status or ("planned" if dry_run else "nothing to do"),
        dry_run=dry_run,
        collection=edited.collection,
        output=edited.output,
        destination=edited.output,
        mode="copy",
        model=None,
        images=sum(bool(row.target) for row in edited.rows),
        folders=plan.folders,
        moves=plan.copies,
        refused=outcome.refused if outcome else (),
        notices=tuple(hearing.notices),
    )


def _checked(
    path: Path, edited: EditedObjectPlan, settings: FilingSettings, opened: OpenJournal, hearing: Remembering
) -> ObjectPlan:
    """Return the plan of the rows. Raises a PlanError that lists all wrong rows, if there are any."""
    going = [row for row in edited.rows if row.target]
    listed = _listed(Store.at(edited.collection), {parent_of(row.file) for row in going}, settings)
    rows, errors = _found(going, listed)
    destination = Store.at(edited.output)
    site = ObjectSite(edited.collection, edited.output, opened.host)
    copier = opened.copier(site)
    there_now = _listed_at(destination, {parent_of(row.target) for row in rows})
    present = Present(there_now, lambda copy: copier.found(copy) is not None)
    plan, wrong, there = object_plan_of_rows(site, rows, listed.objects, present, settings.sidecar_rules)
    listed_errors = sorted([*edited.errors, *errors, *wrong], key=lambda error: error.line)
    if listed_errors:
        shown = "\n".join(f"  line {error.line}: {error.reason}" for error in listed_errors)
        raise PlanError(
            f"{path}: nothing was copied. These lines of the plan are wrong:\n{shown}",
            tuple((row.line, row.reason) for row in listed_errors),
        )
    if there:
        hearing.notice(f"{there} of the copies are there already, with the same bytes. They are not made again.")
    return plan


def _listed(store: Store, folders: Collection[str], settings: FilingSettings) -> StoreListing:
    """List the folders that a plan names, or the whole address if they are many. No rule leaves out a named folder."""
    allowed = {folder for folder in folders if not folder or (why_unsafe(folder) is None and is_safe_relative(folder))}
    try:
        found = list_store(
            store,
            recursive=len(allowed) > _MOST_FOLDERS,
            folders=None if len(allowed) > _MOST_FOLDERS else allowed,
            rules=None,
            sidecar_rules=settings.sidecar_rules,
        )
    except UsageError as error:
        raise CollectionError(str(error)) from error
    return found if settings.sidecars else StoreListing(without_sidecars(found.listing), found.objects)


def _found(rows: Sequence[ObjectRow], listed: StoreListing) -> tuple[list[EditedRow], list[RowError]]:
    """Find the object of each row."""
    files = {file.path: file for file in listed.listing.files}
    errors, found = [], []
    for row in rows:
        file = files.get(row.file)
        if file is None:
            errors.append(RowError(row.line, f"there is no image {row.file!r} there"))
        elif row.mark not in ("", listed.objects[row.file].mark):
            errors.append(RowError(row.line, f"the object {row.file!r} was changed since the plan was made"))
        elif not _is_image_name(row.target, row.file):
            errors.append(RowError(row.line, f"the target {row.target!r} does not have the suffix of an image"))
        else:
            found.append(EditedRow(row.line, place(file, row.content, "", row.distance), row.target))
    return found, errors


def _is_image_name(target: str, source: str) -> bool:
    suffix = suffix_of(target).lower()
    return suffix in IMAGE_SUFFIXES or suffix == suffix_of(source).lower()


def _listed_at(destination: Store, folders: Collection[str]) -> dict[str, StoredObject]:
    """Return the objects in the folders that the rows name, by their paths."""
    safe = {folder for folder in folders if not folder or why_unsafe(folder) is None}
    found: Iterable[StoredObject]
    if len(safe) > _MOST_FOLDERS:
        found = destination.list(recursive=True)
    else:
        found = (stored for folder in safe for stored in destination.list(folder))
    return {stored.key: stored for stored in found}
