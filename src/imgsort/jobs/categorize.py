"""`imgsort categorize`: groups images that look alike into category folders."""

from pathlib import Path
from typing import Unpack

from imgsort.errors import TooFewImagesError, UsageError
from imgsort.features.extract import Features
from imgsort.filing.plan import Placement
from imgsort.grouping.categories import Grouping, group_by_kmeans
from imgsort.images.find import Unreadable
from imgsort.jobs.listener import Listener
from imgsort.jobs.placing import place
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session import filing_session
from imgsort.jobs.settings import SortOptions, require_seed, sort_settings

DEFAULT_MODEL = "vgg16"


def categorize(
    folder: str | Path,
    *,
    clusters: int = 8,
    variance: float = 0.95,
    seed: int = 0,
    listener: Listener | None = None,
    **options: Unpack[SortOptions],
) -> FilingResult:
    """Group the images of `folder` into `clusters` category folders by what they look like.

    `variance`: the share of the features' variance that PCA keeps; `seed`: of K-Means. The other
    options are those of `imgsort.jobs.settings.SortOptions`. Raises ImgsortError: CollectionError,
    TooFewImagesError, UsageError, StrictError, WeightsError, DeviceError, LockedError, JournalError, StoppedError.
    """
    if clusters < 1 or not 0 < variance <= 1:
        raise UsageError(f"clusters {clusters} and variance {variance}: they are at least 1, and above 0 up to 1.")
    require_seed(seed)
    filing, model, read = sort_settings(options)
    with filing_session(folder, "categorize", filing, read, listener or Listener()) as session:
        _require_images(len(session.listing.files), clusters, session.site.collection, "images")
        features = session.extract(model, DEFAULT_MODEL)
        _require_images(len(features.files), clusters, session.site.collection, "readable images", features.unreadable)
        grouping = group_by_kmeans(
            features.matrix, clusters, variance=variance, random_state=seed, order=features.content_order
        )
        if grouping.count < clusters:
            session.notice(f"the images differ too little for {clusters} categories; there are {grouping.count}.")
        return session.carry_out(_placements(features, grouping), categories=True)


def _placements(features: Features, grouping: Grouping) -> list[Placement]:
    digits = len(str(grouping.count))
    rows = zip(features.files, features.contents, grouping.labels, grouping.distances, strict=True)
    placements = [
        place(file, content, f"category_{label + 1:0{digits}d}", distance) for file, content, label, distance in rows
    ]
    return sorted(placements, key=lambda placement: placement.folder)


def _require_images(
    count: int, clusters: int, collection: Path, what: str, unreadable: tuple[Unreadable, ...] = ()
) -> None:
    if count < clusters:
        remedy = f" Give --clusters {count} or fewer." if count else ""
        named = (
            f" {len(unreadable)} cannot be read: {unreadable[0].path} ({unreadable[0].reason})." if unreadable else ""
        )
        raise TooFewImagesError(f"{collection}: {count} {what} cannot make {clusters} categories.{remedy}{named}")
