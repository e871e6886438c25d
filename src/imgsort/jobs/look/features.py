"""`imgsort.extract_features`: gives a script the matrix of features that the commands work on."""

from pathlib import Path
from typing import Unpack

from imgsort.features.engine import FolderImages
from imgsort.features.extract import Features
from imgsort.filing.journal import category_folders
from imgsort.filing.planning.site import site_of
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import require_folder
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.session.extracting import extract_with
from imgsort.jobs.session.listing import list_collection
from imgsort.jobs.settings import ModelOptions, ModelSettings, RuleOptions, parted


class FeatureOptions(ModelOptions, RuleOptions, total=False):
    """Options that say how features are made, and which images count."""


def extract_features(
    folder: str | Path,
    *,
    recursive: bool = False,
    default_model: str = "efficientnet-lite0",
    listener: Listener | None = None,
    **options: Unpack[FeatureOptions],
) -> Features:
    """Return the features of the images of `folder`.

    The result has `files`, `contents`, `matrix` float32 (n, d), and `unreadable`. No image is changed. The other
    options are those of FeatureOptions. Raises CollectionError, UsageError, WeightsError,
    DeviceError and JournalError.
    """
    hearing = Remembering(listener)
    settings, read, rules = parted(options, ModelSettings, ReadSettings, Rules)
    root = require_folder(Path(folder))
    known = [folder.path for folder in category_folders.known_folders(root)]
    listing = list_collection(site_of(root), known, recursive=recursive, rules=rules)
    hearing.notice_of(listing.left_out)
    images = FolderImages(root, listing.files)
    features, _ = extract_with(
        images, settings, default_model, read=read, listener=hearing, unreadable=listing.unreadable
    )
    return features
