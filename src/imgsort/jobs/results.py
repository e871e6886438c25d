"""Defines what the jobs return: plain objects, and the JSON that scripts read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.pooled_model import PooledModel, Pooling
from imgsort.features.runtimes.interface import Way
from imgsort.filing.planning.plan import FolderCount, Move, Refusal
from imgsort.grouping.categories.group import Candidates
from imgsort.images.decoding.letterbox import Fit
from imgsort.images.finding.find import Unreadable
from imgsort.storage.addresses import Address

JSON_VERSION = 1


def start_of_json(command: str, status: str = "done") -> dict[str, Any]:
    """Return the first keys of the object that `--json` prints for a command."""
    return {"version": JSON_VERSION, "command": command, "status": status}


@dataclass(frozen=True)
class ModelRecord:
    """The model that made a result. With this record the result can be explained later.

    `weights`: `imagenet`, or the path of a file that the user supplied.
    `sha256`: the hash of the weights: of their numbers if that is known, or else of their file.
    `fallback`: the default model that this model replaced, or None.
    `runtime`: `litert`, `openvino` or `tensorflow`.
    `fit`: how an image came into the square, `letterbox` or `stretch`.
    """

    name: str
    weights: str
    sha256: str
    fallback: str | None
    precision: str
    runtime: str
    pooling: Pooling
    size_px: int
    fit: Fit = "letterbox"

    @property
    def has_classifier(self) -> bool:
        """Whether the model's own classifier can be applied to these features: it lies beside the model's weights."""
        return BACKBONES[self.name].has_classifier and self.weights == "imagenet" and self.pooling == "avg"

    @classmethod
    def of(cls, pooled: PooledModel, way: Way) -> "ModelRecord":
        """Describe the chosen model and the way it is run."""
        chosen = pooled.model
        return cls(
            pooled.name,
            chosen.origin,
            chosen.sha256,
            chosen.fallback,
            way.precision,
            way.runtime,
            pooled.pooling,
            pooled.size_px,
            pooled.fit,
        )


@dataclass(frozen=True)
class Outlier:
    """An image that does not belong, and the reason.

    `rank`: 1 for the oddest image.
    `distance`: how odd the image is, in the unit of the method.
    `score`: how far the distance is above the upper quartile of all distances, in interquartile ranges.
    `nearest`: the image that is most like this one.
    `farthest`: of the folders of the other images, the one that is least like this image. None if the other images lie
    in one folder.
    The method of two clusters gives a distance only. Paths are relative to the collection.
    """

    path: str
    rank: int
    distance: float
    score: float | None = None
    nearest: str | None = None
    farthest: str | None = None


@dataclass(frozen=True)
class FilingResult:
    """What a command that files images did, or in a dry run would do.

    `run`: the id to give to `undo`, or None if nothing was moved.
    `status`: `done`, `planned` (a dry run), `checked` (no file was to be moved), `nothing to do`, `interrupted` or
    `stopped`.
    `moves`: the whole plan. A `source` is relative to `collection`, a `target` to `destination`. The move of a sidecar
    `follows` the image that the sidecar belongs to.
    `refused`: the files of the plan that were left as they are.
    `output`: the folder that holds the new folders.
    `plan`: the file in which the plan was saved, or None. If there is such a file, nothing else was changed.
    `candidates`: the numbers of categories that were judged, or None if the command did not choose the number.
    `outliers`: why each outlier is one, or None if the command does not look for outliers.
    """

    command: str
    run: str | None
    status: str
    dry_run: bool
    collection: Path | Address
    output: Path | Address
    destination: Path | Address
    mode: str
    model: ModelRecord | None
    images: int
    folders: tuple[FolderCount, ...]
    moves: tuple[Move, ...]
    refused: tuple[Refusal, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    notices: tuple[str, ...] = ()
    plan: Path | None = None
    candidates: Candidates | None = None
    outliers: tuple[Outlier, ...] | None = None

    @property
    def sidecars(self) -> int:
        """How many of the moves are moves of sidecars."""
        return sum(move.follows is not None for move in self.moves)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "version": JSON_VERSION,
            "command": self.command,
            "run": self.run,
            "status": self.status,
            "dry_run": self.dry_run,
            "collection": str(self.collection),
            "output": str(self.output),
            "destination": str(self.destination),
            "mode": self.mode,
            "model": None if self.model is None else vars(self.model),
            "counts": {
                "images": self.images,
                "moves": len(self.moves),
                "sidecars": self.sidecars,
                "refused": len(self.refused),
                "unreadable": len(self.unreadable),
            },
            "folders": [vars(folder) for folder in self.folders],
            "moves": [_move_to_json(move) for move in self.moves],
            "refused": [vars(refusal) for refusal in self.refused],
            "unreadable": [vars(row) for row in self.unreadable],
            "notices": list(self.notices),
            **({} if self.plan is None else {"plan": str(self.plan)}),
            **({} if self.candidates is None else {"candidates": [vars(row) for row in self.candidates]}),
            **({} if self.outliers is None else {"outliers": [vars(row) for row in self.outliers]}),
        }


def _move_to_json(move: Move) -> dict[str, Any]:
    followed = {} if move.follows is None else {"follows": move.follows}
    return {"source": move.source, "target": move.target, "distance": move.distance, **followed}


@dataclass(frozen=True)
class UndoResult:
    """What `undo` did.

    `restored`: how many files are back.
    `refused`: files that were changed after the run. They stay as they are.
    """

    run: str
    command: str
    status: str
    collection: Path | Address
    restored: int
    refused: tuple[Refusal, ...]
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "version": JSON_VERSION,
            "command": "undo",
            "run": self.run,
            "undone_command": self.command,
            "status": self.status,
            "collection": str(self.collection),
            "counts": {"restored": self.restored, "refused": len(self.refused)},
            "refused": [vars(refusal) for refusal in self.refused],
            "notices": list(self.notices),
        }


@dataclass(frozen=True)
class RunSummary:
    """One line of `history`: a run."""

    id: str
    started: str
    command: str
    mode: str
    moves: int
    status: str
    collection: str
    destination: str
    remedy: str = ""


@dataclass(frozen=True)
class History:
    """The runs recorded in a collection, oldest first."""

    collection: Path | Address
    runs: tuple[RunSummary, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "version": JSON_VERSION,
            "command": "history",
            "collection": str(self.collection),
            "runs": [vars(run) for run in self.runs],
        }
