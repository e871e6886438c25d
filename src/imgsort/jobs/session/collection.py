"""Opens a collection for a command: locks it, settles killed runs, and lists the images."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from imgsort.csv_file import require_new
from imgsort.filing.journal import category_folders
from imgsort.filing.journal.category_folders import CategoryFolder
from imgsort.filing.planning.site import Mode, Site, site_of
from imgsort.filing.shortcomings import Shortcomings, collected
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Listing, require_folder
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.session.listing import list_collection, list_inside, list_named, still_categories, without_sidecars
from imgsort.jobs.session.locking import locked_and_settled, tell_settled
from imgsort.jobs.settings import FilingSettings


@dataclass(frozen=True)
class OpenCollection:
    """A collection as a command found it. If the command moves files, no other imgsort works here until it ends.

    `listing`: the images that the command works on.
    `own_sources`: the paths of the category folders in the collection.
    `categories`: the category folders in the destination.
    `hearing`: receives notices and progress, and remembers the notices for the result.
    `opened_ns`: when the collection was opened. It shows which files were changed later.
    `shortcomings`: what the file systems do not do for the files.
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
    folder: str | Path,
    command: str,
    settings: FilingSettings,
    read: ReadSettings,
    listener: Listener | None,
    *,
    inside: Iterable[str] | None = None,
    named: Set[str] | None = None,
) -> Iterator[OpenCollection]:
    """Open a collection for filing.

    A command that changes nothing takes no lock and settles no run. `inside`: look only into these folders and into the
    collection itself. `named`: take only images with these names directly in the collection. There may be none.
    Raises CollectionError, UsageError, LockedError and JournalError.
    """
    opened_ns = time.time_ns()
    site = site_of(require_folder(Path(folder)), settings.output, settings.mode)
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


@contextlib.contextmanager
def _no_lock() -> Iterator[list[str]]:
    yield []
