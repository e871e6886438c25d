"""Files the images of a folder by a rule. The plan, the journal, the lock and the moves are real; there is no model."""

import os
from collections.abc import Callable
from pathlib import Path

from imgsort.content import file_content_hash
from imgsort.filing.journal import category_folders
from imgsort.filing.journal.run import Run
from imgsort.filing.journal.runs import begin, latest_in_force, load_run, run_ids
from imgsort.filing.journal.twins import level_twin
from imgsort.filing.moving.apply import apply_run
from imgsort.filing.moving.outcome import Outcome
from imgsort.filing.moving.undo import run_to_undo, undo_run
from imgsort.filing.planning.make_plan import make_plan
from imgsort.filing.planning.plan import Plan
from imgsort.filing.planning.site import Mode, site_of
from imgsort.images.finding.find import find_images
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.session.listing import LEFT_OUT
from imgsort.jobs.session.locking import locked_and_settled
from imgsort.jobs.session.placing import place

Rule = Callable[[str], str | None]


def plan_by(
    root: Path, rule: Rule, output: Path | None = None, mode: Mode = Mode.MOVE, recursive: bool = False
) -> Plan:
    """Make a plan for the images of `root` and their sidecars.

    `rule` gets the path of an image and returns its folder, or None to leave the image where it is.
    """
    site = site_of(root.resolve(), output, mode)
    own = [folder.path for folder in category_folders.known_folders(site.collection)]
    targets = [folder.path for folder in category_folders.known_folders(site.destination)]
    rules = Rules(follow_links=True)
    files = find_images(site.collection, inside=own, left_out=LEFT_OUT, recursive=recursive, rules=rules).files
    placements = [
        place(file, content, folder, 0.5)
        for file in files
        if (folder := rule(file.path)) is not None
        if (content := file_content_hash(file.place_in(site.collection))) is not None
    ]
    return make_plan(site, placements, own_folders=set(targets))


def file_by(
    root: Path, rule: Rule, output: Path | None = None, mode: Mode = Mode.MOVE, recursive: bool = False
) -> tuple[Run, Outcome]:
    """Make a plan by `rule` and apply it."""
    site = site_of(root.resolve(), output, mode)
    with locked_and_settled(site.roots, "test"):
        if mode is Mode.MOVE:
            category_folders.refresh(site.collection)
        own = [folder.path for folder in category_folders.known_folders(site.collection)]
        run = begin(plan_by(root, rule, output, mode, recursive), "test", None)
        return run, apply_run(run, own, lambda done, total: None)


def undo_last(root: Path, run_id: str | None = None) -> Outcome:
    """Undo a run as the `undo` command does: the run `run_id`, or the last one."""
    root = root.resolve()
    run = run_to_undo(root, run_id)
    with locked_and_settled(run.plan.site.roots, "undo"):
        run = run_to_undo(root, run_id)
        level_twin(run)
        return undo_run(run, lambda done, total: None)


def settle_and_undo_unless(root: Path, earlier_run: str | None) -> None:
    """Settle the collection, and undo the last run in force unless this run is `earlier_run`."""
    root = root.resolve()
    with locked_and_settled([root], "settle"):
        run = latest_in_force(root)
        ids = run_ids(root)
    if ids and ids[-1] != earlier_run and load_run(root, ids[-1]).status == "undone in part":
        run = load_run(root, ids[-1])  # an undo that refused some files is repeated by the run's id
    if run is not None and run.id != earlier_run:
        outcome = undo_last(root, run.id)
        if outcome.refused or outcome.stopped:
            raise AssertionError(f"the undo was not whole: {outcome}")


def by_first_letter(path: str) -> str:
    """Return `category_` and the first letter of the file name. This function is a rule."""
    return f"category_{os.path.basename(path)[0]}"
