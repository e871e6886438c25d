"""Saves what a run learned, so that later runs can place new images: `.imgsort/runs/<id>.safetensors`.

The file holds numbers and names. The safetensors format holds arrays of numbers and texts, and nothing that runs.
Still, the file may come with a folder from a stranger. So every value in it is checked, and it never names a file that
imgsort reads.
"""

import json
import stat
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from imgsort.errors import JournalError
from imgsort.features.models.pooled_model import Pooling
from imgsort.filing.journal.foreign import NONSENSE, checked_count, checked_relative, checked_text
from imgsort.filing.journal.run import Run, Status
from imgsort.filing.journal.runs import command_of, ids_in_force, last_status, load_run
from imgsort.filing.journal.state import refuse_unless, state_folder, write_atomically
from imgsort.filing.paths import parent_of
from imgsort.filing.planning.plan import Plan
from imgsort.grouping.centres import Centres
from imgsort.images.decoding.letterbox import Fit
from imgsort.jobs.listener import Listener
from imgsort.jobs.settings import MAX_SIZE_PX, MIN_SIZE_PX
from imgsort.portable_text import local_tree, portable_tree

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BYTES = 1024**3
_MODEL_TEXTS = ("name", "weights", "sha256", "precision", "pooling")


@dataclass(frozen=True)
class SavedCentres:
    """The centres of a run's categories.

    `folders`: the path of each category's folder, as the run made it.
    `model`: the model that made the features.
    """

    centres: Centres
    folders: tuple[str, ...]
    model: dict[str, Any]


def keep(run: Run, centres: Centres, model: dict[str, Any], hearing: Listener) -> None:
    """Save the centres of a run's categories, in the order of the categories. If this fails, give a notice."""
    saved = SavedCentres(centres, run.plan.categories, model)
    try:
        save(run.plan.site.destination, run.id, saved)
    except OSError as error:
        hearing.notice(f"the centres that --update needs cannot be saved ({error}).")


def save(root: Path, run_id: str, saved: SavedCentres) -> None:
    """Save what a run learned in a file beside its plan. Raises OSError."""
    import numpy as np
    from safetensors.numpy import save as to_bytes

    # safetensors writes an array as it lies in memory, so its numbers must lie in a row there.
    arrays = {
        "centres": np.ascontiguousarray(saved.centres.centres),
        "limits": np.ascontiguousarray(saved.centres.limits),
    }
    texts = {"version": "1", "folders": _text(list(saved.folders)), "model": _text(saved.model)}
    write_atomically(_path(root, run_id), to_bytes(arrays, metadata=texts))


def _text(value: Any) -> str:
    return json.dumps(portable_tree(value))


def latest(root: Path, categories: Set[str]) -> tuple[SavedCentres | None, bool]:
    """Return the centres that the newest run saved, and whether they are still current.

    Runs that were undone do not count. The first value is None if no run saved centres. The centres are not current if
    their run stopped part way. They are also not current if a plan that a person edited has since made categories, or
    has moved images between categories.
    `categories`: the paths of the category folders that exist.
    Raises JournalError for a file that imgsort did not write.
    """
    is_current = True
    for run_id in ids_in_force(root):
        path = _path(root, run_id)
        refuse_unless(path, stat.S_ISREG)
        if path.exists():
            return _read(path), is_current and last_status(root, run_id) is Status.DONE
        if command_of(root, run_id) == "apply":
            is_current = is_current and not _changes_categories(load_run(root, run_id).plan, categories)
    return None, False


def _changes_categories(plan: Plan, categories: Set[str]) -> bool:
    return bool(plan.categories) or any(
        parent_of(move.source) in categories and parent_of(move.target) in categories for move in plan.moves
    )


def _path(root: Path, run_id: str) -> Path:
    return state_folder(root) / "runs" / f"{run_id}.safetensors"


def _read(path: Path) -> SavedCentres:
    from safetensors import SafetensorError, safe_open

    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("far more than imgsort writes")
        with safe_open(path, framework="numpy") as file:
            texts = file.metadata() or {}
            if texts["version"] != "1":
                raise ValueError(f"version {texts['version']!r}")
            listed = local_tree(json.loads(texts["folders"]))
            if not isinstance(listed, list):
                raise ValueError("its folders are not a list")
            folders = tuple(checked_relative(folder) for folder in listed)
            centres = _numbers(file.get_tensor("centres"), 2)
            limits = _numbers(file.get_tensor("limits"), 1)
            if not len(centres) == len(limits) == len(folders) > 0:
                raise ValueError("its parts differ in length")
            return SavedCentres(Centres(centres, limits), folders, _model(local_tree(json.loads(texts["model"]))))
    except (SafetensorError, OSError, *NONSENSE) as error:
        raise JournalError(
            f"{path}: this is not what imgsort wrote there ({error}). Remove the file to go on without it."
        ) from error


def _numbers(array: "NDArray[Any]", dimensions: int) -> "NDArray[np.float32]":
    import numpy as np

    if array.dtype != np.float32 or array.ndim != dimensions or not np.isfinite(array).all():
        raise ValueError("numbers of another kind")
    return array


def _model(value: Any) -> dict[str, Any]:
    texts: dict[str, Any] = {name: checked_text(value[name]) for name in _MODEL_TEXTS}
    size_px = checked_count(value["size_px"])
    if texts["pooling"] not in get_args(Pooling) or not MIN_SIZE_PX <= size_px <= MAX_SIZE_PX:
        raise ValueError("it names no model of a run")
    # Centres that were saved before there were several runtimes for a precision do not name theirs.
    runtime = {"runtime": checked_text(value["runtime"])} if value.get("runtime") is not None else {}
    fit = value.get("fit", "letterbox")  # centres that were saved before there was a choice do not say it
    if fit not in get_args(Fit):
        raise ValueError("it names no fit")
    return {**texts, **runtime, "size_px": size_px, "fit": fit}
