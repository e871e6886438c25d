"""`imgsort outliers`: finds the images that do not belong, and moves them to the folder `Outlayers`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack, get_args

from imgsort.errors import UsageError
from imgsort.features.extract import Features
from imgsort.features.models.backbones import BEST
from imgsort.features.models.imagenet_classes import beside_classes, classifier_file
from imgsort.filing.paths import parent_of
from imgsort.grouping.centres import distances_to
from imgsort.grouping.directions import unit_rows
from imgsort.grouping.outliers.neighbours import MOST_COMPARED, NeighbourOutliers
from imgsort.grouping.outliers.two_means import TwoMeansOutliers
from imgsort.grouping.streams.lloyd import sums_by_label
from imgsort.grouping.streams.rows import MatrixRows, gathered, numbered_parts
from imgsort.grouping.streams.sample import MOST_AT_ONCE
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import FilingResult, Outlier
from imgsort.jobs.session.collection import open_collection
from imgsort.jobs.session.filing import Found, carry_out
from imgsort.jobs.session.looking import Extracted, extract
from imgsort.jobs.session.placing import place, rounded
from imgsort.jobs.settings import SortOptions, require_seed, sort_settings
from imgsort.jobs.study import Study
from imgsort.storage.addresses import Address

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_MODEL = "resnet50"
OUTLIER_FOLDER = "Outlayers"

Method = Literal["two-clusters", "knn"]
_DEFAULT_MODELS: dict[Method, str] = {"two-clusters": DEFAULT_MODEL, "knn": BEST}
Threshold = float | Literal["auto"] | None

_TWO_GROUPS_FRACTION = 0.2
_FEWEST = 3


def find_outliers(
    folder: str | Path | Address,
    *,
    max_outliers: int = 8,
    method: Method = "two-clusters",
    neighbors: int = 10,
    threshold: Threshold = None,
    seed: int = 0,
    listener: Listener | None = None,
    **options: Unpack[SortOptions],
) -> FilingResult:
    """Find the images of `folder` that do not belong, and move them to `Outlayers`.

    `max_outliers`: the largest number of images to move.
    `method`: `two-clusters` or `knn`. With `two-clusters`, the outliers are the images of the smaller of two clusters,
    those farthest from its centroid first. With `knn`, the outliers are the images whose `neighbors` nearest images are
    farthest away.
    `threshold`: for `knn` only, instead of `max_outliers`. A number from 0 to 2 takes the images with a larger mean
    distance. `auto` takes the images that stand out from the others; there may be no such images.
    `seed`: the seed of K-Means, and of the sample of many images.
    The other options are those of `imgsort.jobs.settings.SortOptions`. Raises ImgsortError: CollectionError,
    UsageError, StrictError, WeightsError, DeviceError, LockedError, JournalError, StoppedError.
    """
    _require_numbers(max_outliers, neighbors, method, threshold)
    require_seed(seed)
    filing, model, read = sort_settings(options)
    with open_collection(folder, "outliers", filing, read, listener) as collection:
        extracted = extract(collection, replace(model, is_best=method == "knn"), _DEFAULT_MODELS[method])
        features, hearing = extracted.features, collection.hearing
        if len(features.files) < _FEWEST:
            hearing.notice(f"{len(features.files)} readable images: these are too few to find outliers.")
        _tell_of_many(hearing, len(features.files), method)
        if method == "knn":
            detector = _neighbour_detector(neighbors, max_outliers, threshold, seed)
            outliers, oddness = _by_neighbours(extracted, detector, hearing)
        else:
            outliers, oddness = _by_two_clusters(features, TwoMeansOutliers(max_outliers, random_state=seed), hearing)
        row_of = {file.path: row for row, file in enumerate(features.files)}
        placements = [
            place(features.files[row], features.contents[row], OUTLIER_FOLDER, outlier.distance, outlier.score)
            for outlier in outliers
            for row in [row_of[outlier.path]]
        ]
        shared = frozenset({OUTLIER_FOLDER})
        study = Study.of("outliers", collection.site, features, placements, model=extracted.looked.model, shared=shared)
        hearing.studied(replace(study, oddness=oddness, cut=threshold if isinstance(threshold, float) else None))
        return carry_out(collection, extracted.looked, placements, shared=shared, found=Found(outliers=outliers))


def _require_numbers(max_outliers: int, neighbors: int, method: Method, threshold: Threshold) -> None:
    if max_outliers < 1 or neighbors < 1:
        raise UsageError(f"--max {max_outliers} and --neighbors {neighbors}: both must be at least 1.")
    if method not in get_args(Method):
        raise UsageError(f"method {method!r}: it must be {' or '.join(get_args(Method))}.")
    if threshold is not None and method != "knn":
        raise UsageError(
            "--threshold needs --method knn: the distances of two clusters cannot be compared with a number."
        )
    if isinstance(threshold, float | int) and not 0 <= threshold <= 2:
        raise UsageError(f"--threshold {threshold}: it must be a cosine distance from 0 to 2, or auto.")


def _tell_of_many(hearing: Listener, count: int, method: Method) -> None:
    """Say how so many images are compared, if that takes long or if a sample stands for them."""
    if method == "two-clusters" and count > MOST_AT_ONCE:
        way = f"{MOST_AT_ONCE} of them, drawn by --seed, make two clusters, and each image joins the nearest centre"
    elif method == "knn" and count > MOST_COMPARED:
        way = "a sample, drawn by --seed, says which may be outliers, and only these are compared with all"
    elif method == "knn" and count > MOST_AT_ONCE:
        way = "every two of them are compared, which takes minutes or hours"
    else:
        return
    hearing.notice(f"{count} images are many: {way}.")


def _neighbour_detector(neighbors: int, max_outliers: int, threshold: Threshold, seed: int) -> NeighbourOutliers:
    if threshold is None:
        return NeighbourOutliers(neighbors, max_outliers=max_outliers, random_state=seed)
    return NeighbourOutliers(neighbors, threshold=None if threshold == "auto" else threshold, random_state=seed)


def _by_neighbours(
    extracted: Extracted, detector: NeighbourOutliers, hearing: Listener
) -> "tuple[tuple[Outlier, ...], NDArray[np.float64]]":
    """Return the outliers, the oddest first, each with its score, nearest image and farthest folder.

    The second value is how odd each image is.
    """
    features, model = extracted.features, extracted.looked.model
    matrix = features.matrix
    if model is not None and model.has_classifier and len(matrix):
        matrix = beside_classes(matrix, classifier_file(model.name))
    detector.fit(matrix, features.content_order)
    paths = [file.path for file in features.files]
    rows = _oddest_first(detector.predictions_, detector.distances_)
    if detector.left_:
        hearing.notice(
            f"{detector.left_} more images may be outliers. They are too many to be compared with all {len(paths)}, "
            "and stay where they are. A larger --threshold leaves fewer of them."
        )
    if not rows and len(paths) >= _FEWEST:
        hearing.notice(f"no image stands out: the highest score is {max(detector.scores_):.1f}.")
    farthest = _farthest_folders(matrix, paths, rows)
    outliers = tuple(
        Outlier(
            paths[row],
            rank,
            rounded(detector.distances_[row]),
            rounded(detector.scores_[row]),
            paths[detector.nearest_[row]],
            folder,
        )
        for rank, (row, folder) in enumerate(zip(rows, farthest, strict=True), start=1)
    )
    return outliers, detector.distances_


def _by_two_clusters(
    features: Features, detector: TwoMeansOutliers, hearing: Listener
) -> "tuple[tuple[Outlier, ...], NDArray[np.float64]]":
    """Return the outliers, the oddest first, and how odd each image is.

    The detector sees the rows in the order of their content, not of their names. This order also decides between
    images that are equally odd.
    """
    import numpy as np

    order = features.content_order
    detector.fit(features.matrix, order)
    if detector.small_fraction_ > _TWO_GROUPS_FRACTION:
        hearing.notice(
            f"the smaller cluster holds {detector.small_fraction_:.0%} of the images. This looks like a folder "
            "with two groups, not like one group with outliers. `imgsort outliers --method knn` finds outliers in any "
            "number of groups; `imgsort categorize --clusters 2` separates the two groups."
        )
    elif detector.small_fraction_ == 0 and len(features.files) >= _FEWEST:
        hearing.notice("the model sees no difference between the images: none of them is an outlier.")
    found = _oddest_first(detector.predictions_, detector.distances_)
    outliers = tuple(
        Outlier(features.files[order[place]].path, rank, rounded(detector.distances_[place]))
        for rank, place in enumerate(found, start=1)
    )
    oddness = np.empty(len(order))
    # How far an image of the larger cluster is from the centre of the smaller one says nothing about it.
    oddness[order] = np.where(detector.labels_ == 1, detector.distances_, np.nan)
    return outliers, oddness


def _oddest_first(predictions: "NDArray[np.intp]", distances: "NDArray[np.float64]") -> list[int]:
    rows = [row for row in range(len(predictions)) if predictions[row] == -1]
    return sorted(rows, key=lambda row: -distances[row])


def _farthest_folders(matrix: "NDArray[np.float32]", paths: Sequence[str], rows: Sequence[int]) -> list[str | None]:
    """Return for each of `rows` the folder whose images are least like it.

    The value is None if all images that are not outliers lie in one folder.
    """
    import numpy as np

    odd = set(rows)
    members: dict[str, list[int]] = {}
    for row, path in enumerate(paths):
        if row not in odd:
            members.setdefault(parent_of(path) or ".", []).append(row)
    if len(members) < 2 or not rows:
        return [None] * len(rows)
    names = list(members)
    owners = np.full(len(paths), len(names), dtype=np.intp)
    for number, of_folder in enumerate(members.values()):
        owners[of_folder] = number
    sums = sums_by_label(MatrixRows(matrix), owners, len(names) + 1, seen_as=unit_rows)
    centres = sums.means(sums.totals)[: len(names)]
    farthest = np.empty(len(rows), dtype=np.intp)
    for numbers, part in numbered_parts(MatrixRows(gathered(MatrixRows(matrix), np.array(rows)))):
        farthest[numbers] = distances_to(centres, unit_rows(part)).argmax(axis=1)
    return [names[column] for column in farthest]
