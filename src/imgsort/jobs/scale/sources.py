"""Lists the images that features are made of: those of a folder, or those in an object store."""

from pathlib import Path

from imgsort.errors import CollectionError
from imgsort.features.engine import FolderImages, Images
from imgsort.filing.journal import category_folders
from imgsort.filing.planning.site import site_of
from imgsort.images.finding.find import Listing, require_folder
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.session.listing import LEFT_OUT, and_left_out, list_collection
from imgsort.jobs.store_images import empty_prefix_hint, list_store
from imgsort.storage.addresses import Address
from imgsort.storage.store import Store


def listed_at(asked: Path | Address, rules: Rules, *, recursive: bool) -> tuple[Path | Address, Listing, Images]:
    """List the images of a folder or of an object store. Raises CollectionError, UsageError and StorageError."""
    if isinstance(asked, Address):
        store = Store.at(asked)
        found = list_store(store, recursive=recursive, left_out=LEFT_OUT, rules=rules)
        if not found.listing.files:
            hint = empty_prefix_hint(recursive=recursive)
            raise CollectionError(f"{asked}: there are no images here.{hint}{and_left_out(found.listing)}")
        return asked.shown, found.listing, found.images_of(found.listing.files, store)
    root = require_folder(asked)
    known = [folder.path for folder in category_folders.known_folders(root)]
    listing = list_collection(site_of(root), known, recursive=recursive, rules=rules)
    return root, listing, FolderImages(root, listing.files)
