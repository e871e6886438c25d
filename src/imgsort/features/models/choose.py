"""Chooses the model of a run: the one asked for, the default, or a replacement if the default cannot be fetched."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgsort.errors import DownloadError
from imgsort.features.models.backbones import ALWAYS_THERE, Backbone, backbone_named
from imgsort.features.models.hdf5_weights import load_hdf5
from imgsort.features.models.weights import DownloadBar, file_sha256

BarMaker = Callable[[str], DownloadBar | None]


@dataclass(frozen=True)
class ChosenModel:
    """A backbone and the file of its weights.

    `origin` is `imagenet`, or the path of a file that a person brought. `sha256` is the file's hash. `fallback` is the
    default that this model replaces, or None.
    """

    backbone: Backbone
    weights_file: Path
    origin: str
    sha256: str
    fallback: str | None = None

    @property
    def load(self) -> Callable[[object, Path], None]:
        """The function that loads the file into the model."""
        return self.backbone.load if self.origin == "imagenet" else load_hdf5


def choose_model(
    name: str | None,
    default: str,
    weights: Path | None,
    *,
    notice: Callable[[str], None],
    make_bar: BarMaker,
) -> ChosenModel:
    """Return the model `name`, or `default` if `name` is None, with the file of its weights.

    If `name` is None and the missing weights of `default` cannot be fetched from their host, the model that is always
    there replaces `default`, and `notice` says why. Raises UsageError, WeightsError, and DownloadError if a model that
    was asked for by `name` cannot be fetched.
    """
    backbone = backbone_named(name or default)
    if weights is not None:
        return ChosenModel(backbone, weights, str(weights), file_sha256(weights))
    try:
        return _with_own_weights(backbone, make_bar)
    except DownloadError as error:
        if name is not None:
            raise DownloadError(
                f"--model {name}: {error}. Give the file with --weights, or use --model {ALWAYS_THERE}."
            ) from error
        notice(
            f"the weights of {backbone.name} are not here and {error}: {ALWAYS_THERE} is used instead. To pin a model, "
            f"give --model {ALWAYS_THERE}, or fetch it ahead of time with `imgsort models pull {backbone.name}`."
        )
        return _with_own_weights(backbone_named(ALWAYS_THERE), make_bar, fallback=backbone.name)


def _with_own_weights(backbone: Backbone, make_bar: BarMaker, fallback: str | None = None) -> ChosenModel:
    bar = None if backbone.weights.is_present() else make_bar(backbone.name)
    file = backbone.weights.obtain(bar)
    return ChosenModel(backbone, file, "imagenet", file_sha256(file), fallback)
