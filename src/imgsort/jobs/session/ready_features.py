"""Takes the features of listed images from a dataset that `imgsort embed` made: `--features`.

The dataset may come from a stranger. A row belongs to an image if both have the same content, so each image is hashed,
unless the cache of this machine knows what it holds. What the dataset says of paths and times counts for nothing here.
"""

import shlex
from pathlib import Path
from typing import Any, get_args

from imgsort.errors import DatasetError, UnreadableImageError, UsageError
from imgsort.features.cache.feature_cache import opened_cache
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from imgsort.features.engine import FolderImages, Images
from imgsort.features.extract import Features
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.pooled_model import Pooling
from imgsort.filing.journal.foreign import NONSENSE, checked_count, checked_text
from imgsort.images.decoding.letterbox import Fit
from imgsort.images.finding.find import Listing, Unreadable
from imgsort.images.stream import core_count, stream
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.settings import MAX_SIZE_PX, MIN_SIZE_PX, ModelSettings
from imgsort.storage.addresses import Address

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


def features_from(
    folder: Path,
    root: Path | Address,
    listing: Listing,
    settings: ModelSettings,
    listener: Listener,
    *,
    images: Images | None = None,
    wanted: ModelRecord | None = None,
) -> tuple[Features, ModelRecord]:
    """Return the features of every listed image, and the model that made them. The images are not decoded.

    `images`: the listed images, if they lie in no folder `root`. `wanted`: the model that must have made them; by
    default any that the settings do not speak against.
    Raises DatasetError if an image has no row, UsageError if another model made them, and MissingPackageError.
    """
    dataset = Dataset.opened(_place(folder))
    record = model_of(dataset)
    if wanted is None:
        _require_as_asked(record, settings, folder)
    else:
        _require_made_by(record, wanted, folder)
    contents, unreadable = _contents(images or FolderImages(Path(str(root)), listing.files), settings, listener)
    rows = dataset.rows_of(contents)
    missing = [
        file.path for file, content, row in zip(listing.files, contents, rows, strict=True) if content and row < 0
    ]
    if missing:
        command = _embed_command(record, str(root), folder)
        raise DatasetError(
            f"{folder}: {len(missing)} of {len(listing.files)} images in {root} have no features there, the first is "
            f"{missing[0]!r}. `{command}` adds them, with --recursive those in subfolders."
        )
    there = [number for number, row in enumerate(rows) if row >= 0 and int(row) not in dataset.reasons]
    for number, row in enumerate(rows):
        if int(row) in dataset.reasons:
            unreadable[number] = dataset.reasons[int(row)]
    listener.notice(f"{folder} holds the features: {record.name} made them in {record.precision}.")
    return Features(
        tuple(listing.files[number] for number in there),
        tuple(contents[number] for number in there),
        dataset.matrix(rows[there]),
        (*listing.unreadable, *(Unreadable(listing.files[at].path, text) for at, text in sorted(unreadable.items()))),
    ), record


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


def _contents(images: Images, settings: ModelSettings, listener: Listener) -> tuple[list[str], dict[int, str]]:
    """Return the hash of each image, "" where it cannot be read; and the reasons by the number of the image."""
    contents, reasons = [""] * len(images.files), dict[int, str]()
    with opened_cache(_NO_RECIPE, is_wanted=settings.cache, notice=listener.notice, verify=settings.verify) as cache:
        if images.root is not None:
            for number, content in cache.known_contents(images.root, images.files):
                contents[number] = content
        unknown = [number for number, content in enumerate(contents) if not content]
        done = len(contents) - len(unknown)
        for number, content, reason in stream(unknown, lambda number: _hashed(images, number), 4 * core_count()):
            done += 1
            listener.progress("reading", done, len(contents))
            if reason:
                reasons[number] = reason
            else:
                contents[number] = content
                cache.keep(images.root, images.files[number], content, None)
    return contents, reasons


def _hashed(images: Images, number: int) -> tuple[int, str, str]:
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


def _embed_command(record: ModelRecord, source: Path | str = "SOURCE", output: Path | str = "FOLDER") -> str:
    """Return the command that makes features with this model."""
    options = {name: value for name, value in _OPTIONS.items() if name != "sha256"}
    given = " ".join(f"{option} {getattr(record, name)}" for name, option in options.items())
    return f"imgsort embed {shlex.quote(str(source))} --output {shlex.quote(str(output))} {given}"
