"""Opens the images of an object store for a command, and makes the plan that is the command's result.

An object is not moved, so nothing is locked and nothing is written but the plan.
"""

import os
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.csv_file import require_new
from imgsort.errors import CollectionError, UsageError
from imgsort.filing.objects.plan import ObjectPlan, ObjectSite
from imgsort.filing.objects.plan_file import write_object_plan
from imgsort.filing.objects.planning import Surroundings, make_object_plan
from imgsort.filing.paths import name_of
from imgsort.filing.planning.plan import Placement
from imgsort.filing.planning.site import Mode, Site
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.session.listing import LEFT_OUT, and_left_out, without_sidecars
from imgsort.jobs.settings import FilingSettings
from imgsort.jobs.store_images import StoreImages, StoreListing, empty_prefix_hint, list_store
from imgsort.storage.addresses import Address
from imgsort.storage.buckets import bucket_at
from imgsort.storage.store import Store

# Objects lie on no disk. Code that works on disks finds nothing there.
NOWHERE = Site(Path(os.devnull), Path(os.devnull), Mode.COPY)


@dataclass(frozen=True)
class OpenObjects:
    """The images of an object store as a command found them, and the address that copies would go below."""

    store: Store
    output: Address
    listing: StoreListing

    def images_of(self, files: Sequence[ImageFile]) -> StoreImages:
        """Return some of the listed images for an engine."""
        return self.listing.images_of(files, self.store)


def open_objects(
    address: Address, settings: FilingSettings, listener: Listener | None
) -> tuple[OpenObjects, Remembering]:
    """List the images of an object store; the second value has heard of it.

    Raises CollectionError, UsageError, StorageError and OSError.
    """
    output = output_of(address, settings)
    if settings.plan is not None:
        require_new(settings.plan)
    hearing = Remembering(listener)
    store = Store.at(address)
    found = list_store(
        store,
        recursive=settings.recursive,
        left_out=LEFT_OUT,
        rules=settings.rules,
        sidecar_rules=settings.sidecar_rules,
    )
    if not settings.sidecars:
        found = replace(found, listing=without_sidecars(found.listing))
    if not found.listing.files and not found.listing.unreadable:
        hint = empty_prefix_hint(recursive=settings.recursive)
        raise CollectionError(f"{address}: there are no images here.{hint}{and_left_out(found.listing)}")
    hearing.notice_of(found.listing.left_out)
    if not settings.touches_nothing:
        hearing.notice(
            "objects are not moved: this is only the plan. --plan FILE.csv saves it, and `imgsort apply FILE.csv` "
            "copies the objects."
        )
    return OpenObjects(store, output, found), hearing


def output_of(address: Address, settings: FilingSettings) -> Address:
    """Return the address that copies go below. Raises UsageError for options that do not fit an object store."""
    if settings.mode in (Mode.HARDLINK, Mode.SYMLINK) or settings.follow_links:
        raise UsageError(f"{address}: an object store has no links. Leave out --{settings.mode} and --follow-links.")
    output = address if settings.output is None else settings.output
    if not isinstance(output, Address) or output.scheme != address.scheme:
        raise UsageError(
            f"{address}: objects are copied within their store, so --output must be an address such as "
            f"{address.scheme}://bucket/sorted."
        )
    output = replace(output, credentials=output.credentials or address.credentials)
    if settings.recursive and address.is_at_or_above(output):
        raise UsageError(
            f"{output}: with --recursive, the next command would take the copies for images too. Give an --output "
            f"outside {address}."
        )
    return output


def plan_objects(
    objects: OpenObjects, placements: Sequence[Placement], settings: FilingSettings, *, shared: Set[str]
) -> ObjectPlan:
    """Plan the copies of the placements, and save the plan if the settings ask for it. Raises OSError."""
    destination = Store(objects.output, bucket_at(objects.output))

    def names_in(folder: str) -> list[str]:
        return [name_of(found.key) for found in destination.list(folder)]

    there = Surroundings(destination.folders(), names_in)
    site = ObjectSite(objects.store.address.shown, objects.output.shown)
    marks = {path: stored.mark for path, stored in objects.listing.objects.items()}
    plan = make_object_plan(site, placements, marks, there, shared=shared, rules=settings.sidecar_rules)
    if settings.plan is not None and plan.copies:
        write_object_plan(settings.plan, plan, placements)
    return plan
