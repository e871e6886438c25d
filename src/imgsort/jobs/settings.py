"""Defines the options that several commands share, and checks each value once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypedDict, TypeVar, get_args, overload

from imgsort.errors import UsageError
from imgsort.features.keras_backend import Device
from imgsort.features.models.pooled_model import Pooling
from imgsort.features.runtimes.ways import Precision
from imgsort.filing.planning.site import Mode
from imgsort.images.decoding.decode import ReadSettings, Truncated
from imgsort.images.decoding.letterbox import Fit
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.engine_settings import EngineOptions, EngineSettings
from imgsort.sidecar_names.rules import SidecarRules
from imgsort.storage.addresses import Address, local_place, place_of

MIN_SIZE_PX, MAX_SIZE_PX = 32, 2048
MAX_PIXELS_LIMIT = 1_000_000_000
MAX_SEED = 2**32 - 1

First = TypeVar("First")
Second = TypeVar("Second")
Third = TypeVar("Third")


class ReadOptions(TypedDict, total=False):
    """Options that say which files are read. The defaults are those of `ReadSettings`."""

    max_pixels: int
    truncated: Truncated


class ModelOptions(ReadOptions, EngineOptions, total=False):
    """Options that say how features are made. The defaults are those of `ModelSettings`."""

    model: str | None
    weights: str | Path | None
    pooling: Pooling
    size: int | None
    fit: Fit | None
    batch_size: int | None
    device: Device
    precision: Precision
    cache: bool
    verify: bool
    offline: bool
    features: str | Path | None


class RuleOptions(TypedDict, total=False):
    """Options that say which images count. They are those of `Rules` in `images.finding`."""

    exclude: Sequence[str]
    include: Sequence[str]
    follow_links: bool


class FilingOptions(ReadOptions, RuleOptions, total=False):
    """Options that say which files count and where they go. The defaults are those of `FilingSettings`."""

    output: str | Path | Address | None
    mode: str
    recursive: bool
    strict: bool
    sidecars: bool
    sidecar_patterns: Sequence[str]
    dry_run: bool
    plan: str | Path | None


class SortOptions(ModelOptions, FilingOptions, total=False):
    """Options that say how features are made and how files are filed."""


@dataclass(frozen=True)
class ModelSettings(EngineSettings):
    """The model that makes the features, and how it runs.

    `model`: a name of the table of models, or None for the command's default.
    `weights`: a file of weights that the user supplies.
    `pooling`: `avg`, `max` or `none`.
    `size`: the side of the model's square input, in pixels.
    `batch_size`: how many images the model takes at a time.
    `device`: `auto`, `cpu` or `gpu`.
    `precision`: `auto`, `float32`, `bfloat16` or `int8`.
    `cache`: keep features, and use the features that are already kept.
    `verify`: read every file, even a file that looks unchanged.
    `offline`: ask no host for weights that are not here.
    `fit`: how an image comes into the square, `letterbox` or `stretch`, or None for the model's usual way.
    `is_best`: take the way that was best for the model in the benchmarks, and not the original's, where none is given.
    `runtime`: the runtime that made earlier features, which new ones are compared with. None: the fastest.
    `features`: a dataset of features that `imgsort embed` made: the images are then not looked at.
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
    offline: bool = False
    fit: Fit | None = None
    is_best: bool = False
    runtime: str | None = None
    features: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size is not None and not MIN_SIZE_PX <= self.size <= MAX_SIZE_PX:
            raise UsageError(f"size {self.size}: it must be from {MIN_SIZE_PX} to {MAX_SIZE_PX} pixels.")
        if self.batch_size is not None and self.batch_size < 1:
            raise UsageError(f"batch size {self.batch_size}: it must be at least 1.")
        if self.pooling not in ("avg", "max", "none"):
            raise UsageError(f"pooling {self.pooling!r}: it must be avg, max or none.")
        if self.fit not in (None, *get_args(Fit)):
            raise UsageError(f"fit {self.fit!r}: it must be {' or '.join(get_args(Fit))}.")
        if self.device not in ("auto", "cpu", "gpu"):
            raise UsageError(f"device {self.device!r}: it must be auto, cpu or gpu.")
        if self.precision not in get_args(Precision):
            raise UsageError(f"precision {self.precision!r}: it must be {', '.join(get_args(Precision))}.")
        object.__setattr__(self, "weights", _path(self.weights))
        if self.features is not None:
            object.__setattr__(self, "features", local_place(self.features, "--features"))
            if self.engine != "local":
                raise UsageError("--features holds what an engine would make: leave out --engine.")


@dataclass(frozen=True)
class FilingSettings:
    """Where files go, and which files count.

    `output`: the folder in which the category folders appear. The default is the collection.
    `mode`: `move`, `copy`, `hardlink` or `symlink`.
    `recursive`: take the images of every subfolder.
    `strict`: an unreadable image is an error.
    `sidecars`: the sidecars of an image go where the image goes.
    `sidecar_patterns`: the names of further sidecars, for example `{stem}_mask.png`, with `{stem}` or `{name}` for the
    image's name.
    `dry_run`: only make the plan, and change nothing.
    `plan`: write the plan to this new CSV file, and change nothing else.
    `exclude`, `include`: patterns that say which images count. `follow_links`: take links to images; filing moves the
    link. Together they are the `rules`.
    """

    output: Path | Address | None = None
    mode: Mode = Mode.MOVE
    recursive: bool = False
    strict: bool = False
    sidecars: bool = True
    sidecar_patterns: Sequence[str] = ()
    dry_run: bool = False
    plan: Path | None = None
    exclude: Sequence[str] = ()
    include: Sequence[str] = ()
    follow_links: bool = False

    def __post_init__(self) -> None:
        Rules(self.exclude, self.include)  # a wrong pattern is an error before anything is listed
        object.__setattr__(self, "output", None if self.output is None else place_of(self.output))
        object.__setattr__(self, "plan", _path(self.plan))
        patterns = self.sidecar_patterns
        object.__setattr__(self, "sidecar_patterns", (patterns,) if isinstance(patterns, str) else tuple(patterns))
        SidecarRules.of(self.sidecar_patterns)
        if self.sidecar_patterns and not self.sidecars:
            raise UsageError(
                "--sidecar and --no-sidecars do not go together: the one takes files along, the other leaves them. "
                "Leave out one."
            )
        if self.plan is not None and self.dry_run:
            raise UsageError(
                "--plan and --dry-run do not go together: neither of them touches an image. Leave out one."
            )
        try:
            object.__setattr__(self, "mode", Mode(self.mode))
        except ValueError:
            raise UsageError(f"mode {self.mode!r}: it must be {', '.join(Mode)}.") from None

    @property
    def rules(self) -> Rules:
        """What is left out of the collection."""
        return Rules(self.exclude, self.include, self.follow_links)

    @property
    def sidecar_rules(self) -> SidecarRules:
        """The rules by which a file belongs to an image."""
        return SidecarRules.of(self.sidecar_patterns)

    @property
    def touches_nothing(self) -> bool:
        """Whether the collection stays as it is."""
        return self.dry_run or self.plan is not None


def sort_settings(options: SortOptions) -> tuple[FilingSettings, ModelSettings, ReadSettings]:
    """Split the options of a command that sorts into three groups. Raises what `parted` raises."""
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
    """Split `options` into settings, one object for each of the `kinds`.

    Each kind is a dataclass, and takes the options that it has a field for. Raises UsageError for a value that is not
    allowed. Raises TypeError, as Python does, for an option that no kind knows.
    """
    left = dict(options)
    settings = tuple(_take(left, kind) for kind in kinds)
    if left:
        raise TypeError(f"unexpected keyword arguments: {', '.join(sorted(left))}")
    return settings


def _take(options: dict[str, Any], kind: type[Any]) -> Any:
    """Remove from `options` those that `kind` knows, and return a `kind` made of them. Raises UsageError."""
    names = [field.name for field in fields(kind) if field.name in options]
    settings = kind(**{name: options.pop(name) for name in names})
    if isinstance(settings, ReadSettings):
        _require_limits(settings)
    return settings


def _require_limits(settings: ReadSettings) -> None:
    if not 1 <= settings.max_pixels <= MAX_PIXELS_LIMIT:
        raise UsageError(f"max pixels {settings.max_pixels}: it must be from 1 to {MAX_PIXELS_LIMIT}.")
    if settings.truncated not in ("skip", "use"):
        raise UsageError(f"truncated {settings.truncated!r}: it must be skip or use.")


def require_seed(seed: int) -> None:
    """Raise UsageError for a seed that NumPy does not accept."""
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"seed {seed}: it must be from 0 to {MAX_SEED}.")


def _path(value: Any) -> Path | None:
    return None if value is None else Path(value)
