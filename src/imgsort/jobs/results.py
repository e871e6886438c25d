"""What the jobs return: plain objects, and the JSON that scripts read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.features.models.backbones import ALWAYS_THERE
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.interface import Way
from imgsort.filing.planning.plan import FolderCount, Move, Refusal
from imgsort.grouping.categories.cluster_count import Candidate
from imgsort.images.finding.find import Unreadable

JSON_VERSION = 1


@dataclass(frozen=True)
class ModelRecord:
    """The model that a result was made with, so that it can be explained later.

    `weights`: `imagenet`, or the path of a file brought by hand; `sha256`: that file's hash; `fallback`:
    the default that this model stood in for, or None; `runtime`: `litert` or `tensorflow`.
    """

    name: str
    weights: str
    sha256: str
    fallback: str | None
    precision: str
    runtime: str
    pooling: str
    size_px: int

    @property
    def has_classifier(self) -> bool:
        """Whether its features are what EfficientNet-Lite0's own classifier, whose weights are here, is used to."""
        return self.name == ALWAYS_THERE and self.weights == "imagenet" and self.pooling == "avg"

    @classmethod
    def of(cls, pooled: PooledModel, way: Way) -> "ModelRecord":
        """Describe a chosen model as it is run."""
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
        )


@dataclass(frozen=True)
class Outlier:
    """Why an image does not belong. `rank`: 1 for the oddest; `distance`: how odd, in the unit of the method.

    `score`: by how many interquartile ranges the distance is above the upper quartile of all; `nearest`: the image
    that is most like it; `farthest`: of the folders that the others lie in the one least like it, None where
    they lie in one. With the method of two clusters there is a distance alone. Paths are relative to the collection.
    """

    path: str
    rank: int
    distance: float
    score: float | None = None
    nearest: str | None = None
    farthest: str | None = None


@dataclass(frozen=True)
class FilingResult:
    """What a command that files images did, or with `dry_run` would do.

    `run`: the id to give to `undo`, None where nothing was moved. `status`: `done`, `planned` (a dry run),
    `nothing to do` or `stopped`. `moves`: the whole plan; `refused`: the files of it that were left as
    they are. `output`: the folder in which the folders are. Paths in `moves` are relative to `collection`
    and to `destination`; a move `follows` the image whose sidecar it is. `plan`: the file that the plan was
    saved to, and then nothing else was touched. `candidates`: what was judged, where the number of categories was
    chosen; `outliers`: why each is one; None where the command finds none.
    """

    command: str
    run: str | None
    status: str
    dry_run: bool
    collection: Path
    output: Path
    destination: Path
    mode: str
    model: ModelRecord | None
    images: int
    folders: tuple[FolderCount, ...]
    moves: tuple[Move, ...]
    refused: tuple[Refusal, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    notices: tuple[str, ...] = ()
    plan: Path | None = None
    candidates: tuple[Candidate, ...] | None = None
    outliers: tuple[Outlier, ...] | None = None

    @property
    def sidecars(self) -> int:
        """How many of the moves are of files that go with an image."""
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
