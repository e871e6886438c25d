"""Which model a run uses: the one asked for, or the default, or what stands in for it without a network."""

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
    """A backbone and the file of weights it will have.

    `origin`: `imagenet`, or the path of a file brought by hand; `sha256`: the file's hash; `fallback`:
    the default that this model stands in for, or None.
    """

    backbone: Backbone
    weights_file: Path
    origin: str
    sha256: str
    fallback: str | None = None

    @property
    def load(self) -> Callable[[object, Path], None]:
        """How the file is loaded into the model."""
        return self.backbone.load if self.origin == "imagenet" else load_hdf5


def choose_model(
    name: str | None,
    default: str,
    weights: Path | None,
    *,
    notice: Callable[[str], None],
    make_bar: BarMaker,
) -> ChosenModel:
    """Return the model `name`, or else `default`, with its weights at hand.

    Without `name`, and where the weights of `default` are not there and their host cannot be reached,
    the model that is always there stands in, and `notice` says why. Raises UsageError, WeightsError,
    and DownloadError where a model that was asked for cannot be had.
    """
    backbone = backbone_named(name or default)
    if weights is not None:
        return ChosenModel(backbone, weights, str(weights), file_sha256(weights))
    try:
        return _with_own_weights(backbone, make_bar)
    except DownloadError as error:
        if name is not None:
            raise DownloadError(
                f"--model {name}: {error}. Bring the file by hand with --weights, or take --model {ALWAYS_THERE}."
            ) from error
        notice(
            f"{backbone.name} is not here and {error}: {ALWAYS_THERE} is used instead. To pin a model, give "
            f"--model {ALWAYS_THERE}, or fetch it ahead of time with `imgsort models pull {backbone.name}`."
        )
        return _with_own_weights(backbone_named(ALWAYS_THERE), make_bar, fallback=backbone.name)


def _with_own_weights(backbone: Backbone, make_bar: BarMaker, fallback: str | None = None) -> ChosenModel:
    bar = None if backbone.weights.is_present() else make_bar(backbone.name)
    file = backbone.weights.obtain(bar)
    return ChosenModel(backbone, file, "imagenet", file_sha256(file), fallback)
