"""What every command that files images does around its own work: lock, settle, list, extract, carry out."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from imgsort.errors import CollectionError, InterruptedRunError, StoppedError, StrictError
from imgsort.features.choose import choose_model
from imgsort.features.extract import Features, extract_rows
from imgsort.features.extraction import prepare_extraction
from imgsort.features.feature_cache import NO_CACHE, FeatureCache, remember_files
from imgsort.features.feature_store import KnownFile
from imgsort.features.pooled_model import PooledModel
from imgsort.filing import category_folders
from imgsort.filing.apply import Outcome, apply_run
from imgsort.filing.category_folders import CategoryFolder
from imgsort.filing.lock import locked
from imgsort.filing.paths import join
from imgsort.filing.plan import Mode, Placement, Plan, Site, make_plan, site_of
from imgsort.filing.runs import begin
from imgsort.filing.settle import settle, unsettled_runs
from imgsort.filing.twins import has_twin
from imgsort.grouping.preload import preload
from imgsort.images.decode import ReadSettings
from imgsort.images.find import Listing, Unreadable, find_images, require_folder
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import FilingResult, ModelRecord
from imgsort.jobs.settings import FilingSettings, ModelSettings

LEFT_OUT = ("Outlayers", "Rejected", "Unsorted", "Unsure")


@dataclass
class Session:
    """One command at work on one collection."""

    command: str
    site: Site
    settings: FilingSettings
    read: ReadSettings
    listener: Listener
    listing: Listing = field(default_factory=lambda: Listing((), ()))
    own_sources: tuple[str, ...] = ()
    own_targets: tuple[str, ...] = ()
    model: ModelRecord | None = None
    images: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    notices: list[str] = field(default_factory=list)
    remembers: bool = False
    started_ns: int = field(default_factory=time.time_ns)

    def notice(self, text: str) -> None:
        """Say something to the listener now and in the result later."""
        self.notices.append(text)
        self.listener.notice(text)

    def extract(self, settings: ModelSettings, default: str) -> Features:
        """Extract the features of every listed image, with `default` where no model was asked for.

        Raises StrictError where an image cannot be read and the command is strict.
        """
        features, self.model = extract_with(
            self.site.collection,
            self.listing,
            settings,
            default,
            read=self.read,
            listener=self.listener,
            notice=self.notice,
        )
        self.remembers = settings.cache
        self.looked_at(len(features.files), features.unreadable)
        return features

    def looked_at(self, images: int, unreadable: tuple[Unreadable, ...]) -> None:
        """Take note of how many images were read and which could not be. Raises StrictError, if so asked."""
        self.images, self.unreadable = images, unreadable
        if self.settings.strict and unreadable:
            row = unreadable[0]
            raise StrictError(
                f"{self.site.collection}: {len(unreadable)} images cannot be read, the first is "
                f"{row.path!r} ({row.reason}). Nothing was moved, as --strict asks."
            )

    def carry_out(self, placements: Sequence[Placement], *, categories: bool) -> FilingResult:
        """Plan the placements and, unless this is a dry run, file them.

        Raises StoppedError, with what was done as its `result`, where the run stopped part way.
        """
        plan = make_plan(self.site, placements, own_folders=set(self.own_targets), categories=categories)
        if self.settings.dry_run or not plan.moves:
            status = "planned" if self.settings.dry_run else "nothing to do"
            return self.result(plan, status)
        run = begin(plan, self.command, None if self.model is None else vars(self.model))
        outcome = apply_run(run, self.own_sources, lambda done, total: self.listener.progress("filing", done, total))
        result = self.result(plan, str(run.status), run.id, outcome)
        if self.remembers and outcome.stopped is None:
            remember_files(_files_in_their_places(result), self.started_ns)
        if outcome.stopped is not None:
            error = InterruptedRunError if outcome.by_user else StoppedError
            raise error(
                f"{self.site.output}: stopped part way: {outcome.stopped}. Nothing is lost; "
                f"`imgsort undo {self.site.roots[-1]}` takes back what was done.",
                result,
            )
        return result

    def result(self, plan: Plan, status: str, run: str | None = None, outcome: Outcome | None = None) -> FilingResult:
        """Describe what came of a plan."""
        return FilingResult(
            command=self.command,
            run=run,
            status=status,
            dry_run=self.settings.dry_run,
            collection=self.site.collection,
            output=self.site.output,
            destination=self.site.destination,
            mode=str(self.site.mode),
            model=self.model,
            images=self.images,
            folders=plan.folders,
            moves=plan.moves,
            refused=plan.kept + (outcome.refused if outcome else ()),
            unreadable=self.unreadable,
            notices=tuple(self.notices),
        )


@contextlib.contextmanager
def filing_session(
    folder: str | Path, command: str, settings: FilingSettings, read: ReadSettings, listener: Listener
) -> Iterator[Session]:
    """List a collection for filing, under its lock and settled; a dry run takes no lock and settles nothing.

    Raises CollectionError, UsageError, LockedError, JournalError.
    """
    site = site_of(require_folder(Path(folder)), settings.output, settings.mode)
    session = Session(command, site, settings, read, listener)
    guard = _unlocked() if settings.dry_run else locked_and_settled(site.roots, command)
    with guard as settled:
        for run_id in settled:
            session.notice(f"run {run_id} had been killed; it is tidied up, and `imgsort undo` takes it back.")
        look = category_folders.known_folders if settings.dry_run else category_folders.refresh
        look_at_sources = look if settings.mode is Mode.MOVE else category_folders.known_folders
        session.own_sources = _paths_of_categories(look_at_sources(site.collection), site)
        session.own_targets = (
            session.own_sources if site.is_within else _paths_of_categories(look(site.destination), site)
        )
        session.listing = list_collection(site, session.own_sources, recursive=settings.recursive)
        if not settings.sidecars:
            session.listing = without_sidecars(session.listing)
        yield session


@contextlib.contextmanager
def locked_and_settled(roots: Sequence[Path], command: str) -> Iterator[list[str]]:
    """Hold the locks of `roots`, and of roots that a killed run shares with them; give the ids of runs settled."""
    wanted = set(roots)
    for root in roots:
        for run in unsettled_runs(root):
            # A root that a journal names is not touched unless it has the same run on record itself.
            if has_twin(run):
                wanted.update(run.plan.site.roots)
    with locked(sorted(wanted), command):
        yield [run_id for root in roots for run_id in settle(root)]


@contextlib.contextmanager
def _unlocked() -> Iterator[list[str]]:
    yield []


def list_collection(site: Site, own_folders: Sequence[str], *, recursive: bool) -> Listing:
    """List the images of a collection. Raises CollectionError where there is none."""
    listing = find_images(site.collection, inside=own_folders, left_out=_left_out(site), recursive=recursive)
    if not listing.files and not listing.unreadable:
        hint = "" if recursive else " Add --recursive if they lie in its subfolders."
        raise CollectionError(f"{site.collection}: there are no images in this folder.{hint}")
    return listing


def without_sidecars(listing: Listing) -> Listing:
    """Return the listing with nothing that goes with an image."""
    return replace(listing, files=tuple(replace(file, sidecars=()) for file in listing.files))


def _left_out(site: Site) -> set[str]:
    """Return the folders that never count, relative to the collection."""
    return {*LEFT_OUT, *(join(site.prefix, name) for name in LEFT_OUT if site.is_within)}


def _paths_of_categories(folders: Iterable[CategoryFolder], site: Site) -> tuple[str, ...]:
    """Return the paths of category folders; one that a person renamed to `Rejected` and the like is none any more."""
    return tuple(folder.path for folder in folders if folder.path not in _left_out(site))


def _files_in_their_places(result: FilingResult) -> Iterator[KnownFile]:
    """Yield the images that a run has filed, where they are now."""
    left = {refusal.path for refusal in result.refused}
    for move in result.moves:
        if move.follows is None and move.source not in left:
            yield KnownFile(str(result.destination / move.target), move.size, move.mtime_ns, move.content)


def extract_with(
    root: Path,
    listing: Listing,
    settings: ModelSettings,
    default: str,
    *,
    read: ReadSettings,
    listener: Listener,
    notice: Callable[[str], None],
) -> tuple[Features, ModelRecord]:
    """Choose the model, load it and extract the features of every listed image.

    Raises UsageError, WeightsError and DeviceError.
    """
    chosen = choose_model(settings.model, default, settings.weights, notice=notice, make_bar=listener.download_bar)
    pooled = PooledModel(chosen, settings.size or chosen.backbone.size_px, settings.pooling)
    extraction = prepare_extraction(
        pooled,
        read,
        notice=notice,
        batch_size=settings.batch_size,
        device=settings.device,
        precision=settings.precision,
    )
    way = extraction.way
    notice(f"{chosen.backbone.name} runs on the {way.device}, in {way.precision}.")
    cache = FeatureCache(extraction.recipe, notice=notice, verify=settings.verify) if settings.cache else NO_CACHE
    with contextlib.closing(cache):
        features = extract_rows(
            root,
            listing.files,
            extraction.extractor,
            partial(listener.progress, "reading"),
            settings=read,
            cache=cache,
            meanwhile=preload,
        )
    if features.cached:
        notice(f"the features of {features.cached} of {len(features.files)} images were in the cache.")
    features = replace(features, unreadable=listing.unreadable + features.unreadable)
    return features, ModelRecord.of(pooled, way)
