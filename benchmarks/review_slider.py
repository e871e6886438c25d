"""Measures how quickly a review answers: the slider, a move, the state, for made-up features of many images.

    python benchmarks/review_slider.py --images 5000

The features are made up as photographs' features look: a few hundred components hold 95 % of their variance. Requests
go through the application of the review, without a browser and a socket. With --browser, the slider is moved in a real
Chromium, and the time ends when the new groups are drawn; it includes the moment for which the slider must rest. There
are no image files, so the tiles stay grey. Prints the load of the machine, too.
"""

import argparse
import os
import shutil
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np
from starlette.testclient import TestClient

from imgsort.features.cache.thumbnail_cache import ThumbnailsInMemory
from imgsort.filing.planning.site import site_of
from imgsort.grouping.categories.regroup import Regroup
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import ImageFile
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
from imgsort.review.serving.server import listening, serve
from imgsort.review.session import Session
from imgsort.review.work import Worker

_PORT, _TOKEN = 8123, "token"
_CLUSTERS = (8, 7, 9, 12, 16, 20, 30, 40)
_MOVE_SLIDER = """async (count) => {
  const range = document.querySelector("#clusters-slider");
  const frame = () => new Promise(requestAnimationFrame);
  const began = performance.now();
  range.value = count;
  range.dispatchEvent(new Event("input", { bubbles: true }));
  while (!range.hasAttribute("aria-busy")) await frame();
  while (range.hasAttribute("aria-busy")) await frame();
  await frame();
  await frame();
  return performance.now() - began;
}"""


def features(images: int, width: int = 1280, groups: int = 20) -> np.ndarray:
    """Return float32 (images, width): groups of several sizes, in components whose variance falls as 1/rank."""
    random = np.random.default_rng(0)
    scales = 1 / np.sqrt(np.arange(1, width + 1))
    centres = random.normal(size=(groups, width)) * scales
    owners = np.sort(random.integers(0, groups, images) * random.integers(0, 2, images))
    turned = np.linalg.qr(random.normal(size=(width, width)))[0]
    rows = (centres[owners] + 0.7 * random.normal(size=(images, width)) * scales) @ turned
    return rows.astype(np.float32)


def review_of(folder: Path, images: int, algorithm: str) -> Review:
    """Return a review of made-up images, of which no file exists."""
    matrix = features(images)
    regroup = Regroup(matrix, algorithm=algorithm, directions=algorithm == "graph")
    files = tuple(ImageFile(f"photo_{number:06d}.jpg", 1, 1) for number in range(images))
    contents = tuple(f"{number:064x}" for number in range(images))
    labels = regroup(8)
    placements = [
        place(file, content, f"category_{label + 1}", 0.5)
        for file, content, label in zip(files, contents, labels, strict=True)
    ]
    study = Study("categorize", site_of(folder), files, contents, tuple(placements), matrix=matrix, regroup=regroup)
    proposal = proposal_of(study)
    session = Session(Looks(proposal, Listener()), Kept(folder, "categorize"), Worker(Listener()))
    return Review(
        session,
        page_of(session.looks),
        Thumbnails(ThumbnailsInMemory()),
        FilingSettings(),
        ReadSettings(),
        lambda: folder / "learned.keras",
    )


def client_of(review: Review) -> TestClient:
    """Return a client of a review, without a socket."""
    headers = {"X-Imgsort-Token": _TOKEN}
    return TestClient(app_of(review, port=_PORT, token=_TOKEN), base_url=f"http://127.0.0.1:{_PORT}", headers=headers)


def in_browser(review: Review) -> dict[int, float]:
    """Return how many seconds a real page takes from each move of the slider until the new groups are drawn."""
    from playwright.sync_api import sync_playwright

    is_served = threading.Event()
    with closing(listening(0)) as bound, sync_playwright() as playwright:
        port = bound.getsockname()[1]
        app = app_of(review, port=port, token=_TOKEN)
        threading.Thread(target=serve, args=(app, bound, is_served.set, lambda: None), daemon=True).start()
        is_served.wait(10)
        review.session.warm_up()  # as the command does, while the browser opens
        arguments = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{port}/#token={_TOKEN}")
        page.locator(".group-name").first.wait_for()
        times = {count: page.evaluate(_MOVE_SLIDER, count) / 1000 for count in _CLUSTERS if count != 8}
        browser.close()
    return times


def seconds(ask: object) -> float:
    """Return how long a request takes; it must succeed."""
    began = time.perf_counter()
    answer = ask()  # type: ignore[operator]
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - began


def correct(client: TestClient, **correction: object) -> float:
    """Return how long a correction takes, with its answer."""
    revision = client.get("/api/state").json()["revision"]
    body = {"revision": revision, "correction": correction}
    return seconds(lambda: client.post("/api/correct", json=body))


def print_slider(options: argparse.Namespace, slider: dict[int, float]) -> None:
    """Print the seconds for each number of categories."""
    where = "in a browser" if options.browser else "by the application"
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{options.images} images, {options.algorithm}, {where}, {cores} cores, load {load:.1f}")
    print("categories  " + "  ".join(f"{count:>5}" for count in slider))
    print("seconds     " + "  ".join(f"{value:>5.2f}" for value in slider.values()))


def main() -> None:
    """Print the times as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--algorithm", choices=["kmeans", "graph"], default="kmeans")
    parser.add_argument("--browser", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        review = review_of(Path(folder).resolve(), options.images, options.algorithm)
        if options.browser:
            print_slider(options, in_browser(review))
            return
        client = client_of(review)
        slider = {count: correct(client, do="regroup", clusters=count) for count in _CLUSTERS if count != 8}
        state = client.get("/api/state").json()
        moves = [correct(client, do="move", images=[n], to=state["groups"][n % 3]["id"]) for n in range(20)]
        page = seconds(lambda: client.get("/api/page"))
        print_slider(options, slider)
        print(f"a move {median(moves) * 1000:.0f} ms (median), the whole page {page * 1000:.0f} ms")


if __name__ == "__main__":
    main()
