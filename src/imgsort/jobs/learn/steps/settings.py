"""Defines the options of training, and checks each value once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from imgsort.errors import UsageError
from imgsort.features.keras_backend import Device
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES, backbone_named
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.engine_settings import EngineOptions, EngineSettings
from imgsort.jobs.settings import (
    MAX_SIZE_PX,
    MIN_SIZE_PX,
    ModelSettings,
    ReadOptions,
    RuleOptions,
    require_seed,
)
from imgsort.learning.network.networks import SMALL_NETWORK, SMALL_NETWORK_PX, Augmentation
from imgsort.learning.network.training import TrainingSettings
from imgsort.storage.addresses import local_place

FROM_NOTHING = "none"
DEFAULT_SPLIT = (70.0, 15.0, 15.0)

ClassWeights = Literal["balanced", "none"]


class LearnOptions(ReadOptions, RuleOptions, EngineOptions, total=False):
    """Options that say how a classifier is trained. The defaults are those of `LearnSettings`."""

    model: str
    weights: str | Path | None
    size: int | None
    split: tuple[float, float, float]
    test_dir: str | Path | None
    fine_tune: bool
    augment: Augmentation | None
    class_weights: ClassWeights
    epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    seed: int
    tensorboard: str | Path | None
    audit: bool
    device: Device
    cache: bool
    verify: bool
    offline: bool
    features: str | Path | None


@dataclass(frozen=True)
class LearnSettings(EngineSettings):
    """What is trained, on which images, and how.

    `model`: a backbone of the table, or `cnn`.
    `weights`: a file that the user supplies, or `none` to begin with random weights.
    `size`: the side of the network's square input, in pixels.
    `split`: the shares for training, validation and test.
    `test_dir`: a folder of classes with test images, instead of the third share.
    `fine_tune`: train the backbone too, after the head.
    `augment`: `none`, `light` or `strong`.
    `class_weights`: `balanced` or `none`.
    `epochs`, `batch_size` and `learning_rate` apply only if a network is trained, and not to a head alone.
    `tensorboard`: a folder for logs.
    `audit`: leave out the images for training and validation that seem to lie in the wrong class.
    `exclude`, `include`: patterns that say which images count. `follow_links`: take links to images in each class, not
    only where a class has nothing else. Together they are the `rules`.
    `features`: a dataset that `imgsort embed` made of these images with this model, in float32.
    The others are those of ModelSettings.
    """

    model: str = ALWAYS_THERE
    weights: str | Path | None = None
    size: int | None = None
    split: tuple[float, float, float] = DEFAULT_SPLIT
    test_dir: Path | None = None
    fine_tune: bool = False
    augment: Augmentation | None = None
    class_weights: ClassWeights = "balanced"
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    seed: int = 0
    tensorboard: Path | None = None
    audit: bool = False
    device: Device = "auto"
    cache: bool = True
    verify: bool = False
    offline: bool = False
    exclude: Sequence[str] = ()
    include: Sequence[str] = ()
    follow_links: bool = False
    features: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.model != SMALL_NETWORK:
            require_learnable(self.model)
        if self.size is not None and not MIN_SIZE_PX <= self.size <= MAX_SIZE_PX:
            raise UsageError(f"size {self.size}: it must be from {MIN_SIZE_PX} to {MAX_SIZE_PX} pixels.")
        self._require_training_that_fits()
        if len(self.split) != 3 or not all(map(math.isfinite, self.split)) or not _are_shares(*self.split):
            raise UsageError(
                f"split {'/'.join(f'{share:g}' for share in self.split)}: give three shares, "
                "for example 70/15/15. The first two must be more than 0."
            )
        if self.augment not in (None, *get_args(Augmentation)) or self.class_weights not in get_args(ClassWeights):
            raise UsageError(
                f"augment {self.augment!r} and class weights {self.class_weights!r}: the first must be one of "
                f"{', '.join(get_args(Augmentation))}, the second one of {', '.join(get_args(ClassWeights))}."
            )
        for name, least in (("epochs", 1), ("batch_size", 1), ("learning_rate", 0)):
            value = getattr(self, name)
            if value is not None and not (least <= value < math.inf and value > 0):
                raise UsageError(f"{name.replace('_', ' ')} {value}: it must be more than 0.")
        require_seed(self.seed)
        Rules(self.exclude, self.include)  # a wrong pattern is an error before anything is listed
        if self.features is not None:
            object.__setattr__(self, "features", local_place(self.features, "--features"))
        for name in ("test_dir", "tensorboard"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else Path(value))

    def _require_training_that_fits(self) -> None:
        """Raise UsageError for options that go with another kind of training."""
        if self.model == SMALL_NETWORK and (self.weights not in (None, FROM_NOTHING) or self.fine_tune):
            raise UsageError("--model cnn begins with random weights: leave out --weights and --fine-tune.")
        if self.weights == FROM_NOTHING and self.fine_tune:
            raise UsageError("--weights none trains the whole network: leave out --fine-tune.")
        if self.features is not None and self.from_nothing:
            raise UsageError("--features holds what a trained backbone sees: leave it out, or train a head on one.")

    @property
    def rules(self) -> Rules:
        """What is left out of the folders of classes."""
        return Rules(self.exclude, self.include, self.follow_links)

    @property
    def from_nothing(self) -> bool:
        """Whether the whole network is trained, from random weights."""
        return self.model == SMALL_NETWORK or self.weights == FROM_NOTHING

    @property
    def trains_network(self) -> bool:
        """Whether more than a head is trained."""
        return self.from_nothing or self.fine_tune

    @property
    def size_px(self) -> int:
        """The side of the network's square input, in pixels."""
        usual = SMALL_NETWORK_PX if self.model == SMALL_NETWORK else BACKBONES[self.model].classifier_px
        return self.size or usual

    @property
    def model_settings(self) -> ModelSettings:
        """The settings that make the features for fitting a head.

        The precision is float32, so that the classifier's file gives the same answers wherever it is used.
        """
        return ModelSettings(
            model=self.model,
            weights=None if self.weights is None else Path(self.weights),
            size=self.size_px,
            device=self.device,
            precision="float32",
            cache=self.cache,
            verify=self.verify,
            offline=self.offline,
            features=self.features,
            engine=self.engine,
            ray_address=self.ray_address,
        )

    @property
    def auditing(self) -> ModelSettings:
        """The settings that make the features for the audit, as `imgsort audit` makes them."""
        return ModelSettings(
            device=self.device,
            cache=self.cache,
            verify=self.verify,
            offline=self.offline,
            is_best=True,
            engine=self.engine,
            ray_address=self.ray_address,
        )

    @property
    def training(self) -> TrainingSettings:
        """The settings that train a network. Training is gentle if the network has learned before."""
        epochs, batch_size, rate, patience = (40, 16, 5e-4, 8) if self.from_nothing else (12, 16, 1e-4, 6)
        return TrainingSettings(
            epochs=self.epochs or epochs,
            batch_size=self.batch_size or batch_size,
            learning_rate=self.learning_rate or rate,
            augment=self.augment or "light",
            balanced=self.class_weights == "balanced",
            patience=patience,
            seed=self.seed,
            tensorboard=self.tensorboard,
        )


def _are_shares(first: float, second: float, third: float) -> bool:
    return first > 0 and second > 0 and third >= 0


def learnable_names() -> tuple[str, ...]:
    """Return the names of the networks that can be trained: the default first, the small network last."""
    return (ALWAYS_THERE, *(name for name in BACKBONES if name != ALWAYS_THERE), SMALL_NETWORK)


def require_learnable(name: str) -> None:
    """Raise UsageError for a name that is neither a backbone nor the small network."""
    try:
        backbone_named(name)
    except UsageError:
        raise UsageError(f"there is no model {name!r}; there are {SMALL_NETWORK}, {', '.join(BACKBONES)}.") from None
