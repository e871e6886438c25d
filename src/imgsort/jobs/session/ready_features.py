"""Takes the features of listed images from a dataset that `imgsort embed` made: `--features`.

The dataset may come from a stranger. A row belongs to an image if both have the same content, so each image is hashed,
unless the cache of this machine knows what it holds. What the dataset says of paths and times counts for nothing here.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from imgsort.errors import DatasetError, UnreadableImageError, UsageError
from imgsort.features.cache.feature_cache import opened_cache
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from imgsort.features.engine import Images
from imgsort.features.extract import Features
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.pooled_model import Pooling
from imgsort.features.runtimes.ways import Precision
from imgsort.filing.journal.foreign import NONSENSE, checked_count, checked_text
from imgsort.images.decoding.letterbox import Fit
from imgsort.images.finding.find import Unreadable
from imgsort.images.stream import core_count, stream
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.settings import MAX_SIZE_PX, MIN_SIZE_PX, ModelSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What makes features differ, by the name of its field in the record, and the option that decides it.
_OPTIONS = {
    "name": "--model",
    "sha256": "weights whose SHA-256 is",
    "pooling": "--pooling",
    "size_px": "--size",
    "fit": "--fit",
    "precision": "--precision",
}
# The cache keeps the contents of files whatever recipe made their features. This one makes none.
_NO_RECIPE = "what files hold, without features"


@dataclass(frozen=True)
class ReadyFeatures:
    """The features of an open dataset, and the model that made them. `settings` say whether the cache is used."""

    folder: Path
    dataset: Dataset
    record: ModelRecord
    settings: ModelSettings

    @classmethod
    def opened(cls, folder: Path, settings: ModelSettings, *, wanted: ModelRecord | None = None) -> "ReadyFeatures":
        """Open a dataset.

        `wanted`: the model that must have made it; by default any that the settings do not speak against.
        Raises DatasetError, UsageError if another model made it, and MissingPackageError.
        """
        dataset = Dataset.opened(_place(folder))
        record = model_of(dataset)
        _require_width(dataset, record)
        if wanted is None:
            _require_as_asked(record, settings, folder)
        else:
            _require_made_by(record, wanted, folder)
        return cls(folder, dataset, record, settings)

    def settings_of_model(self) -> ModelSettings:
        """Return the settings with which the model makes such features, if this machine has it."""
        known: dict[str, Precision] = {name: name for name in get_args(Precision)}
        return replace(
            self.settings,
            features=None,
            model=self.record.name,
            size=self.record.size_px,
            pooling=self.record.pooling,
            fit=self.record.fit,
            precision=known.get(self.record.precision, "auto"),
            runtime=self.record.runtime,
        )

    def features_of(self, images: Images, unlisted: Sequence[Unreadable], listener: Listener) -> Features:
        """Return the features of every image. The images are not decoded.

        `unlisted`: what could not even be listed. Raises DatasetError if an image has no row.
        """
        contents, unreadable = contents_of(images, self.settings, listener)
        rows = self.dataset.rows_of(contents)
        self._require_rows(images, contents, rows)
        reasons = self.dataset.reasons
        for number, row in enumerate(rows.tolist()):
            if row in reasons:
                unreadable[number] = reasons[row]
        there = [number for number in range(len(rows)) if number not in unreadable]
        listener.notice(f"{self.folder} holds the features: {self.record.name} made them in {self.record.precision}.")
        bad = (Unreadable(images.files[number].path, unreadable[number]) for number in sorted(unreadable))
        return Features(
            tuple(images.files[number] for number in there),
            tuple(contents[number] for number in there),
            self.dataset.matrix(rows[there]),
            (*unlisted, *bad),
        )

    def _require_rows(self, images: Images, contents: Sequence[str], rows: "NDArray[np.intp]") -> None:
        found = zip(images.files, contents, rows.tolist(), strict=True)
        missing = [file.path for file, content, row in found if content and row < 0]
        if missing:
            command = _embed_command(self.record, images.place, self.folder)
            raise DatasetError(
                f"{self.folder}: {len(missing)} of {len(images.files)} images in {images.place} have no features "
                f"there, the first is {missing[0]!r}. `{command}` adds them, with --recursive those in subfolders."
            )


def _place(folder: Path) -> FolderPlace:
    if not folder.is_dir():
        what = "it is a file" if folder.exists() else "there is no such folder"
        raise DatasetError(f"{folder}: {what}. Give the folder that `imgsort embed SOURCE --output FOLDER` made.")
    return FolderPlace(folder)


def model_of(dataset: Dataset) -> ModelRecord:
    """Return the model that made a dataset. Raises DatasetError if it names none that imgsort has."""
    try:
        return _record(dataset.head.model)
    except NONSENSE as error:
        raise DatasetError(
            f"{dataset.place}: what it says of its model is not what imgsort writes ({error}). Make a new dataset."
        ) from error


def _record(value: Any) -> ModelRecord:
    texts = {name: checked_text(value[name]) for name in ("weights", "sha256", "precision", "runtime")}
    if not all(texts[name].isascii() and texts[name].isalnum() for name in ("precision", "runtime")):
        raise ValueError("a way to run a model that there is not")
    size_px, fallback = checked_count(value["size_px"]), value["fallback"]
    if value["name"] not in BACKBONES or value["pooling"] not in get_args(Pooling) or value["fit"] not in get_args(Fit):
        raise ValueError("it names no model")
    if not MIN_SIZE_PX <= size_px <= MAX_SIZE_PX:
        raise ValueError(f"a size of {size_px}")
    return ModelRecord(
        name=value["name"],
        fallback=None if fallback is None else checked_text(fallback),
        pooling=value["pooling"],
        size_px=size_px,
        fit=value["fit"],
        **texts,
    )


def _require_width(dataset: Dataset, record: ModelRecord) -> None:
    """Raise DatasetError unless the rows are as wide as what the model gives. Without pooling, they are much wider."""
    width = BACKBONES[record.name].width
    if dataset.width and (dataset.width % width if record.pooling == "none" else dataset.width != width):
        raise DatasetError(
            f"{dataset.place}: rows of {dataset.width} features are not from {record.name}, which gives {width}. Make "
            "a new dataset."
        )


def _require_as_asked(record: ModelRecord, settings: ModelSettings, folder: Path) -> None:
    """Raise UsageError if the settings ask for features that were made in another way."""
    asked = {
        "name": settings.model,
        "pooling": None if settings.pooling == "avg" else settings.pooling,
        "size_px": settings.size,
        "fit": settings.fit,
        "precision": None if settings.precision == "auto" else settings.precision,
    }
    for name, value in asked.items():
        if value is not None and value != getattr(record, name):
            raise UsageError(
                f"{folder}: these features were made with {_OPTIONS[name]} {getattr(record, name)}, and not with "
                f"{value}. Leave out the option, or make a dataset with it."
            )


def contents_of(images: Images, settings: ModelSettings, listener: Listener) -> tuple[list[str], dict[int, str]]:
    """Return the hash of each image, "" where it cannot be read; and the reasons by the number of the image."""
    contents, reasons = [""] * len(images.files), dict[int, str]()
    with opened_cache(_NO_RECIPE, is_wanted=settings.cache, notice=listener.notice, verify=settings.verify) as cache:
        if images.root is not None:
            for number, content in cache.known_contents(images.root, images.files):
                contents[number] = content
        unknown = [number for number, content in enumerate(contents) if not content]
        done = len(contents) - len(unknown)
        for number, content, reason in stream(unknown, lambda number: hashed(images, number), 4 * core_count()):
            done += 1
            listener.progress("reading", done, len(contents))
            if reason:
                reasons[number] = reason
            else:
                contents[number] = content
                cache.keep(images.root, images.files[number], content, None)
    return contents, reasons


def hashed(images: Images, number: int) -> tuple[int, str, str]:
    """Return the number of an image and the hash of its bytes; or else "" and the reason."""
    try:
        with images.bytes_of(number) as (_, content):
            return number, content, ""
    except UnreadableImageError as error:
        return number, "", str(error)


def _require_made_by(record: ModelRecord, wanted: ModelRecord, folder: Path) -> None:
    """Raise UsageError unless the features of a dataset are those that this model makes here."""
    different = [name for name in _OPTIONS if getattr(record, name) != getattr(wanted, name)]
    if different:
        raise UsageError(
            f"{folder}: these features were made with {_OPTIONS[different[0]]} {getattr(record, different[0])}, and "
            f"{getattr(wanted, different[0])} is needed. Make another dataset: `{_embed_command(wanted)}`."
        )


def _embed_command(record: ModelRecord, source: str = "SOURCE", output: Path | str = "FOLDER") -> str:
    """Return the command that makes features with this model."""
    options = {name: value for name, value in _OPTIONS.items() if name != "sha256"}
    given = " ".join(f"{option} {getattr(record, name)}" for name, option in options.items())
    return f"imgsort embed {shlex.quote(source)} --output {shlex.quote(str(output))} {given}"
