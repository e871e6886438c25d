"""Makes small folders of pictures and reviews of them, without a model: the features are made up."""

import time

import numpy as np

from imgsort.content import content_hash
from imgsort.features.cache.thumbnail_cache import ThumbnailsInMemory
from imgsort.filing.planning.site import Mode, site_of
from imgsort.grouping.categories.group import group_rows
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import find_images
from imgsort.jobs.listener import Listener
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import FilingSettings
from imgsort.jobs.study import Study
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.review.first_page import page_of
from imgsort.review.keeping.kept import Kept
from imgsort.review.looks import Looks
from imgsort.review.proposal import proposal_of
from imgsort.review.serving.app import Review, app_of
from imgsort.review.session import Session
from imgsort.review.work import Worker
from tests.support.pictures import encode
from tests.support.trees import make_tree

PER_GROUP = 4


def colours(groups=3, per_group=PER_GROUP):
    """Return {name: PNG}: pictures of a few colours, `per_group` of each, all different."""
    tree = {}
    for number in range(groups * per_group):
        picture = np.full((40, 60, 3), 20, np.uint8)
        picture[..., number % groups] = 200
        picture[0, :2, 0] = number % 256, number // 256
        tree[f"{number:02d}.png"] = encode(picture, "PNG")
    return tree


def photos_in(folder, groups=3, per_group=PER_GROUP, others=None):
    """Make a folder with the pictures of `colours`, and return its tree. `others`: further files."""
    tree = {**colours(groups, per_group), **(others or {})}
    make_tree(folder, tree)
    return tree


def study_of(folder, groups=3, output=None, mode="move", *, command="categorize", with_features=True):
    """Return the study of a folder whose image number n belongs to group n % `groups`, the first one the largest."""
    site = site_of(folder.resolve(), output, Mode(mode))
    files = find_images(folder).files
    contents = tuple(content_hash((folder / file.path).read_bytes()) for file in files)
    chance = np.random.default_rng(0)
    matrix = np.zeros((len(files), 8), np.float32)
    for number in range(len(files)):
        matrix[number, number % groups] = 1
    matrix += chance.normal(0, 0.05, matrix.shape).astype(np.float32)
    placements = tuple(
        place(file, content, f"category_{number % groups + 1}", 0.1)
        for number, (file, content) in enumerate(zip(files, contents, strict=True))
    )
    return Study(
        command,
        site,
        files,
        contents,
        placements,
        frozenset({"Unsorted"}),
        matrix=matrix if with_features else None,
        regroup=(lambda count: group_rows(matrix, count).labels) if with_features else None,
    )


def session_of(folder, kept_in, **options):
    """Return a session that reviews the study of a folder, and keeps its corrections in `kept_in`."""
    proposal = proposal_of(study_of(folder, **options))
    looks = Looks(proposal, Listener())
    looks.judge(proposal.sorting)
    return Session(looks, Kept(kept_in, proposal.command), Worker(Listener()))


def groups_of(state):
    """Return {name of the group: numbers of its images} of a session's state."""
    names = {group["id"]: group["name"] for group in state["groups"]}
    found = {name: [] for name in names.values()}
    for number, group in enumerate(state["images"]):
        found[names[group]].append(number)
    return found


def id_of(state, name):
    """Return the id of the group with this name."""
    return next(group["id"] for group in state["groups"] if group["name"] == name)


PORT, TOKEN = 8123, "the-token-of-the-tests"


def client_of(folder, kept_in, token=TOKEN, **options):
    """Return a client that asks the application which reviews a folder, with the token in each request."""
    from starlette.testclient import TestClient

    session = session_of(folder, kept_in, **options)
    review = Review(
        session,
        page_of(session.looks),
        Thumbnails(ThumbnailsInMemory()),
        FilingSettings(),
        ReadSettings(),
        lambda: kept_in.parent / "learned.keras",
    )
    headers = {} if token is None else {"X-Imgsort-Token": token}
    app = app_of(review, port=PORT, token=TOKEN)
    return TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers=headers)


def correct(client, **correction):
    """Make a correction, and return the state after it."""
    revision = client.get("/api/state").json()["revision"]
    answer = client.post("/api/correct", json={"revision": revision, "correction": correction})
    assert answer.status_code == 200, answer.text
    return answer.json()


def finished(client):
    """Wait until the work has ended, and return what is told of it."""
    for _ in range(600):
        progress = client.get("/api/progress").json()
        if progress["state"] in ("done", "failed"):
            return progress
        time.sleep(0.05)
    raise AssertionError(progress)
