"""Describes a past run as if its command had just decided: from its record, the files on disk and the cache."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from imgsort.content import file_content_hash
from imgsort.errors import DeviceError, JournalError, NothingToUndoError, UsageError, WeightsError
from imgsort.features.engine import FolderImages
from imgsort.features.extract import Features
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.runtimes.ways import Precision
from imgsort.filing.journal.run import Run, Status
from imgsort.filing.journal.runs import load_run, run_ids
from imgsort.filing.journal.twins import require_twin
from imgsort.filing.paths import has_link_on_the_way, is_safe_relative, parent_of
from imgsort.filing.planning.site import Mode
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import ImageFile, Listing, Unreadable, find_images
from imgsort.images.stream import stream
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.extracting import extract_with
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import ModelSettings
from imgsort.jobs.study import Study
from imgsort.learning.result.classifier_file import SUFFIX

_TAKEN_BACK = (Status.UNDONE, Status.UNDONE_IN_PART, Status.UNDO_STOPPED, Status.UNDO_UNFINISHED)
_GONE = "is no longer where the run put it"


def run_of(root: Path, run_id: str | None) -> Run:
    """Return the run `run_id` of the collection `root`, or its newest one.

    Raises NothingToUndoError if there is none, and JournalError.
    """
    ids = run_ids(root)
    if not ids:
        raise NothingToUndoError(f"{root}: no run is recorded here. Give the folder that was sorted.")
    if run_id not in (None, *ids):
        raise NothingToUndoError(f"{root}: there is no run {run_id!r}. `imgsort history {root}` lists the runs.")
    return load_run(root, run_id or ids[-1])


def study_of_run(root: Path, run: Run, listener: Listener) -> Study:
    """Describe the images that a run filed, and those that lie in its category folders.

    Of a run that was taken back, the images lie at their old places. Features come from the cache, or from the model
    that the run names; where that is not possible, there are none. `root`: the folder that a person named. The record
    may come from a stranger, so images of another folder are shown only if that folder has the same record. Raises
    JournalError.
    """
    is_back = run.status in _TAKEN_BACK
    site = run.plan.site
    if root != (site.collection if is_back else site.destination):
        _require_same_record(root, run)
    root = site.collection if is_back else site.destination
    moves = {(move.source if is_back else move.target): move for move in run.plan.moves if move.follows is None}
    found = _files(root, {parent_of(path) for path in (*moves, *(() if is_back else _members(run)))})
    wanted = [file for file in found if file.path in moves or parent_of(file.path) in run.plan.categories]
    gone = [Unreadable(path, _GONE) for path in moves.keys() - {file.path for file in wanted}]
    features, model = _features(root, wanted, run.model, listener)
    placements = []
    for file, content in zip(features.files, features.contents, strict=True):
        move = moves.get(file.path)
        folder = parent_of(file.path if move is None else move.target)
        placements.append(place(file, content, folder, None if move is None else move.distance))
    site = replace(site, collection=root, destination=root)
    study = Study.of(run.command, site, features, placements, model=model, shared=frozenset())
    unreadable = (*features.unreadable, *sorted(gone, key=lambda row: row.path))
    matrix = features.matrix if features.matrix.size else None
    return replace(study, unreadable=unreadable, matrix=matrix, is_by_class=_is_by_class(run))


def _is_by_class(run: Run) -> bool:
    """Say whether a classifier chose the folders. The record names its file then."""
    return run.command == "classify" or str((run.model or {}).get("weights")).endswith(SUFFIX)


def _require_same_record(root: Path, run: Run) -> None:
    if run.plan.site.mode is not Mode.MOVE:
        raise JournalError(
            f"{root}: run {run.id} made copies, which were taken back. Its record does not show where images are now."
        )
    require_twin(run)


def _members(run: Run) -> list[str]:
    return [f"{folder}/any" for folder in run.plan.categories]


def _files(root: Path, folders: Collection[str]) -> tuple[ImageFile, ...]:
    """List the images directly in these folders, none of which is reached by a link. A run's record may be foreign."""
    there = [
        folder
        for folder in folders
        if folder
        and is_safe_relative(folder)
        and not has_link_on_the_way(root, f"{folder}/any")
        and (root / folder).is_dir()
    ]
    return find_images(root, inside=there, rules=None).files


def _features(
    root: Path, files: list[ImageFile], record: dict[str, Any] | None, listener: Listener
) -> tuple[Features, ModelRecord | None]:
    listing = Listing(tuple(files), ())
    settings = _settings(record)
    if settings is not None:
        try:
            return extract_with(
                FolderImages(root, files), settings, str(settings.model), read=DEFAULTS, listener=listener
            )
        except (WeightsError, DeviceError, UsageError) as error:
            listener.notice(f"there is no map, because the model of this run is not here: {error}")
    return _without_features(root, listing), None


def _settings(record: dict[str, Any] | None) -> ModelSettings | None:
    """Return the settings that made the features of a run, as far as its record, which may be foreign, makes sense.

    No file that the record names is read: only weights that imgsort has itself count.
    """
    if record is None or record.get("weights") != "imagenet" or str(record.get("name")) not in BACKBONES:
        return None
    known: dict[str, Precision] = {name: name for name in get_args(Precision)}
    try:
        return ModelSettings(
            model=record["name"],
            pooling=record.get("pooling", "avg"),
            size=record.get("size_px"),
            fit=record.get("fit"),
            precision=known.get(str(record.get("precision")), "auto"),
            offline=True,
        )
    except (UsageError, TypeError):
        return None


def _without_features(root: Path, listing: Listing) -> Features:
    import numpy as np

    contents = list(stream(listing.files, lambda file: file_content_hash(file.place_in(root)), ahead=64))
    there = [(file, content) for file, content in zip(listing.files, contents, strict=True) if content is not None]
    files, known = tuple(file for file, _ in there), tuple(content for _, content in there)
    return Features(files, known, np.empty((len(files), 0), np.float32), ())
