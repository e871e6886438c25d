"""Looks at the images of an open collection: finds out which can be read, and what a model says about them."""

from dataclasses import dataclass

from imgsort.errors import StrictError
from imgsort.features.extract import Features
from imgsort.images.finding.find import Unreadable
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.collection import OpenCollection
from imgsort.jobs.session.extracting import Model, Prepared, Source, extract_prepared, source_for
from imgsort.jobs.settings import ModelSettings


@dataclass(frozen=True)
class Looked:
    """The outcome of looking at images.

    `images`: how many images were read.
    `model`: the model that looked at them, if there was one.
    `is_kept`: the cache keeps what was read, so it is useful to remember where the files go.
    """

    images: int
    unreadable: tuple[Unreadable, ...]
    model: ModelRecord | None = None
    is_kept: bool = False


@dataclass(frozen=True)
class Extracted:
    """The features of a collection's images, and the outcome of looking at them."""

    features: Features
    looked: Looked


def extract(collection: OpenCollection, settings: ModelSettings, default: str) -> Extracted:
    """Extract the features of every listed image. If nobody asked for a model, use the model `default`.

    Raises StrictError if an image cannot be read and the command is strict. Also raises WeightsError, DeviceError,
    UsageError and DatasetError.
    """
    source = source_for(settings, default, collection.read, collection.hearing)
    return look_by(collection, source, settings)


def look_by(collection: OpenCollection, source: Source, settings: ModelSettings) -> Extracted:
    """Take the features of every listed image from an open source.

    Raises StrictError if an image cannot be read and the command is strict. Also raises WeightsError and DatasetError.
    """
    features = source.features_of(collection.images, collection.listing.unreadable, collection.hearing)
    return _outcome(collection, features, source.record, settings)


def look(
    collection: OpenCollection, prepared: Prepared[Model], settings: ModelSettings, record: ModelRecord
) -> Extracted:
    """Extract the features of every listed image with a model that is ready. `record` describes the model.

    Raises StrictError if an image cannot be read and the command is strict. Also raises WeightsError.
    """
    features = extract_prepared(
        prepared, collection.images, settings, collection.hearing, collection.listing.unreadable
    )
    return _outcome(collection, features, record, settings)


def _outcome(collection: OpenCollection, features: Features, model: ModelRecord, settings: ModelSettings) -> Extracted:
    looked = Looked(len(features.files), features.unreadable, model, is_kept=settings.cache)
    require_readable(collection, looked)
    return Extracted(features, looked)


def looked_at_none(collection: OpenCollection) -> Looked:
    """Return the outcome for a collection without an image to look at.

    Some files may still be unreadable. Raises StrictError if there are such files and the command is strict.
    """
    return require_readable(collection, Looked(0, collection.listing.unreadable))


def require_readable(collection: OpenCollection, looked: Looked) -> Looked:
    """Return `looked`. Raises StrictError if an image could not be read and the command is strict."""
    if collection.settings.strict and looked.unreadable:
        row, count = looked.unreadable[0], len(looked.unreadable)
        which = f"{row.path!r} cannot be read ({row.reason})"
        raise StrictError(
            f"{collection.where}: {which if count == 1 else f'{count} images cannot be read; {which}'}. "
            "Nothing was moved, as --strict asks."
        )
    return looked
