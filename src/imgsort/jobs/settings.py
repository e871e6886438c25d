"""The options that commands share, checked once."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypedDict, TypeVar, get_args, overload

from imgsort.errors import UsageError
from imgsort.features.keras_backend import Device
from imgsort.features.models.pooled_model import Pooling
from imgsort.features.runtimes.ways import Precision
from imgsort.filing.planning.site import Mode
from imgsort.images.decoding.decode import ReadSettings, Truncated

MIN_SIZE_PX, MAX_SIZE_PX = 32, 2048
MAX_PIXELS_LIMIT = 1_000_000_000
MAX_SEED = 2**32 - 1

First = TypeVar("First")
Second = TypeVar("Second")
Third = TypeVar("Third")


class ReadOptions(TypedDict, total=False):
    """Which files are read. Defaults are those of `ReadSettings`."""

    max_pixels: int
    truncated: Truncated


class ModelOptions(ReadOptions, total=False):
    """How features are made. Defaults are those of `ModelSettings`."""

    model: str | None
    weights: str | Path | None
    pooling: Pooling
    size: int | None
    batch_size: int | None
    device: Device
    precision: Precision
    cache: bool
    verify: bool


class FilingOptions(ReadOptions, total=False):
    """Which files count and where they go. Defaults are those of `FilingSettings`."""

    output: str | Path | None
    mode: str
    recursive: bool
    strict: bool
    sidecars: bool
    dry_run: bool
    plan: str | Path | None


class SortOptions(ModelOptions, FilingOptions, total=False):
    """How features are made and files are filed."""


@dataclass(frozen=True)
class ModelSettings:
    """Which model makes the features, and how.

    `model`: a name of the table, or None for the command's default; `weights`: a file brought by hand;
    `pooling`: `avg`, `max` or `none`; `size`: side of the model's square input in pixels; `batch_size`:
    images at a time; `device`: `auto`, `cpu` or `gpu`; `precision`: `auto`, `float32`, `bfloat16` or `int8`;
    `cache`: keep features, and use those that are kept; `verify`: read every file, even one that looks unchanged;
    `is_larger`: without a `size`, the larger one at which the model measures better.
    """

    model: str | None = None
    weights: Path | None = None
    pooling: Pooling = "avg"
    size: int | None = None
    batch_size: int | None = None
    device: Device = "auto"
    precision: Precision = "auto"
    cache: bool = True
    verify: bool = False
    is_larger: bool = False

    def __post_init__(self) -> None:
        if self.size is not None and not MIN_SIZE_PX <= self.size <= MAX_SIZE_PX:
            raise UsageError(f"size {self.size}: it is from {MIN_SIZE_PX} to {MAX_SIZE_PX} pixels.")
        if self.batch_size is not None and self.batch_size < 1:
            raise UsageError(f"batch size {self.batch_size}: at least 1 is needed.")
        if self.pooling not in ("avg", "max", "none"):
            raise UsageError(f"pooling {self.pooling!r}: it is avg, max or none.")
        if self.device not in ("auto", "cpu", "gpu"):
            raise UsageError(f"device {self.device!r}: it is auto, cpu or gpu.")
        if self.precision not in get_args(Precision):
            raise UsageError(f"precision {self.precision!r}: it is {', '.join(get_args(Precision))}.")
        object.__setattr__(self, "weights", _path(self.weights))


@dataclass(frozen=True)
class FilingSettings:
    """Where files go, and which count.

    `output`: the folder in which category folders appear, by default the collection; `mode`: `move`,
    `copy`, `hardlink` or `symlink`; `recursive`: take every subfolder; `strict`: an unreadable image is an
    error; `sidecars`: files that belong to an image go where it goes; `dry_run`: plan only, touch nothing;
    `plan`: write the plan to this new CSV file, and touch nothing else.
    """

    output: Path | None = None
    mode: Mode = Mode.MOVE
    recursive: bool = False
    strict: bool = False
    sidecars: bool = True
    dry_run: bool = False
    plan: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "output", _path(self.output))
        object.__setattr__(self, "plan", _path(self.plan))
        if self.plan is not None and self.dry_run:
            raise UsageError("--plan and --dry-run do not go together: either touches no image.")
        try:
            object.__setattr__(self, "mode", Mode(self.mode))
        except ValueError:
            raise UsageError(f"mode {self.mode!r}: it is {', '.join(Mode)}.") from None

    @property
    def touches_nothing(self) -> bool:
        """Whether the collection stays as it is."""
        return self.dry_run or self.plan is not None


def sort_settings(options: SortOptions) -> tuple[FilingSettings, ModelSettings, ReadSettings]:
    """Part the keywords of a command that sorts. Raises UsageError, and TypeError for one that nobody knows."""
    return parted(options, FilingSettings, ModelSettings, ReadSettings)


@overload
def parted(options: Mapping[str, Any], one: type[First], /) -> tuple[First]: ...
@overload
def parted(options: Mapping[str, Any], one: type[First], two: type[Second], /) -> tuple[First, Second]: ...
@overload
def parted(
    options: Mapping[str, Any], one: type[First], two: type[Second], three: type[Third], /
) -> tuple[First, Second, Third]: ...
def parted(options: Mapping[str, Any], *kinds: type[Any]) -> tuple[Any, ...]:
    """Return settings of each of the `kinds`, dataclasses, made of the `options` that it knows.

    Raises UsageError for values that will not do, and TypeError, as Python does, for keywords that no kind knows.
    """
    left = dict(options)
    settings = tuple(_take(left, kind) for kind in kinds)
    if left:
        raise TypeError(f"unexpected keyword arguments: {', '.join(sorted(left))}")
    return settings


def _take(options: dict[str, Any], kind: type[Any]) -> Any:
    """Return settings of `kind` made of the `options` that it knows, which are taken away. Raises UsageError."""
    names = [field.name for field in fields(kind) if field.name in options]
    settings = kind(**{name: options.pop(name) for name in names})
    if isinstance(settings, ReadSettings):
        _require_limits(settings)
    return settings


def _require_limits(settings: ReadSettings) -> None:
    if not 1 <= settings.max_pixels <= MAX_PIXELS_LIMIT:
        raise UsageError(f"max pixels {settings.max_pixels}: they are from 1 to {MAX_PIXELS_LIMIT}.")
    if settings.truncated not in ("skip", "use"):
        raise UsageError(f"truncated {settings.truncated!r}: it is skip or use.")


def require_seed(seed: int) -> None:
    """Raise UsageError for a seed that NumPy does not take."""
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"seed {seed}: it is from 0 to {MAX_SEED}.")


def _path(value: Any) -> Path | None:
    return None if value is None else Path(value)
