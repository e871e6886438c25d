"""`imgsort review`: makes a plan, serves a page where a person corrects it, and applies it when asked to."""

import contextlib
import secrets
import socket
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from imgsort.csv_file import require_new
from imgsort.errors import JournalError, NothingToUndoError, UsageError
from imgsort.filing.planning.plan_file import EditedPlan, read_plan
from imgsort.filing.planning.site import Site, site_of
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import require_folder
from imgsort.jobs.learn.steps.report import require_new_folder
from imgsort.jobs.listener import Listener
from imgsort.jobs.look.pages.how import Studying
from imgsort.jobs.session.locking import locked_and_settled, tell_settled
from imgsort.jobs.settings import FilingSettings
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.learning.result.classifier_file import SUFFIX
from imgsort.review.actions import place_in_state
from imgsort.review.first_page import page_of
from imgsort.review.keeping.kept import Kept
from imgsort.review.keeping.locking import reviewing
from imgsort.review.looks import Looks
from imgsort.review.proposal import Command, propose, read_proposal
from imgsort.review.serving.app import Review, app_of
from imgsort.review.serving.ending import ending
from imgsort.review.serving.opening import page_opener
from imgsort.review.serving.server import listening, serve
from imgsort.review.session import Session
from imgsort.review.work import Worker
from imgsort.temporary import folder_for_a_while

_SECONDS_TO_STOP = 20


@dataclass(frozen=True)
class ReviewRequest:
    """What is reviewed, and how the page is reached.

    `command`: makes the plan, with `options` of its job. `plan`: a saved plan instead. `classifier`: for the commands
    `classify` and `watch` the one that they use; otherwise where a new one is written. `port`: of 127.0.0.1, or
    0 for any free one. `opens_browser`: the browser is opened. `command_line`: shown on the page.
    """

    folder: Path | None = None
    command: Command = "categorize"
    options: Mapping[str, Any] | None = None
    plan: Path | None = None
    classifier: Path | None = None
    port: int = 0
    opens_browser: bool = True
    command_line: str = ""


def review(request: ReviewRequest, *, tell: Callable[[str], None], listener: Listener | None = None) -> None:
    """Serve the review until Ctrl-C, SIGTERM or SIGHUP. Nothing is moved before a person applies the plan on the page.

    `tell` receives the address of the page if no browser shall be opened, or if none can be opened, the name of a
    private file that leads to the page. Raises ImgsortError: UsageError, CollectionError, LockedError if another review
    works on this collection, JournalError, and the errors of the command. Work that was cut short raises a StoppedError
    or KeyboardInterrupt, once all is tidied.
    """
    hearing = listener or Listener()
    options = dict(request.options or {})
    settings = FilingSettings(**{name: options[name] for name in _FILING if name in options})
    read = ReadSettings(**{name: options[name] for name in _READING if name in options})
    edited = None if request.plan is None else read_plan(request.plan)
    site = _site(request, edited, settings)
    make_place = _place_of_classifier(request, site)
    has_cache = options.get("cache", True)
    if request.command in _BY_CLASS and edited is None:
        options["classifier"] = request.classifier
    with (
        ending(),
        contextlib.closing(listening(request.port)) as bound,
        reviewing(site.roots[0]) as folder,
        contextlib.closing(Thumbnails.opened(hearing.notice, has_cache=has_cache)) as thumbnails,
    ):
        _settle(site, hearing)
        if edited is None:
            studying = Studying(hearing, thumbnails)
            proposal = propose(request.command, site.collection, options, studying, request.command_line)
        else:
            proposal = read_proposal(edited, settings, hearing)
        kept = Kept(folder, proposal.command, partial(_is_in_force, site.roots[-1]), images=len(proposal.files))
        for text in kept.notices:
            hearing.notice(text)
        looks = Looks(proposal, hearing, has_cache=has_cache)
        looks.judge(proposal.sorting)
        with _working(hearing) as worker:
            session = Session(looks, kept, worker, settings.sidecar_rules)
            served = Review(session, page_of(looks), thumbnails, settings, read, make_place)
            _serve(served, bound, tell, hearing, opens=request.opens_browser)
        if session.corrections:
            if not session.is_kept:
                session.keep()  # there may be room on the disk by now
            hearing.notice(_kept_words(session.corrections, is_kept=session.is_kept))
        if worker.cut_short is not None:
            raise worker.cut_short


def _kept_words(corrections: int, *, is_kept: bool) -> str:
    what = "1 correction is" if corrections == 1 else f"{corrections} corrections are"
    if is_kept:
        return f"{what} kept. The next `imgsort review` offers them again."
    return f"{what} not all kept: the latest could not be written to the disk and are lost."


def _is_in_force(root: Path, run_id: str) -> bool:
    """Say whether a run is not undone. Where nobody can tell, it counts as in force."""
    from imgsort.filing.moving.undo import run_to_undo

    try:
        run_to_undo(root, run_id)
    except NothingToUndoError:
        return False
    except JournalError:
        return True
    return True


def _serve(
    served: Review, bound: socket.socket, tell: Callable[[str], None], hearing: Listener, *, opens: bool
) -> None:
    """Serve until Ctrl-C, under a key that nobody can guess."""
    token, port = secrets.token_urlsafe(32), bound.getsockname()[1]
    with _opened(f"http://127.0.0.1:{port}/#token={token}", tell, hearing, opens=opens) as open_page:

        def when_started() -> None:
            open_page()
            served.session.warm_up()

        serve(app_of(served, port=port, token=token), bound, when_started, served.session.worker.ask_to_stop)


# The options that say where files go and which of them go together.
_FILING = ("output", "mode", "sidecars", "sidecar_patterns")
_READING = ("max_pixels", "truncated")
# The commands that use a classifier. A new one is then written to its usual place.
_BY_CLASS = ("classify", "watch")


def _site(request: ReviewRequest, edited: EditedPlan | None, settings: FilingSettings) -> Site:
    """Return where files come from and go to. Raises UsageError and CollectionError."""
    if edited is None:
        if request.folder is None:
            raise UsageError("give the folder to review, or a plan with --plan.")
        return site_of(require_folder(request.folder), settings.output, settings.mode)
    root = require_folder(edited.collection)
    if request.folder is not None and require_folder(request.folder) != root:
        raise UsageError(f"{request.plan}: this plan is for {root}, not for {request.folder}. Leave out the folder.")
    return site_of(root, edited.given_output, edited.mode)


def _place_of_classifier(request: ReviewRequest, site: Site) -> Callable[[], Path]:
    """Return a function that says where a classifier is written. Raises UsageError if the place cannot be used."""
    path = request.classifier
    if path is None or (request.command in _BY_CLASS and request.plan is None):
        return partial(place_in_state, site.roots[0])
    if path.suffix != SUFFIX:
        raise UsageError(f"--classifier {path}: give a name that ends in {SUFFIX}; Keras needs it.")
    require_new(path)
    require_new_folder(path.with_name(f"{path.stem}_training"))
    return lambda: path


def _settle(site: Site, hearing: Listener) -> None:
    """Bring the files of killed runs in order, so that the proposal sees each of them once."""
    from imgsort.filing.moving.settle import unsettled_runs

    if any(unsettled_runs(root) for root in site.roots):
        with locked_and_settled(site.roots, "review") as settled:
            tell_settled(settled, hearing)


@contextlib.contextmanager
def _working(hearing: Listener) -> Iterator[Worker]:
    """Give a worker, and end its work at last: moves stop after the files in hand, and `imgsort undo` knows them."""
    worker = Worker(hearing)
    try:
        yield worker
    finally:
        if not worker.stop(_SECONDS_TO_STOP):
            hearing.notice("the work did not end in time. The next command brings its files in order.")


@contextlib.contextmanager
def _opened(
    address: str, tell: Callable[[str], None], hearing: Listener, *, opens: bool
) -> Iterator[Callable[[], None]]:
    """Give a function that opens the page or tells its address, and remove the file that leads there at last."""
    with folder_for_a_while() as folder:

        def open_page() -> None:
            if not opens:
                tell(address)
                return
            file = page_opener(address, folder)
            if webbrowser.open(file.as_uri()):
                hearing.notice("the review is open in the browser. Ctrl-C here ends it.")
            else:
                tell(f"no browser could be opened. Open this file in one: {file}")

        yield open_page
