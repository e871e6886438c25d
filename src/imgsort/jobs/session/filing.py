"""Carries out what a command decided: plans the moves, files the images, and returns the result."""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imgsort.features.cache.feature_cache import remember_files
from imgsort.features.cache.feature_store import KnownFile
from imgsort.filing.journal.run import Run
from imgsort.filing.journal.runs import begin
from imgsort.filing.moving.apply import apply_run
from imgsort.filing.moving.outcome import Outcome
from imgsort.filing.objects.plan import ObjectPlan
from imgsort.filing.planning.make_plan import make_plan
from imgsort.filing.planning.plan import Placement, Plan
from imgsort.filing.planning.plan_file import write_plan
from imgsort.filing.planning.site import Mode, Site
from imgsort.grouping.categories.group import Candidates
from imgsort.jobs.results import FilingResult, Outlier
from imgsort.jobs.session.collection import OpenCollection
from imgsort.jobs.session.companions import tell_of_companions_left
from imgsort.jobs.session.looking import Looked
from imgsort.jobs.session.objects import plan_objects


@dataclass(frozen=True)
class Found:
    """What a command found in addition to the places of the images. `FilingResult` describes the fields."""

    candidates: Candidates | None = None
    outliers: tuple[Outlier, ...] | None = None


NOTHING_ELSE = Found()
WhenBegun = Callable[[Run], None]


def carry_out(
    collection: OpenCollection,
    looked: Looked,
    placements: Sequence[Placement],
    *,
    shared: Set[str] = frozenset(),
    site: Site | None = None,
    found: Found = NOTHING_ELSE,
    when_begun: WhenBegun | None = None,
) -> FilingResult:
    """Plan the placements, and file them.

    If the settings ask for a plan file, save the plan instead. In a dry run, only describe the plan.
    `shared`: names of folders that are not categories.
    `site`: replaces the site of the collection.
    `when_begun`: is called with the run when its plan is on disk, before the first move.
    Raises StoppedError if the run stopped part way. The `result` of the error says what was done.
    """
    if collection.objects is not None:
        copies = plan_objects(collection.objects, placements, collection.settings, shared=shared)
        return _result_in_store(collection, looked, copies, found)
    plan = make_plan(
        site or collection.site,
        placements,
        own_folders=collection.own_targets,
        shared=shared,
        rules=collection.settings.sidecar_rules,
    )
    if collection.settings.plan is not None and plan.moves:
        write_plan(collection.settings.plan, plan, placements, collection.site.output)
    return carry_out_plan(collection, looked, plan, found=found, when_begun=when_begun)


def carry_out_plan(
    collection: OpenCollection,
    looked: Looked,
    plan: Plan,
    *,
    found: Found = NOTHING_ELSE,
    when_begun: WhenBegun | None = None,
) -> FilingResult:
    """File the images as the plan says, unless the command must change nothing.

    Raises StoppedError if the run stopped part way. The `result` of the error says what was done.
    """
    describe = partial(_result, collection, looked, plan, found)
    if collection.settings.touches_nothing or not plan.moves:
        tell_of_companions_left(collection, plan, (), is_done=False)
        return describe(status="planned" if collection.settings.touches_nothing else "nothing to do")
    run = begin(plan, collection.command, None if looked.model is None else vars(looked.model))
    if when_begun is not None:
        when_begun(run)
    outcome = apply_run(run, collection.own_sources, partial(collection.hearing.progress, "filing"))
    collection.tell_shortcomings()
    if outcome.stopped is None:
        tell_of_companions_left(collection, run.plan, [refusal.path for refusal in outcome.refused], is_done=True)
    result = _result(collection, looked, run.plan, found, status=str(run.status), run=run.id, outcome=outcome)
    if looked.is_kept and outcome.stopped is None:
        remember_files(_files_in_their_places(result, plan.site.destination), collection.opened_ns)
    remedy = f"`imgsort undo {plan.site.roots[-1]}` takes back what was done."
    outcome.require_finished(f"{plan.site.output}:", remedy, result)
    return result


def _result(
    collection: OpenCollection,
    looked: Looked,
    plan: Plan,
    found: Found,
    *,
    status: str,
    run: str | None = None,
    outcome: Outcome | None = None,
) -> FilingResult:
    """Describe what happened to a plan."""
    settings, site = collection.settings, plan.site
    return FilingResult(
        command=collection.command,
        run=run,
        status=status,
        dry_run=settings.dry_run,
        collection=site.collection,
        output=site.output,
        destination=site.destination,
        mode=str(site.mode),
        model=looked.model,
        images=looked.images,
        folders=plan.folders,
        moves=plan.moves,
        refused=plan.kept + (outcome.refused if outcome else ()),
        unreadable=looked.unreadable,
        notices=tuple(collection.hearing.notices),
        plan=settings.plan if plan.moves else None,
        candidates=found.candidates,
        outliers=found.outliers,
    )


def _result_in_store(collection: OpenCollection, looked: Looked, plan: ObjectPlan, found: Found) -> FilingResult:
    """Describe the plan for an object store, which is all that a command makes there."""
    settings, site = collection.settings, plan.site
    return FilingResult(
        command=collection.command,
        run=None,
        status="planned",
        dry_run=settings.dry_run,
        collection=site.collection,
        output=site.destination,
        destination=site.destination,
        mode=str(Mode.COPY),
        model=looked.model,
        images=looked.images,
        folders=plan.folders,
        moves=plan.copies,
        refused=plan.kept,
        unreadable=looked.unreadable,
        notices=tuple(collection.hearing.notices),
        plan=settings.plan if plan.copies else None,
        candidates=found.candidates,
        outliers=found.outliers,
    )


def _files_in_their_places(result: FilingResult, destination: Path) -> Iterator[KnownFile]:
    """Yield the images that a run has filed, with their new paths."""
    left = {refusal.path for refusal in result.refused}
    for move in result.moves:
        if move.follows is None and move.link is None and move.source not in left:
            yield KnownFile(str(destination / move.target), move.size, move.mtime_ns, move.content)
