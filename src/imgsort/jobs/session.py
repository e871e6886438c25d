"""What every command that files images does around its own work: lock, settle, list, extract, carry out."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from imgsort.csv_file import require_new
from imgsort.errors import CollectionError, InterruptedRunError, StoppedError, StrictError
from imgsort.features.cache.feature_cache import remember_files
from imgsort.features.cache.feature_store import KnownFile
from imgsort.features.extract import Features
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.runtimes.interface import Way
from imgsort.filing.journal import category_folders
from imgsort.filing.journal.category_folders import CategoryFolder
from imgsort.filing.journal.lock import locked
from imgsort.filing.journal.runs import begin
from imgsort.filing.journal.twins import has_twin
from imgsort.filing.moving.apply import apply_run
from imgsort.filing.moving.outcome import Outcome
from imgsort.filing.moving.settle import settle, unsettled_runs
from imgsort.filing.paths import has_link_on_the_way, is_hidden, is_safe_relative, join
from imgsort.filing.planning.make_plan import make_plan
from imgsort.filing.planning.plan import Placement, Plan
from imgsort.filing.planning.plan_file import write_plan
from imgsort.filing.planning.site import Mode, Site, site_of
from imgsort.grouping.categories.cluster_count import Candidate
from imgsort.grouping.centres import Centres
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Listing, Unreadable, find_images, require_folder
from imgsort.jobs.extracting import chosen_model, extract_by
from imgsort.jobs.listener import Listener
from imgsort.jobs.organize.steps import saved_centres
from imgsort.jobs.organize.steps.saved_centres import SavedCentres
from imgsort.jobs.results import FilingResult, ModelRecord, Outlier
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
    categories: tuple[CategoryFolder, ...] = ()
    model: ModelRecord | None = None
    images: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    notices: list[str] = field(default_factory=list)
    candidates: tuple[Candidate, ...] | None = None
    outliers: tuple[Outlier, ...] | None = None
    remembers: bool = False
    started_ns: int = field(default_factory=time.time_ns)
    output: Path = field(init=False)

    def __post_init__(self) -> None:
        self.output = self.site.output

    @property
    def own_targets(self) -> set[str]:
        """The paths of the category folders that are there, relative to the destination."""
        return {folder.path for folder in self.categories}

    def notice(self, text: str) -> None:
        """Say something to the listener now and in the result later."""
        self.notices.append(text)
        self.listener.notice(text)

    def extract(self, settings: ModelSettings, default: str) -> Features:
        """Extract the features of every listed image, with `default` where no model was asked for.

        Raises StrictError where an image cannot be read and the command is strict.
        """
        pooled = chosen_model(settings, default, listener=self.listener, notice=self.notice)
        return self.extract_by(pooled, settings, lambda way: ModelRecord.of(pooled, way))

    def extract_by(
        self, model: FeatureModel, settings: ModelSettings, record: Callable[[Way], ModelRecord]
    ) -> Features:
        """Extract features by a model that is at hand; `record` describes it, by the way it is run. Raises likewise."""
        features, way = extract_by(
            model,
            self.site.collection,
            self.listing,
            settings,
            read=self.read,
            listener=self.listener,
            notice=self.notice,
        )
        self.model = record(way)
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

    def carry_out(
        self, placements: Sequence[Placement], *, shared: Set[str] = frozenset(), centres: Centres | None = None
    ) -> FilingResult:
        """Plan the placements and file them, or save the plan, or in a dry run only tell of it.

        `shared`: names of folders that are no categories; `centres`: of the categories, in the order of their
        names, for later runs. Raises StoppedError, with what was done as its `result`, where the run stopped
        part way.
        """
        plan = make_plan(self.site, placements, own_folders=self.own_targets, shared=shared)
        if self.settings.plan is not None and plan.moves:
            write_plan(self.settings.plan, plan, placements, self.output)
        return self.carry_out_plan(plan, centres)

    def carry_out_plan(self, plan: Plan, centres: Centres | None = None) -> FilingResult:
        """File what a plan says, unless nothing is to be touched. Raises StoppedError as `carry_out`."""
        if self.settings.touches_nothing or not plan.moves:
            return self.result(plan, "planned" if self.settings.touches_nothing else "nothing to do")
        run = begin(plan, self.command, None if self.model is None else vars(self.model))
        if centres is not None and self.model is not None:
            self._keep(SavedCentres(centres, plan.categories, vars(self.model)), run.id)
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

    def _keep(self, saved: SavedCentres, run_id: str) -> None:
        try:
            saved_centres.save(self.site.destination, run_id, saved)
        except OSError as error:
            self.notice(f"what --update would need cannot be kept ({error}).")

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
            plan=self.settings.plan if plan.moves else None,
            candidates=self.candidates,
            outliers=self.outliers,
        )


@contextlib.contextmanager
def filing_session(
    folder: str | Path,
    command: str,
    settings: FilingSettings,
    read: ReadSettings,
    listener: Listener,
    *,
    inside: Iterable[str] | None = None,
) -> Iterator[Session]:
    """List a collection for filing, under its lock and settled; what touches nothing takes no lock and settles nothing.

    `inside`: look into these folders alone, and into the collection itself. Raises CollectionError, UsageError,
    LockedError, JournalError.
    """
    site = site_of(require_folder(Path(folder)), settings.output, settings.mode)
    if settings.plan is not None:
        require_new(settings.plan)
    session = Session(command, site, settings, read, listener)
    guard = _unlocked() if settings.touches_nothing else locked_and_settled(site.roots, command)
    with guard as settled:
        for run_id in settled:
            session.notice(f"run {run_id} had been killed; it is tidied up, and `imgsort undo` takes it back.")
        look = category_folders.known_folders if settings.touches_nothing else category_folders.refresh
        look_at_sources = look if settings.mode is Mode.MOVE else category_folders.known_folders
        sources = _still_categories(look_at_sources(site.collection), site)
        session.own_sources = tuple(folder.path for folder in sources)
        session.categories = sources if site.is_within else _still_categories(look(site.destination), site)
        if inside is None:
            session.listing = list_collection(site, session.own_sources, recursive=settings.recursive)
        else:
            session.listing = find_images(site.collection, inside=_folders_there(site, inside))
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
    listing = find_images(site.collection, inside=own_folders, left_out=left_out(site), recursive=recursive)
    if not listing.files and not listing.unreadable:
        hint = "" if recursive else " Add --recursive if they lie in its subfolders."
        raise CollectionError(f"{site.collection}: there are no images in this folder.{hint}")
    return listing


def _folders_there(site: Site, folders: Iterable[str]) -> set[str]:
    """Return those of the folders that are in the collection, and neither links nor hidden nor left out."""
    return {
        folder
        for folder in {*folders} - left_out(site) - {""}
        if is_safe_relative(folder)
        and not is_hidden(folder)
        and not has_link_on_the_way(site.collection, f"{folder}/any")
        and (site.collection / folder).is_dir()
    }


def without_sidecars(listing: Listing) -> Listing:
    """Return the listing with nothing that goes with an image."""
    return replace(listing, files=tuple(replace(file, sidecars=()) for file in listing.files))


def left_out(site: Site) -> set[str]:
    """Return the folders that never count, relative to the collection."""
    return {*LEFT_OUT, *(join(site.prefix, name) for name in LEFT_OUT if site.is_within)}


def _still_categories(folders: Iterable[CategoryFolder], site: Site) -> tuple[CategoryFolder, ...]:
    """Return the category folders; one that a person renamed to `Rejected` and the like is none any more."""
    return tuple(folder for folder in folders if folder.path not in left_out(site))


def _files_in_their_places(result: FilingResult) -> Iterator[KnownFile]:
    """Yield the images that a run has filed, where they are now."""
    left = {refusal.path for refusal in result.refused}
    for move in result.moves:
        if move.follows is None and move.source not in left:
            yield KnownFile(str(result.destination / move.target), move.size, move.mtime_ns, move.content)
