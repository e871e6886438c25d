"""Answers the requests of the page. Every answer is JSON, a picture of the plan, or a file of the page."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from imgsort.errors import CorrectionError, ImgsortError, NotNowError
from imgsort.filing.journal.foreign import NONSENSE
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.settings import FilingSettings
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.report.page_data import PageData
from imgsort.review import actions
from imgsort.review.serving.guard import Guard
from imgsort.review.serving.page_files import PageFile, page_files
from imgsort.review.serving.pictures import Pictures
from imgsort.review.session import Session
from imgsort.review.sorting.corrections import require_images
from imgsort.review.sorting.requests import number_in
from imgsort.review.work import described

MAX_BODY_BYTES = 8 * 1024**2
_MOST_ALIKE = 500


@dataclass(frozen=True)
class Review:
    """All that the page can ask for. `settings`: which files go with an image. `classifier`: where one is written."""

    session: Session
    page: PageData
    thumbnails: Thumbnails
    settings: FilingSettings
    read: ReadSettings
    classifier: Callable[[], Path]


def app_of(review: Review, *, port: int, token: str) -> ASGIApp:
    """Return the application that serves a review on this port, to whoever has the token."""
    answers = _Answers(review)
    routes = [
        *(Route(path, _file_route(file)) for path, file in page_files().items()),
        Route("/image/{name}", _picture_route(answers.pictures.thumbnail, "image/webp")),
        Route("/image/{name}/large", _picture_route(answers.pictures.large, "image/jpeg")),
        Route("/api/page", _get(answers.page)),
        Route("/api/state", _get(answers.state)),
        Route("/api/map", _get(answers.map)),
        Route("/api/progress", _get(answers.progress)),
        Route("/api/plan.csv", _get(answers.plan)),
        Route("/api/correct", _post(answers.correct), methods=["POST"]),
        Route("/api/split", _post(answers.split), methods=["POST"]),
        Route("/api/like", _post(answers.like), methods=["POST"]),
        Route("/api/apply", _post(answers.apply), methods=["POST"]),
        Route("/api/take_back", _post(answers.take_back), methods=["POST"]),
        Route("/api/train", _post(answers.train), methods=["POST"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _refused,
            CorrectionError: _wrong,
            NotNowError: _not_now,
            ImgsortError: _wrong,
            OSError: _wrong,
        },
    )
    return Guard(app, port=port, token=token)


class _Json(JSONResponse):
    """JSON in ASCII: a name of a file may hold bytes that are not UTF-8."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class _Answers:
    """What each request is answered with. These functions run in threads."""

    def __init__(self, review: Review) -> None:
        self._review, self._session, self._worker = review, review.session, review.session.worker
        self.pictures = Pictures(review.session, review.thumbnails, review.read)

    def page(self, _: Request) -> Response:
        notes = self._review.page.images.notes or [None] * len(self.pictures.ids)
        of = [
            f"/image/{name}" if note is None or self.pictures.thumbnail(name) is not None else None
            for name, note in zip(self.pictures.ids, notes, strict=True)
        ]
        thumbnails = {"kind": "address", "of": of}
        return _Json({"page": self._review.page.to_json(), "thumbnails": thumbnails, "state": self._session.state()})

    def state(self, request: Request) -> Response:
        if request.query_params.get("since") == str(self._session.revision):
            return Response(status_code=204)
        return _Json(self._session.state())

    def map(self, _: Request) -> Response:
        return _Json({"places": self._session.looks.map_places})

    def progress(self, _: Request) -> Response:
        return _Json(asdict(self._worker.now))

    def plan(self, _: Request) -> Response:
        table = self._session.plan().csv(self._session.proposal.site.output)
        headers = {"Content-Disposition": 'attachment; filename="plan.csv"'}
        return Response(table, media_type="text/csv", headers=headers)

    def correct(self, body: Any) -> Response:
        revision = number_in(body, "revision")
        try:
            if self._session.correct(revision, body.get("correction")):
                return _Json(self._session.state())
            error = NotNowError("the sorting was corrected meanwhile. Look at it, and try again.")
        except NotNowError as refused:
            error = refused
        return _Json({**self._session.state(), "error": described(error)}, status_code=409)

    def split(self, body: Any) -> Response:
        group = self._session.sorting.group(number_in(body, "group"))
        members = self._session.sorting.members(group.id)
        if len(members) < 2:
            raise CorrectionError(f"{group.name!r} has fewer than two images, so it cannot be split.")
        return _Json({"halves": self._session.looks.likeness.halves(members)})

    def like(self, body: Any) -> Response:
        number = number_in(body, "image")
        require_images(self._session.sorting, [number])
        most = min(_MOST_ALIKE, max(1, number_in({"most": 50, **body}, "most")))
        return _Json({"images": self._session.looks.likeness.most_alike(number, most)})

    def apply(self, _: Any) -> Response:
        self._session.plan()  # what is wrong with it is said at once
        return self._start("filing", lambda: actions.apply_sorting(self._session, self._review.settings, self._worker))

    def take_back(self, _: Any) -> Response:
        self._session.require_applied()
        return self._start("undoing", lambda: actions.take_back(self._session, self._worker))

    def train(self, _: Any) -> Response:
        if len(self._session.class_names()) < 2:
            raise CorrectionError("a classifier needs at least two categories with images.")
        return self._start("training", lambda: actions.train_on(self._session, self._review.classifier, self._worker))

    def _start(self, task: str, work: Callable[[], dict[str, Any]]) -> Response:
        self._session.start(task, work)
        return _Json({"started": True})


def _get(answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return endpoint


def _post(answer: Callable[[Any], Response]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, await _body_of(request))

    return endpoint


async def _body_of(request: Request) -> Any:
    """Return the JSON object of a request. Raises HTTPException if it is none, or too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "a change is a POST of JSON.")
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > MAX_BODY_BYTES:
                raise HTTPException(413, f"the request is larger than {MAX_BODY_BYTES} bytes.")
    except ClientDisconnect as error:  # its tab was closed, so nobody hears the answer
        raise HTTPException(400, "the request is not whole.") from error
    try:
        body = json.loads(data)
    except NONSENSE as error:
        raise HTTPException(400, "the request is not JSON.") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "the request is not a JSON object.")
    return body


def _file_route(file: PageFile) -> Callable[[Request], Any]:
    async def endpoint(_: Request) -> Response:
        data = await run_in_threadpool(file.path.read_bytes)
        return Response(data, headers={"Content-Type": file.media_type, "Cache-Control": "no-cache"})

    return endpoint


def _picture_route(picture: Callable[[str], bytes | None], media_type: str) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        found = await run_in_threadpool(picture, request.path_params["name"])
        if found is None:
            raise HTTPException(404, "there is no such picture.")
        return Response(found, headers={"Content-Type": media_type, "Cache-Control": "private, max-age=3600"})

    return endpoint


def _refused(_: Request, error: Any) -> Response:
    return _error(error.status_code, {"type": "Refused", "message": error.detail})


def _wrong(_: Request, error: Exception) -> Response:
    return _error(422, described(error))


def _not_now(_: Request, error: Exception) -> Response:
    return _error(409, described(error))


def _error(status: int, described_error: dict[str, Any]) -> Response:
    return _Json({"error": described_error}, status_code=status)
