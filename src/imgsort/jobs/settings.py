"""The options that every command on a collection shares, checked once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from imgsort.errors import UsageError
from imgsort.features.extract import Pooling
from imgsort.features.runtime import Device
from imgsort.filing.plan import Mode

MIN_SIZE_PX, MAX_SIZE_PX = 32, 2048
MAX_SEED = 2**32 - 1


class ModelOptions(TypedDict, total=False):
    """How features are made. Defaults are those of `ModelSettings`."""

    model: str | None
    weights: str | Path | None
    pooling: Pooling
    size: int | None
    batch_size: int | None
    device: Device


class FilingOptions(ModelOptions, total=False):
    """How features are made and files are filed. Defaults are those of `FilingSettings`."""

    output: str | Path | None
    mode: str
    recursive: bool
    strict: bool
    dry_run: bool


@dataclass(frozen=True)
class ModelSettings:
    """Which model makes the features, and how.

    `model`: a name of the table, or None for the command's default; `weights`: a file brought by hand;
    `pooling`: `avg`, `max` or `none`; `size`: side of the model's square input in pixels; `batch_size`:
    images at a time; `device`: `auto`, `cpu` or `gpu`.
    """

    model: str | None = None
    weights: Path | None = None
    pooling: Pooling = "avg"
    size: int | None = None
    batch_size: int | None = None
    device: Device = "auto"

    def __post_init__(self) -> None:
        if self.size is not None and not MIN_SIZE_PX <= self.size <= MAX_SIZE_PX:
            raise UsageError(f"size {self.size}: it is from {MIN_SIZE_PX} to {MAX_SIZE_PX} pixels.")
        if self.batch_size is not None and self.batch_size < 1:
            raise UsageError(f"batch size {self.batch_size}: at least 1 is needed.")
        if self.pooling not in ("avg", "max", "none"):
            raise UsageError(f"pooling {self.pooling!r}: it is avg, max or none.")
        if self.device not in ("auto", "cpu", "gpu"):
            raise UsageError(f"device {self.device!r}: it is auto, cpu or gpu.")
        object.__setattr__(self, "weights", _path(self.weights))


@dataclass(frozen=True)
class FilingSettings(ModelSettings):
    """Where files go, and which count.

    `output`: the folder in which category folders appear, by default the collection; `mode`: `move`,
    `copy`, `hardlink` or `symlink`; `recursive`: take every subfolder; `strict`: an unreadable image is an
    error; `dry_run`: plan only, touch nothing.
    """

    output: Path | None = None
    mode: Mode = Mode.MOVE
    recursive: bool = False
    strict: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "output", _path(self.output))
        try:
            object.__setattr__(self, "mode", Mode(self.mode))
        except ValueError:
            raise UsageError(f"mode {self.mode!r}: it is {', '.join(Mode)}.") from None


def require_seed(seed: int) -> None:
    """Raise UsageError for a seed that NumPy does not take."""
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"seed {seed}: it is from 0 to {MAX_SEED}.")


def _path(value: Any) -> Path | None:
    return None if value is None else Path(value)
