"""`imgsort watch`: files new images of a folder as they arrive, batch by batch."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from imgsort.errors import UsageError
from imgsort.filing.planning.site import Mode, Site
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.look.report import with_report_of_run
from imgsort.jobs.results import FilingResult
from imgsort.jobs.settings import FilingSettings, ModelOptions, RuleOptions
from imgsort.jobs.watch.batches import Batches, Parts
from imgsort.jobs.watch.filer import Filer, category_filer, classifier_filer
from imgsort.jobs.watch.inbox.arrivals import Arrivals
from imgsort.jobs.watch.inbox.bell import Bell
from imgsort.jobs.watch.inbox.choosing import Choosing
from imgsort.jobs.watch.inbox.memory import Memory
from imgsort.jobs.watch.inbox.waking import Waking
from imgsort.jobs.watch.placement import site_by_class, site_of_categories

SETTLE_SECONDS = 2.0
LEAST_SECONDS = 0.1
MAX_BATCH = 500
# A notice that differs from an earlier one in numbers only is not news. So many are told apart.
_MOST_NOTICES = 1000
# Options for the model of categories. A classifier has its own.
_OF_CATEGORIES = frozenset({"model", "weights", "pooling", "size", "fit", "precision", "offline"})
_FILING = ("mode", "exclude", "include", "follow_links", "sidecars", "sidecar_patterns")


class WatchOptions(ModelOptions, RuleOptions, total=False):
    """Options that say how features are made, which files count, and whether they are moved."""

    mode: str
    sidecars: bool
    sidecar_patterns: Sequence[str]


def watch(
    inbox: str | Path,
    *,
    classifier: str | Path | None = None,
    output: str | Path | None = None,
    into: str | Path | None = None,
    confidence: float | None = None,
    settle: float = SETTLE_SECONDS,
    poll: float | None = None,
    once: bool = False,
    max_batch: int = MAX_BATCH,
    report: str | Path | None = None,
    command_line: str = "imgsort.watch",
    bell: Bell | None = None,
    listener: Listener | None = None,
    **options: Unpack[WatchOptions],
) -> Iterator[FilingResult]:
    """File the new images of `inbox` as they arrive, and yield the result of each batch, which is a run of its own.

    Only images directly in `inbox` are taken. `classifier` and `output`: file by class, as `classify` does. `into`:
    file into the categories of this folder, as `categorize` with `update` does. Give one or the other.
    `settle`: for how many seconds the size and the time of a file must not change. `poll`: look every so many seconds
    and do not ask the system for changes. `once`: file what is there at rest, and end. `max_batch`: the most images of
    a batch. `report`: a folder for a page of each batch. `bell`: its `end` ends the watch after the current batch.
    A full disk, another command at work and a folder that is gone are waited for, but not with `once`.

    The other options are those of WatchOptions; with `classifier`, only those of `classify`. Raises ImgsortError at
    once for what cannot work, and later where waiting does not help: CollectionError, UsageError, ClassifierError,
    WeightsError, DeviceError, JournalError and InterruptedRunError; with `once` OSError, LockedError and StoppedError.
    """
    _require_numbers(settle, poll, max_batch)
    target = _Target.of(classifier, output, into, confidence)
    filing = FilingSettings(output=target.folder, **{name: value for name, value in options.items() if name in _FILING})  # type: ignore[arg-type]
    hearing, bell = _SaidOnce(listener), bell or Bell()
    site = target.site(Path(inbox), filing.mode)
    arrivals = Arrivals(site.collection, filing.rules, filing.sidecar_rules, takes_sidecars=filing.sidecars)
    memory = Memory(site)
    choosing = Choosing(
        site.collection,
        memory,
        bell,
        hearing.notice,
        settle=settle,
        most=max_batch,
        by_date=once,
        takes_sidecars=filing.sidecars,
    )
    waking = Waking(site.collection, bell, poll, hearing.notice)
    filer = target.filer(site, options)
    pages = None if report is None else Path(report)
    file = partial(_file, filer, hearing, pages, command_line=command_line, options=options)
    batches = Batches(Parts(site, arrivals, choosing, memory, waking, bell, file), hearing)
    return _results(filer, batches.run_once(settle) if once else batches.run())


def _results(filer: Filer, results: Iterator[FilingResult]) -> Iterator[FilingResult]:
    with filer:
        yield from results


@dataclass(frozen=True)
class _Target:
    """Where images go: by the `classifier`, if there is one, or into the categories of `folder`."""

    folder: Path
    classifier: Path | None
    confidence: float | None

    @classmethod
    def of(
        cls,
        classifier: str | Path | None,
        output: str | Path | None,
        into: str | Path | None,
        confidence: float | None,
    ) -> "_Target":
        """Return the target that was given. Raises UsageError if there is none, or more than one."""
        if classifier is not None and output is not None and into is None:
            return cls(Path(output), Path(classifier), confidence)
        if into is None or classifier is not None or output is not None:
            raise UsageError(
                "give --classifier and --output, to file by class, or --into, to file into categories: one of the two."
            )
        if confidence is not None:
            raise UsageError(f"confidence {confidence}: it goes with --classifier only. Leave it out.")
        return cls(Path(into), None, None)

    def site(self, inbox: Path, mode: Mode) -> Site:
        """Return where images of the inbox go. Raises ImgsortError for what cannot work."""
        if self.classifier is None:
            return site_of_categories(inbox, self.folder, mode)
        return site_by_class(inbox, self.classifier, self.folder, mode)

    def filer(self, site: Site, options: WatchOptions) -> Filer:
        """Return who files the images. Raises UsageError and, for options that do not fit, TypeError."""
        given: Any = options
        if self.classifier is None:
            return category_filer(site.collection, into=site.output, **given)
        if unfit := sorted(_OF_CATEGORIES & options.keys()):
            raise UsageError(f"{unfit[0].replace('_', ' ')} does not go with a classifier: it has a model of its own.")
        return classifier_filer(
            site.collection, classifier=self.classifier, output=site.output, confidence=self.confidence, **given
        )


def _require_numbers(settle: float, poll: float | None, max_batch: int) -> None:
    """Raise UsageError for numbers that make no sense."""
    if not all(LEAST_SECONDS <= seconds < math.inf for seconds in (settle, settle if poll is None else poll)):
        raise UsageError(f"settle {settle} and poll {poll}: each must be at least {LEAST_SECONDS} seconds.")
    if max_batch < 1:
        raise UsageError(f"max batch {max_batch}: it must be at least 1.")


def _file(
    filer: Filer,
    hearing: Listener,
    pages: Path | None,
    names: Sequence[str],
    *,
    command_line: str,
    options: WatchOptions,
) -> FilingResult:
    """File images, and write a page of their run into the folder `pages`, if there is one."""
    if pages is None:
        return filer.file(names, hearing)
    pages.mkdir(parents=True, exist_ok=True)
    return with_report_of_run(
        partial(filer.file, names), pages, command_line=command_line, options=options, listener=hearing
    )


class _SaidOnce(Remembering):
    """Passes each notice on once, although every batch gives it again, with other numbers in it."""

    def __init__(self, listener: Listener | None) -> None:
        super().__init__(listener)
        self._told: dict[str, None] = {}

    def notice(self, text: str) -> None:
        """Pass a notice on, unless an earlier one was the same but for its numbers."""
        key = re.sub(r"\d+", "0", text)
        if key in self._told:
            return
        self._told[key] = None
        if len(self._told) > _MOST_NOTICES:
            del self._told[next(iter(self._told))]
        self.listener.notice(text)
