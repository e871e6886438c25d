"""`imgsort find`: finds the images of a folder that are most like an image, several images, or a folder of images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from imgsort.csv_file import require_new, write_csv
from imgsort.errors import UsageError
from imgsort.features.models.backbones import BEST
from imgsort.filing.planning.plan import Refusal
from imgsort.filing.planning.site import Mode
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.listener import Listener
from imgsort.jobs.look.finding.query import Query, folder_for, listed_query, seen_query
from imgsort.jobs.look.finding.search import Found, Wanted, search
from imgsort.jobs.look.finding.seeing import opened_eyes
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session.collection import OpenCollection, open_collection
from imgsort.jobs.session.filing import carry_out
from imgsort.jobs.session.looking import Looked, require_readable
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import FilingSettings, ModelSettings, SortOptions, parted
from imgsort.jobs.study import Asked, Study

_CSV_HEADER = ("file", "distance")


@dataclass(frozen=True)
class Match:
    """An image that was found. `distance`: its cosine distance to what was looked for, 0 to 2; lower = more alike."""

    path: str
    distance: float


@dataclass(frozen=True)
class FindResult:
    """What was found, and what was filed.

    `filing`: has no moves unless filing was asked for.
    `query`: what was looked for, as it was named.
    `matches`: the most alike first. Paths are relative to the collection.
    """

    filing: FilingResult
    query: tuple[str, ...]
    matches: tuple[Match, ...]

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The files of the plan that were left as they are."""
        return self.filing.refused

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **self.filing.to_json(),
            "query": list(self.query),
            "matches": [vars(match) for match in self.matches],
        }


def find(
    folder: str | Path,
    *,
    query: str | Path | Sequence[str | Path],
    top: int | None = None,
    distance: float | None = None,
    same_scene: bool = False,
    move: bool = False,
    csv: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[SortOptions],
) -> FindResult:
    """Find the images of `folder` that look most like `query`, and file them if that is asked for.

    `query`: an image file, a folder of images, or several of them. Of several images, the mean counts. The images of
    the query themselves, and copies of their bytes, are no matches.
    `top`: how many images to find. By default 20, or all of them with `distance` or `same_scene`.
    `distance`: find the images that are not farther than this cosine distance, from 0 to 2.
    `same_scene`: find only images that show the same shot as an image of the query: copies of it, also changed ones.
    `move`: file the images in a folder with the name of the query, as `mode` says. A `mode` other than `move` files
    them in any case, and `plan` plans it. `csv`: a new file for the matches.
    The other options are those of `imgsort.jobs.settings.SortOptions`; subfolders are searched too unless `recursive`
    is False. Raises ImgsortError: QueryError, CollectionError, UsageError, StrictError, WeightsError, DeviceError,
    LockedError, JournalError, StoppedError.
    """
    wanted = Wanted(top, distance, same_scene)
    recursive: SortOptions = {"recursive": True}
    filing, model, read = parted({**recursive, **options}, FilingSettings, ModelSettings, ReadSettings)
    table = None if csv is None else require_new(Path(csv))
    names = (query,) if isinstance(query, str | Path) else tuple(query)
    is_filing = _is_filing(filing, move=move)
    asked_files = listed_query(names)
    # A command that files nothing takes no lock and settles no run, like a dry run.
    looking = filing if is_filing else replace(filing, dry_run=True)
    with open_collection(folder, "find", looking, read, listener) as collection:
        with opened_eyes(replace(model, is_best=True), BEST, read, collection.hearing) as seeing:
            asked = seen_query(names, asked_files, seeing)
            found = search(collection, asked, wanted, seeing, model)
        looked = Looked(found.rows.count, found.rows.unreadable, seeing.record, is_kept=model.cache)
        require_readable(collection, looked)
        matches = tuple(
            Match(file.path, distance) for file, distance in zip(found.files, found.distances.tolist(), strict=True)
        )
        if table is not None:
            write_csv(table, _CSV_HEADER, ((match.path, match.distance) for match in matches))
        target = folder_for(names, collection.site) if is_filing else None
        study = _study(collection, asked, found, looked, target)
        collection.hearing.studied(study)
        filed = carry_out(collection, looked, study.placements, shared=study.shared)
    if not is_filing:
        filed = replace(filed, status="checked", dry_run=filing.dry_run)
    return FindResult(filed, asked.names, matches)


def _is_filing(filing: FilingSettings, *, move: bool) -> bool:
    """Say whether files are to be filed. Raises UsageError for options that only go with filing."""
    is_filing = move or filing.mode is not Mode.MOVE or filing.plan is not None
    if not is_filing and filing.output is not None:
        raise UsageError(
            "--output needs --move, --copy, --hardlink, --symlink or --plan: without one of them nothing is filed."
        )
    return is_filing


def _study(collection: OpenCollection, query: Query, found: Found, looked: Looked, target: str | None) -> Study:
    """Describe what was found, and if there is a `target`, that it belongs in this folder."""
    rows = zip(found.files, found.contents, found.distances.tolist(), strict=True)
    placements = [place(file, content, target, distance) for file, content, distance in rows if target is not None]
    return Study(
        "find",
        collection.site,
        found.files,
        found.contents,
        tuple(placements),
        frozenset() if target is None else frozenset({target}),
        looked.unreadable,
        looked.model,
        found.matrix,
        asked=Asked(query.files, query.contents),
    )
