"""`imgsort categorize --update`: files new images into the existing categories, and leaves filed images alone."""

import contextlib
import os
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import get_args

from imgsort.content import file_content_hash
from imgsort.errors import CollectionError, UsageError
from imgsort.features.engine import FolderImages
from imgsort.features.extract import Features
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.runtimes.ways import Precision
from imgsort.filing.paths import join, parent_of
from imgsort.filing.planning.site import Mode
from imgsort.grouping.centres import Centres, centres_of
from imgsort.images.finding.find import find_images
from imgsort.jobs.organize.steps import saved_centres
from imgsort.jobs.organize.steps.saved_centres import SavedCentres
from imgsort.jobs.results import FilingResult, ModelRecord
from imgsort.jobs.session.collection import OpenCollection
from imgsort.jobs.session.extracting import Preparing, Source, source_for
from imgsort.jobs.session.filing import carry_out
from imgsort.jobs.session.listing import left_out
from imgsort.jobs.session.looking import Extracted, look_by, looked_at_none
from imgsort.jobs.session.placing import UNSORTED_FOLDER, place
from imgsort.jobs.settings import ModelSettings
from imgsort.jobs.study import Study


def file_new_images(
    collection: OpenCollection, model: ModelSettings, default: str, preparing: Preparing | None = None
) -> FilingResult:
    """File the images that lie in no category yet.

    Each image goes to the category with the nearest centre. An image that is far from all centres goes to `Unsorted`.
    The centres are those that the newest run saved. If there are none, or if they are no longer current, the centres
    are those of the images in the category folders. `preparing`: makes the model ready. Raises CollectionError if there
    is no category. Raises UsageError for another model than the one that made the categories.
    """
    if not collection.categories:
        raise CollectionError(
            f"{collection.site.output}: there are no categories yet. Run the command without --update first."
        )
    collection = _with_new_images_alone(collection)
    if not collection.listing.files:
        return carry_out(collection, looked_at_none(collection), [])
    saved, is_current = saved_centres.latest(collection.site.destination, collection.own_targets)
    if saved is not None:
        model = _same_model(saved, model)
    source = source_for(model, default, collection.read, collection.hearing, preparing)
    if saved is None or not is_current:
        centres, folders = _learn_from_folders(collection, source)
    else:
        centres, folders = saved.centres, _present_paths(saved, collection)
    extracted = look_by(collection, source, model)
    if saved is not None and is_current:
        _require_same_features(saved, collection, extracted)
    return _file(collection, extracted, centres, folders)


def _with_new_images_alone(collection: OpenCollection) -> OpenCollection:
    own = set(collection.own_sources)
    new = tuple(file for file in collection.listing.files if parent_of(file.path) not in own)
    return replace(collection, listing=replace(collection.listing, files=new))


def _present_paths(saved: SavedCentres, collection: OpenCollection) -> list[str | None]:
    """Return the present path of each category's folder, or None if the folder is gone."""
    # A person may have renamed a folder. A later run may have left that folder alone and made another in its place.
    # The folder with the first name comes last here, so it replaces the renamed one.
    renamed_first = sorted(collection.categories, key=lambda folder: folder.path == folder.made_as)
    path_of = {folder.made_as: folder.path for folder in renamed_first}
    paths = [path_of.get(folder) for folder in saved.folders]
    gone = paths.count(None)
    if gone:
        collection.hearing.notice(
            f"the folders of {gone} categories are gone; images like theirs go to {UNSORTED_FOLDER}."
        )
    return paths


def _file(
    collection: OpenCollection, extracted: Extracted, centres: Centres, folders: Sequence[str | None]
) -> FilingResult:
    site, features = collection.site, extracted.features
    unsorted = join(site.prefix, UNSORTED_FOLDER)
    filed = _filed_contents(collection, features)
    placements = []
    if features.files:
        found = centres.place(features.matrix)
        rows = zip(features.files, features.contents, found.labels, found.distances, found.clarity, strict=True)
        for file, content, label, distance, clear in rows:
            folder = folders[label] if label >= 0 else None
            if content not in filed:
                placements.append(place(file, content, folder or unsorted, distance, clear))
    if site.mode is Mode.MOVE and filed:
        collection.hearing.notice(
            f"{len(filed)} images were filed before and have been moved by hand since: they stay where they are."
        )
    placements.sort(key=lambda placement: placement.folder)
    shared = frozenset(placement.folder for placement in placements)
    # The category folders stay where they are, whatever output the user names now. They exist already, whoever gave
    # them their names: the run makes no category and claims none.
    collection = replace(collection, site=replace(site, prefix=""))
    collection.hearing.studied(
        Study.of(collection.command, collection.site, features, placements, model=extracted.looked.model, shared=shared)
    )
    return carry_out(collection, extracted.looked, placements, shared=shared)


def _filed_contents(collection: OpenCollection, features: Features) -> set[str]:
    """Return the contents that must not be filed, because a run has filed them before.

    When images are moved, these are the contents that a person has put elsewhere since then. When images are copied or
    linked, these are all contents that were filed. Copies may lie in any folder that imgsort knows, without being
    members of it. Of the files there, only those that have the size of an unknown image are read.
    """
    if collection.site.mode is Mode.MOVE:
        return _moved_by_hand(collection, features)
    filed = {member for folder in collection.categories for member in folder.members}
    rows = zip(features.files, features.contents, strict=True)
    sizes = {file.size for file, content in rows if content not in filed}
    for folder in sorted(collection.own_targets | left_out(collection.site)):
        filed |= {content for content in _contents(collection.site.destination / folder, sizes) if content is not None}
    return filed


def _moved_by_hand(collection: OpenCollection, features: Features) -> set[str]:
    """Return the contents that are recorded for a category, but are no longer in its folder."""
    moved = set()
    for file, content in zip(features.files, features.contents, strict=True):
        homes = [folder.path for folder in collection.categories if content in folder.members]
        at_home = (found for path in homes for found in _contents(collection.site.destination / path, {file.size}))
        if homes and content not in at_home:
            moved.add(content)
    return moved


def _contents(folder: Path, sizes: Set[int]) -> Iterator[str | None]:
    """Yield the hashes of the files in a folder that have one of the `sizes`.

    A link to such a file counts too.
    """
    if not folder.is_dir() or folder.is_symlink():
        return
    for entry in list(os.scandir(folder)):
        with contextlib.suppress(OSError, RuntimeError):  # a link to nowhere, or to itself
            if entry.stat().st_size in sizes:
                yield file_content_hash(Path(entry.path).resolve())


def _same_model(saved: SavedCentres, model: ModelSettings) -> ModelSettings:
    """Return `model` with the settings that made the features of the saved centres.

    Raises UsageError if `model` asks for another model, or if the weights of the user are missing.
    """
    name, weights = saved.model["name"], saved.model["weights"]
    if model.model not in (None, name):
        raise UsageError(f"--model {model.model}: these categories were made with {name}. Leave out the option.")
    if model.weights is None and weights != "imagenet":
        raise UsageError(f"these categories were made with your own weights {weights}. Give them again with --weights.")
    return replace(
        model,
        model=name,
        pooling=saved.model["pooling"],
        size=saved.model["size_px"],
        fit=saved.model["fit"],
        precision=_precision(saved.model["precision"], model.precision),
        runtime=saved.model.get("runtime"),
    )


def _precision(made_in: str, asked_for: Precision) -> Precision:
    """Return the precision that was asked for, or else the precision of the earlier features.

    If a GPU chose half precision by itself, return `auto`, because nobody asked for half precision.
    """
    known: dict[str, Precision] = {name: name for name in get_args(Precision)}
    return known.get(made_in, "auto") if asked_for == "auto" else asked_for


def _require_same_features(saved: SavedCentres, collection: OpenCollection, extracted: Extracted) -> None:
    features, model = extracted.features, extracted.looked.model
    if model is None or not _is_made_with(model, saved.model["sha256"]):
        raise UsageError(
            f"{collection.site.output}: the weights of {saved.model['name']} are not the weights that these "
            "categories were "
            f"made with (SHA-256 {saved.model['sha256']}). Give those with --weights, or run the command "
            "without --update to make new categories."
        )
    other = [name for name in ("pooling", "size_px", "fit") if getattr(model, name) != saved.model[name]]
    if other:
        raise UsageError(
            f"{collection.site.output}: these categories were made with {other[0].removesuffix('_px')} "
            f"{saved.model[other[0]]}, and these features with {getattr(model, other[0])}. Run the command without "
            "--features."
        )
    if features.files and features.matrix.shape[1] != saved.centres.centres.shape[1]:
        raise UsageError(
            f"{collection.site.output}: {features.matrix.shape[1]} features per image, but these categories were made "
            f"with {saved.centres.centres.shape[1]}. Run the command without --update to make new categories."
        )


def _is_made_with(model: ModelRecord, sha256: str) -> bool:
    """Say whether the model has the weights that were recorded with this hash."""
    published = BACKBONES[model.name].weights.found() if model.weights == "imagenet" else None
    return model.sha256 == sha256 or (published is not None and published.is_known_as(sha256))


def _learn_from_folders(collection: OpenCollection, source: Source) -> tuple[Centres, list[str | None]]:
    """Return the centres of the images that lie in the category folders now, and these folders."""
    import numpy as np

    root: Path = collection.site.destination
    paths = sorted(collection.own_targets)
    listing = find_images(root, inside=paths, rules=None, sidecar_rules=collection.settings.sidecar_rules)
    members = tuple(file for file in listing.files if parent_of(file.path) in collection.own_targets)
    images = FolderImages(root, members)
    features = source.features_of(images, listing.unreadable, collection.hearing.listener)
    folders = sorted({parent_of(file.path) for file in features.files})
    if not folders:
        raise CollectionError(f"{root}: the category folders hold no readable image to learn from.")
    labels = np.array([folders.index(parent_of(file.path)) for file in features.files], dtype=np.intp)
    return centres_of(features.matrix, labels), list(folders)
