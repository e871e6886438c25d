"""`imgsort models`: lists the models, and fetches their weights ahead of time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import DownloadError
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES, Backbone, backbone_named
from imgsort.features.weights.fetching import Fetching
from imgsort.jobs.listener import Listener


@dataclass(frozen=True)
class ModelRow:
    """A model of the table.

    `size_px`: the side of its square input, in pixels.
    `width`: how many features it gives for an image.
    `weights`: where its weights are, or where they would be.
    `present`: whether the weights are there.
    `source`: who gave the weights: `keras`, `package index` or `package`. None if they are not there.
    """

    name: str
    size_px: int
    width: int
    weights: Path
    present: bool
    source: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints for the row."""
        return {**vars(self), "weights": str(self.weights)}


def model_names() -> tuple[str, ...]:
    """Return the names of the models, in the order of the table."""
    return tuple(BACKBONES)


def list_models() -> tuple[ModelRow, ...]:
    """Return a row for each model. This looks only at the disk."""
    return tuple(map(_row, BACKBONES.values()))


def _row(backbone: Backbone) -> ModelRow:
    weights = backbone.weights.found()
    return ModelRow(
        backbone.name,
        backbone.size_px,
        backbone.width,
        weights.path if weights else backbone.weights.file,
        weights is not None,
        weights.source if weights else None,
    )


def pull_model(name: str, listener: Listener | None = None) -> Path:
    """Fetch the weights of the model `name` if they are not there, check their hash, and return the file.

    Hosts that were unreachable a short while ago are asked again. Raises UsageError, DownloadError and WeightsError.
    """
    backbone, hearing = backbone_named(name), listener or Listener()
    fetching = Fetching(hearing.notice, hearing.download_bar, asks_again=True)
    try:
        return backbone.weights.obtain(name, fetching).path
    except DownloadError as error:
        raise DownloadError(
            f"{name}: the weights are not here and {error}. Bring the file by hand and name it with --weights, or use "
            f"--model {ALWAYS_THERE}."
        ) from error
