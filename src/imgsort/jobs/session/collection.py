"""Opens a collection for a command: locks it, settles killed runs, and lists the images."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from imgsort.csv_file import require_new
from imgsort.errors import UsageError
from imgsort.features.engine import FolderImages, Images
from imgsort.filing.journal import category_folders
from imgsort.filing.journal.category_folders import CategoryFolder
from imgsort.filing.planning.site import Mode, Site, site_of
from imgsort.filing.shortcomings import Shortcomings, collected
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import ImageFile, Listing, require_folder
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.session.listing import list_collection, list_inside, list_named, still_categories, without_sidecars
from imgsort.jobs.session.locking import locked_and_settled, tell_settled
from imgsort.jobs.session.objects import NOWHERE, OpenObjects, open_objects
from imgsort.jobs.settings import FilingSettings
from imgsort.storage.addresses import Address, place_of


@dataclass(frozen=True)
class OpenCollection:
    """A collection as a command found it. If the command moves files, no other imgsort works here until it ends.

    `listing`: the images that the command works on.
    `own_sources`: the paths of the category folders in the collection.
    `categories`: the category folders in the destination.
    `hearing`: receives notices and progress, and remembers the notices for the result.
    `opened_ns`: when the collection was opened. It shows which files were changed later.
    `shortcomings`: what the file systems do not do for the files.
    `objects`: the object store that the images lie in, or None. With it, `site` is nowhere, and the result is a plan.
    """

    command: str
    site: Site
    settings: FilingSettings
    read: ReadSettings
    hearing: Remembering
    listing: Listing
    own_sources: tuple[str, ...]
    categories: tuple[CategoryFolder, ...]
    opened_ns: int
    shortcomings: Shortcomings
    objects: OpenObjects | None = None

    @property
    def where(self) -> Path | Address:
        """The folder or the address that the command was given."""
        return self.site.collection if self.objects is None else self.objects.store.address

    @property
    def images(self) -> Images:
        """The listed images for an engine."""
        return self.images_of(self.listing.files)

    def images_of(self, files: tuple[ImageFile, ...]) -> Images:
        """Return some of the listed images for an engine."""
        if self.objects is not None:
            return self.objects.images_of(files)
        return FolderImages(self.site.collection, files)

    def tell_shortcomings(self) -> None:
        """Say what the file systems did not do for the files since this was said the last time."""
        for text in self.shortcomings.take_notices():
            self.hearing.notice(text)

    @property
    def own_targets(self) -> set[str]:
        """The paths of the category folders that exist, relative to the destination."""
        return {folder.path for folder in self.categories}


@contextlib.contextmanager
def open_collection(
    folder: str | Path | Address,
    command: str,
    settings: FilingSettings,
    read: ReadSettings,
    listener: Listener | None,
    *,
    inside: Iterable[str] | None = None,
    named: Set[str] | None = None,
) -> Iterator[OpenCollection]:
    """Open a collection for filing: a folder, or an address in an object store.

    A command that changes nothing takes no lock and settles no run. `inside`: look only into these folders and into the
    collection itself. `named`: take only images with these names directly in the collection. There may be none.
    Raises CollectionError, UsageError, LockedError, JournalError and StorageError.
    """
    opened_ns = time.time_ns()
    place = place_of(folder)
    if isinstance(place, Address):
        yield _in_store(open_objects(place, settings, listener), command, settings, read, opened_ns)
        return
    site = site_of(require_folder(place), local_output(settings), settings.mode)
    if settings.plan is not None:
        require_new(settings.plan)
    hearing = Remembering(listener)
    lock = _no_lock() if settings.touches_nothing else locked_and_settled(site.roots, command)
    with collected() as shortcomings, lock as settled:
        tell_settled(settled, hearing)
        look = category_folders.known_folders if settings.touches_nothing else category_folders.refresh
        look_at_sources = look if settings.mode is Mode.MOVE else category_folders.known_folders
        sources = still_categories(look_at_sources(site.collection), site)
        own_sources = tuple(folder.path for folder in sources)
        categories = sources if site.is_within else still_categories(look(site.destination), site)
        if named is not None:
            listing = list_named(site, named, rules=settings.rules, sidecar_rules=settings.sidecar_rules)
        elif inside is not None:
            listing = list_inside(site, inside, settings.sidecar_rules)
        else:
            listing = list_collection(
                site,
                own_sources,
                recursive=settings.recursive,
                rules=settings.rules,
                sidecar_rules=settings.sidecar_rules,
            )
        hearing.notice_of(listing.left_out)
        if not settings.sidecars:
            listing = without_sidecars(listing)
        opened = OpenCollection(
            command, site, settings, read, hearing, listing, own_sources, categories, opened_ns, shortcomings
        )
        opened.tell_shortcomings()
        yield opened


def _in_store(
    opened: tuple[OpenObjects, Remembering], command: str, settings: FilingSettings, read: ReadSettings, opened_ns: int
) -> OpenCollection:
    objects, hearing = opened
    listing = objects.listing.listing
    return OpenCollection(
        command, NOWHERE, settings, read, hearing, listing, (), (), opened_ns, Shortcomings(), objects
    )


def local_output(settings: FilingSettings) -> Path | None:
    """Return the folder in which category folders appear. Raises UsageError for an address."""
    if isinstance(settings.output, Address):
        raise UsageError(f"{settings.output}: images of a folder are not filed in an object store. Give a folder.")
    return settings.output


@contextlib.contextmanager
def _no_lock() -> Iterator[list[str]]:
    yield []
