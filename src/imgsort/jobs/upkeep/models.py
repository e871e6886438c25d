"""`imgsort models`: lists the models, and fetches their weights ahead of time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.features.models.backbones import BACKBONES, backbone_named
from imgsort.jobs.listener import Listener


@dataclass(frozen=True)
class ModelRow:
    """A model of the table.

    `size_px`: the side of its square input, in pixels.
    `width`: how many features it gives for an image.
    `weights`: where its weights are, or where they would be.
    `present`: whether the weights are there.
    """

    name: str
    size_px: int
    width: int
    weights: Path
    present: bool

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints for the row."""
        return {**vars(self), "weights": str(self.weights)}


def model_names() -> tuple[str, ...]:
    """Return the names of the models, in the order of the table."""
    return tuple(BACKBONES)


def list_models() -> tuple[ModelRow, ...]:
    """Return a row for each model. This looks only at the disk."""
    return tuple(
        ModelRow(row.name, row.size_px, row.width, row.weights.file, row.weights.is_present())
        for row in BACKBONES.values()
    )


def pull_model(name: str, listener: Listener | None = None) -> Path:
    """Fetch the weights of the model `name` if they are not there, check their hash, and return the file.

    Raises UsageError, DownloadError and WeightsError.
    """
    weights = backbone_named(name).weights
    bar = None if weights.is_present() or listener is None else listener.download_bar(name)
    return weights.obtain(bar)
