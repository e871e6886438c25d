"""Looks at the images of an open collection: which can be read, and what a model says of them."""

from collections.abc import Callable
from dataclasses import dataclass

from imgsort.errors import StrictError
from imgsort.features.extract import Features
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.runtimes.interface import Way
from imgsort.images.finding.find import Unreadable
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.collection import OpenCollection
from imgsort.jobs.session.extracting import chosen_model, extract_by
from imgsort.jobs.settings import ModelSettings


@dataclass(frozen=True)
class Looked:
    """What came of looking at images. `images`: how many were read; `model`: what looked at them, if a model did.

    `is_kept`: what was read is kept for the next time, so that the files are worth remembering where they go.
    """

    images: int
    unreadable: tuple[Unreadable, ...]
    model: ModelRecord | None = None
    is_kept: bool = False


@dataclass(frozen=True)
class Extracted:
    """The features of a collection's images, and what else came of looking at them."""

    features: Features
    looked: Looked


def extract(collection: OpenCollection, settings: ModelSettings, default: str) -> Extracted:
    """Extract the features of every listed image, with the model `default` where none was asked for.

    Raises StrictError where an image cannot be read and the command is strict; WeightsError, DeviceError, UsageError.
    """
    pooled = chosen_model(settings, default, collection.hearing)
    return extract_with_model(collection, pooled, settings, lambda way: ModelRecord.of(pooled, way))


def extract_with_model(
    collection: OpenCollection, model: FeatureModel, settings: ModelSettings, record: Callable[[Way], ModelRecord]
) -> Extracted:
    """Extract features by a model that is at hand; `record` describes it, by the way it is run. Raises likewise."""
    features, way = extract_by(
        model,
        collection.site.collection,
        collection.listing,
        settings,
        read=collection.read,
        listener=collection.hearing,
    )
    looked = Looked(len(features.files), features.unreadable, record(way), is_kept=settings.cache)
    require_readable(collection, looked)
    return Extracted(features, looked)


def looked_at_none(collection: OpenCollection) -> Looked:
    """Say that there was no image to look at, but perhaps some that could not be read. Raises StrictError."""
    return require_readable(collection, Looked(0, collection.listing.unreadable))


def require_readable(collection: OpenCollection, looked: Looked) -> Looked:
    """Return `looked`. Raises StrictError where an image could not be read and the command is strict."""
    if collection.settings.strict and looked.unreadable:
        row = looked.unreadable[0]
        raise StrictError(
            f"{collection.site.collection}: {len(looked.unreadable)} images cannot be read, the first is "
            f"{row.path!r} ({row.reason}). Nothing was moved, as --strict asks."
        )
    return looked
