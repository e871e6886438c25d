"""`imgsort categorize`: groups images that look alike into category folders, or files new ones into existing ones."""

from dataclasses import replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, get_args

from imgsort.errors import TooFewImagesError, UsageError
from imgsort.features.extract import Features
from imgsort.features.models.backbones import BEST
from imgsort.filing.planning.plan import Placement
from imgsort.grouping.categories.cluster_count import MAX_CLUSTERS, MIN_CLUSTERS
from imgsort.grouping.categories.group import MOST_ROWS, Algorithm, Grouping, group_rows
from imgsort.grouping.categories.regroup import Regroup
from imgsort.grouping.centres import centres_of
from imgsort.images.finding.find import Unreadable
from imgsort.jobs.listener import Listener
from imgsort.jobs.organize.steps import saved_centres
from imgsort.jobs.organize.steps.naming import words_for
from imgsort.jobs.organize.update import file_new_images
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session.collection import OpenCollection, open_collection
from imgsort.jobs.session.filing import Found, WhenBegun, carry_out
from imgsort.jobs.session.looking import Extracted, extract
from imgsort.jobs.session.placing import UNSORTED_FOLDER, place
from imgsort.jobs.settings import SortOptions, require_seed, sort_settings
from imgsort.jobs.study import Study
from imgsort.storage.addresses import Address, place_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_MODEL = "vgg16"

Quality = Literal["plain", "high"]
_DEFAULT_MODELS: dict[Quality, str] = {"plain": DEFAULT_MODEL, "high": BEST}


class _Way(TypedDict):
    """How images are grouped, whatever the number of categories."""

    algorithm: Algorithm
    variance: float
    directions: bool
    neighbors: int | None
    random_state: int
    order: "NDArray[np.intp]"


_SHARED = frozenset({UNSORTED_FOLDER})
_DEFAULT_ALGORITHMS: "dict[Quality, Algorithm]" = {"plain": "kmeans", "high": "graph"}


def categorize(
    folder: str | Path | Address,
    *,
    clusters: int | Literal["auto"] = 8,
    min_clusters: int = MIN_CLUSTERS,
    max_clusters: int = MAX_CLUSTERS,
    algorithm: Algorithm | None = None,
    neighbors: int | None = None,
    quality: Quality = "plain",
    variance: float = 0.95,
    seed: int = 0,
    names: bool = False,
    update: bool = False,
    listener: Listener | None = None,
    **options: Unpack[SortOptions],
) -> FilingResult:
    """Group the images of `folder` into category folders by what they look like.

    `clusters`: the number of categories, or `auto`. `auto` takes the number from `min_clusters` to `max_clusters` that
    fits best.
    `algorithm`: `kmeans`, `graph`, `agglomerative` or `hdbscan`; by default the quality's. `graph` finds categories of
    very different sizes. `hdbscan` finds the number itself, and images without a category go to `Unsorted`.
    `neighbors`: with `graph`, the number of neighbours of an image; by default a number that suits the collection.
    `quality`: `plain` works as the original program. `high` groups better: by default with `graph` and the best model.
    `variance`: the share of the features' variance that PCA keeps.
    `seed`: the seed of K-Means, and of the sample of many images.
    `names`: name each category after what it shows.
    `update`: leave filed images alone, and file the others into the existing categories. The features are made in the
    same way as for these categories.
    The other options are those of `imgsort.jobs.settings.SortOptions`. Raises ImgsortError: CollectionError,
    TooFewImagesError, UsageError, StrictError, WeightsError, DeviceError, LockedError, JournalError, StoppedError.
    """
    _require_numbers(clusters, min_clusters, max_clusters, variance)
    _require_words(algorithm, quality)
    algorithm = algorithm or _DEFAULT_ALGORITHMS[quality]
    if neighbors is not None and (neighbors < 1 or algorithm != "graph"):
        raise UsageError(f"neighbors {neighbors}: it must be at least 1, and it goes with --algorithm graph only.")
    require_seed(seed)
    filing, model, read = sort_settings(options)
    if update and isinstance(place_of(folder), Address):
        raise UsageError(
            f"{place_of(folder)}: --update needs a folder of this machine: imgsort keeps no categories in a store. "
            "Leave it out."
        )
    with open_collection(folder, "categorize", filing, read, listener) as collection:
        if update:
            return file_new_images(collection, model, DEFAULT_MODEL)
        _require_not_too_many(len(collection.listing.files), algorithm)
        least = _least_images(clusters, algorithm, min_clusters)
        is_free = clusters == "auto" or algorithm == "hdbscan"
        root = collection.where
        _require_images(len(collection.listing.files), least, root, "images", is_free=is_free)
        extracted = extract(collection, replace(model, is_best=quality == "high"), _DEFAULT_MODELS[quality])
        features = extracted.features
        _require_images(
            len(features.files), least, root, "readable images", is_free=is_free, unreadable=features.unreadable
        )
        way: _Way = {
            "algorithm": algorithm,
            "variance": variance,
            "directions": quality == "high",
            "neighbors": neighbors,
            "random_state": seed,
            "order": features.content_order,
        }
        grouping = group_rows(features.matrix, clusters, range_of_clusters=(min_clusters, max_clusters), **way)
        _tell(collection.hearing, grouping, clusters, algorithm)
        folders = _folders(grouping, words_for(collection, extracted, grouping.labels, model) if names else [])
        placements = _placements(features, grouping, folders)
        regroup = None if algorithm == "hdbscan" else Regroup(features.matrix, **way)
        collection.hearing.studied(_study(collection, extracted, placements, regroup))
        is_chosen = clusters == "auto" and algorithm != "hdbscan"
        return carry_out(
            collection,
            extracted.looked,
            placements,
            shared=_SHARED,
            found=Found(candidates=grouping.candidates if is_chosen else None),
            when_begun=_keeper(collection, extracted, grouping),
        )


def _require_numbers(clusters: int | Literal["auto"], smallest: int, largest: int, variance: float) -> None:
    """Raise UsageError for numbers that make no sense."""
    if (clusters != "auto" and clusters < 1) or not 0 < variance <= 1:
        raise UsageError(
            f"clusters {clusters} and variance {variance}: clusters must be at least 1, and variance more than 0 "
            "and at most 1."
        )
    if not MIN_CLUSTERS <= smallest <= largest:
        raise UsageError(
            f"--min-clusters {smallest} and --max-clusters {largest}: the first must be at least "
            f"{MIN_CLUSTERS} and not more than the second."
        )


def _require_words(algorithm: Algorithm | None, quality: Quality) -> None:
    """Raise UsageError for an unknown algorithm or quality."""
    if algorithm not in (None, *get_args(Algorithm)) or quality not in get_args(Quality):
        raise UsageError(
            f"algorithm {algorithm!r} and quality {quality!r}: the first must be one of "
            f"{', '.join(get_args(Algorithm))}, the second one of {', '.join(get_args(Quality))}."
        )


def _require_not_too_many(count: int, algorithm: Algorithm) -> None:
    """Raise UsageError if there are more images than the algorithm can take.

    This check comes before the images are looked at, because looking takes hours.
    """
    if count > MOST_ROWS.get(algorithm, count):
        raise UsageError(
            f"--algorithm {algorithm} compares every pair of images, and {count} are too many for it: "
            f"{MOST_ROWS[algorithm]} is the limit. Use --algorithm kmeans."
        )


def _least_images(clusters: int | Literal["auto"], algorithm: Algorithm, min_clusters: int) -> int:
    if algorithm == "hdbscan":
        return 2
    return min_clusters + 1 if clusters == "auto" else clusters


def _tell(hearing: Listener, grouping: Grouping, clusters: int | Literal["auto"], algorithm: Algorithm) -> None:
    """Give a notice about the categories if they may surprise a person."""
    if grouping.sample is not None:
        joined = "one most like it in the sample" if algorithm == "graph" else "nearest centre"
        hearing.notice(
            f"{len(grouping.labels)} images are many: {grouping.sample} of them, drawn by --seed, were grouped, and "
            f"each other image joined the category of the {joined}."
        )
    if algorithm == "hdbscan":
        hearing.notice(f"hdbscan found {grouping.count} categories.")
    elif clusters == "auto":
        hearing.notice(f"the number of categories that fits best: {grouping.count}.")
    elif grouping.count < clusters:
        hearing.notice(f"the images differ too little for {clusters} categories; there are {grouping.count}.")


def _folders(grouping: Grouping, words: list[str | None]) -> list[str]:
    """Return the name of each category's folder. If a category has a word, the name ends with it."""
    digits = len(str(grouping.count))
    folders = [f"category_{number:0{digits}d}" for number in range(1, grouping.count + 1)]
    return [f"{folder}_{word}" if word else folder for folder, word in zip_longest(folders, words)]


def _keeper(collection: OpenCollection, extracted: Extracted, grouping: Grouping) -> WhenBegun | None:
    """Return a function that saves the centres of the categories for later runs, or None if there are none."""
    if not grouping.count or extracted.looked.model is None:
        return None
    centres = centres_of(extracted.features.matrix, grouping.labels)
    return partial(saved_centres.keep, centres=centres, model=vars(extracted.looked.model), hearing=collection.hearing)


def _study(
    collection: OpenCollection, extracted: Extracted, placements: list[Placement], regroup: Regroup | None
) -> Study:
    model = extracted.looked.model
    study = Study.of("categorize", collection.site, extracted.features, placements, model=model, shared=_SHARED)
    return replace(study, regroup=regroup)


def _placements(features: Features, grouping: Grouping, folders: list[str]) -> list[Placement]:
    rows = zip(features.files, features.contents, grouping.labels, grouping.distances, grouping.clarity, strict=True)
    placements = [
        place(file, content, folders[label] if label >= 0 else UNSORTED_FOLDER, distance, clarity)
        for file, content, label, distance, clarity in rows
    ]
    return sorted(placements, key=lambda placement: placement.folder)


def _require_images(
    count: int,
    least: int,
    collection: Path | Address,
    what: str,
    *,
    is_free: bool,
    unreadable: tuple[Unreadable, ...] = (),
) -> None:
    """Raise TooFewImagesError for fewer than `least` images.

    `is_free`: nobody asked for a number of categories.
    """
    if count < least:
        remedy = f" Give --clusters {count} or fewer." if count and not is_free else ""
        named = (
            f" {len(unreadable)} cannot be read: {unreadable[0].path} ({unreadable[0].reason})." if unreadable else ""
        )
        aim = (
            f"are too few for categories: at least {least} are needed" if is_free else f"cannot make {least} categories"
        )
        raise TooFewImagesError(f"{collection}: {count} {what} {aim}.{remedy}{named}")
