"""What a person does with a corrected sorting: applies it, takes it back, or trains a classifier on it."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from imgsort.errors import NothingToUndoError, PlanError, StoppedError
from imgsort.filing.paths import MAX_NAME_BYTES, STATE_FOLDER, exists
from imgsort.filing.planning.names import free_name, suffix_of
from imgsort.filing.planning.plan import Refusal
from imgsort.filing.planning.plan_file import read_plan
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import FilingResult
from imgsort.jobs.settings import FilingSettings
from imgsort.learning.result.classifier_file import SUFFIX
from imgsort.name_key import name_key
from imgsort.review.planned import Planned
from imgsort.review.session import Applied, Session
from imgsort.temporary import folder_for_a_while


def apply_sorting(session: Session, settings: FilingSettings, listener: Listener) -> dict[str, Any]:
    """Apply the corrected sorting as `imgsort apply` applies a plan, and return the result as JSON.

    Raises PlanError if files were changed since they were looked at; it names them, and nothing was moved. Raises
    the other errors of `apply`, and CorrectionError if no file would move.
    """
    from imgsort.jobs.organize.apply import apply_edited

    planned = session.plan()
    try:
        with planned.written(session.proposal.site.output) as path:
            result = apply_edited(
                path,
                read_plan(path),
                sidecars=settings.sidecars,
                sidecar_patterns=settings.sidecar_patterns,
                listener=listener,
            )
    except PlanError as error:
        reasons = [reason for _, reason in error.errors]
        raise PlanError(
            "nothing was moved, because the plan no longer fits what is on the disk:\n"
            + "\n".join(f"  {reason}" for reason in reasons or [str(error)]),
            error.errors,
        ) from error
    except StoppedError as error:
        if isinstance(error.result, FilingResult):
            _remember(session, planned, error.result)
        raise
    _remember(session, planned, result)
    return _filed(result.run, _count_filed(result), (*planned.plan.kept, *result.refused))


def take_back(session: Session, listener: Listener) -> dict[str, Any]:
    """Undo the run that was applied, and return the result as JSON. Raises CorrectionError and the errors of `undo`."""
    from imgsort.jobs.organize.undo import undo

    site, applied = session.proposal.site, session.require_applied()
    before = [file.place_in(site.collection) for file in session.proposal.files]
    try:
        result = undo(site.roots[-1], applied.run, listener=listener)
    except NothingToUndoError:  # somebody has taken it back already, by `imgsort undo`
        session.set_applied(None, before)
        raise
    session.set_applied(None, [old if exists(old) else now for old, now in zip(before, session.places, strict=True)])
    return _filed(result.run, result.restored, result.refused)


def train_on(session: Session, place: Callable[[], Path], listener: Listener) -> dict[str, Any]:
    """Train a classifier on the categories of the sorting, and return the result as JSON.

    The images need not be moved for it. `place` returns where the classifier is written. Raises the errors of `train`.
    """
    from imgsort.jobs.learn.train import train

    with folder_for_a_while() as folder:
        _link_classes(session, folder)
        result = train(folder, output=place(), listener=listener)
    if result.status == "interrupted":  # there is no page any more that says it
        listener.notice(f"the training ended early. What was learned by then is kept: {result.classifier}")
    accuracy = None if result.evaluation is None else result.evaluation.accuracy
    return {"classifier": str(result.classifier), "accuracy": accuracy}


def place_in_state(root: Path) -> Path:
    """Return a free place for a classifier in `.imgsort` of `root`."""
    folder = root / STATE_FOLDER
    names = {name_key(name) for name in os.listdir(folder)}
    reports = {f"{name.removesuffix('_training')}{SUFFIX}" for name in names if name.endswith("_training")}
    return folder / free_name(f"review{SUFFIX}", names | reports)


def _remember(session: Session, planned: Planned, result: FilingResult) -> None:
    """Remember where the files lie after a run, which may have moved only some of them."""
    if result.run is None:
        return
    site = planned.plan.site
    targets = {site.collection / move.source: site.destination / move.target for move in result.moves}
    places = [
        targets[place] if place in targets and exists(targets[place]) and not exists(place) else place
        for place in session.places
    ]
    session.set_applied(Applied(result.run, _count_filed(result), is_whole=result.status == "done"), places)


def _count_filed(result: FilingResult) -> int:
    """Return how many files a run has filed, even if it stopped."""
    left = {refusal.path for refusal in result.refused}
    return sum(move.source not in left and exists(Path(str(result.destination)) / move.target) for move in result.moves)


def _filed(run: str | None, moves: int, refused: Sequence[Refusal]) -> dict[str, Any]:
    return {"run": run, "moves": moves, "refused": [{"path": row.path, "reason": row.reason} for row in refused]}


def _link_classes(session: Session, folder: Path) -> None:
    """Make a folder for each category, with links to its images. Raises OSError where links are not possible."""
    sorting, names = session.sorting, set(session.class_names())
    groups = {group.id: group for group in sorting.groups if group.name in names}
    folders: dict[int, Path] = {}
    for group in groups.values():  # `a/b` and `a_b` are two classes
        taken = {name_key(path.name) for path in folders.values()}
        folders[group.id] = folder / free_name(group.name.replace("/", "_"), taken)
        folders[group.id].mkdir()
    for number, (place, group_id) in enumerate(zip(session.places, sorting.images, strict=True)):
        if group_id in groups:
            link = folders[group_id] / _link_name(number, place.name)
            with suppress(FileExistsError):
                os.symlink(place, link)


def _link_name(number: int, name: str) -> str:
    """Return a name that no other image has, and that shows the image's own."""
    numbered = f"{number}_{name}"
    return numbered if len(os.fsencode(numbered)) <= MAX_NAME_BYTES else f"{number}{suffix_of(name)}"
