"""Chooses the model of a run: the one asked for, the default, or a replacement if the default cannot be fetched."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import DownloadError, WeightsError
from imgsort.features.models.backbones import ALWAYS_THERE, Backbone, backbone_named
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.formats.hdf5_weights import load_hdf5
from imgsort.features.weights.weights_file import WeightsFile, file_sha256, numbers_sha256


@dataclass(frozen=True)
class ChosenModel:
    """A backbone and its weights.

    `fallback` is the default that this model replaces, or None.
    """

    backbone: Backbone
    weights: WeightsFile
    fallback: str | None = None

    @property
    def origin(self) -> str:
        """`imagenet`, or the path of a file that a person brought."""
        return str(self.weights.path) if self.weights.source == "own file" else "imagenet"

    @property
    def sha256(self) -> str:
        """The hash that says which weights these are."""
        return self.weights.sha256

    def load(self, model: Any) -> None:
        """Load the weights into the Keras `model`.

        Raises WeightsError for weights that do not fit, or whose numbers are not those that Keras publishes.
        """
        load = load_hdf5 if self.weights.source == "own file" else self.backbone.load
        with self.weights.at_hand() as file:
            load(model, file)
        expected = self.weights.numbers_sha256
        if expected is not None and numbers_sha256(model.get_weights()) != expected:
            raise WeightsError(
                f"{self.weights.path}: these are not the numbers that Keras publishes for {self.backbone.name} "
                f"(their SHA-256 is not {expected}). Remove the file; `imgsort models pull {self.backbone.name}` "
                "brings it back."
            )


def choose_model(name: str | None, default: str, weights: Path | None, fetching: Fetching) -> ChosenModel:
    """Return the model `name`, or `default` if `name` is None, with its weights.

    If `name` is None and the missing weights of `default` cannot be fetched from anywhere, the model that is always
    there replaces `default`, and a notice says why. Raises UsageError, WeightsError, and DownloadError if a model that
    was asked for by `name` cannot be fetched.
    """
    backbone = backbone_named(name or default)
    if weights is not None:
        file_sha256(weights)  # a missing file is an error now, and not after the images were listed
        return ChosenModel(backbone, WeightsFile(weights, "own file"))
    try:
        return ChosenModel(backbone, backbone.weights.obtain(backbone.name, fetching))
    except DownloadError as error:
        if name is not None:
            raise DownloadError(
                f"--model {name}: the weights are not here and {error}. Give the file with --weights, or use --model "
                f"{ALWAYS_THERE}."
            ) from error
        fetching.notice(
            f"the weights of {backbone.name} are not here and {error}: {ALWAYS_THERE} is used instead. To pin a model, "
            f"give --model {ALWAYS_THERE}, or fetch it ahead of time with `imgsort models pull {backbone.name}`."
        )
        replacement = backbone_named(ALWAYS_THERE)
        return ChosenModel(replacement, replacement.weights.obtain(ALWAYS_THERE, fetching), fallback=backbone.name)
