"""Measures how quickly a report of many images is written, opens in Chromium, and scrolls.

    python benchmarks/report_page.py [--images 20000] [--groups 40] [--keep FOLDER]

Groups and places are made up; the thumbnails are WebP pictures of random blobs, of 192 px and about 6 kB. "Usable" is
when the images in the window are drawn, in milliseconds after the browser began to load the file. Then every group is
opened, and the page scrolls from its beginning to its end by 0.8 of the window's height a frame. A "task" is what keeps
the page from answering: the browser's own measure (`longtask`), which knows tasks of 50 ms and more only.
"""

import argparse
import io
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import described
from PIL import Image, ImageFilter

from imgsort.report.page import sheets_folder, write_report
from imgsort.report.page_data import Group, Images, Made, PageData

DISTINCT = 500
WATCH = """
window.tasks = [];
new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration)))
  .observe({type: "longtask", buffered: true});
const look = () => {
  const images = [...document.querySelectorAll(".tile img")].filter((image) => {
    const box = image.closest(".tile").getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  });
  if (images.length && images.every((image) => image.complete)) window.usable = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
SCROLL = """async () => {
  let last = performance.now(), longest = 0, frames = 0, most = 0;
  const frame = () => new Promise((done) => requestAnimationFrame(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    done();
  }));
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
    scrollTo(0, y);
    await frame();
    for (const toggle of document.querySelectorAll('.group-toggle[aria-expanded="false"]')) toggle.click();
  }
  scrollTo(0, 0);
  await new Promise((done) => setTimeout(done, 1000));
  await frame();
  tasks.length = 0;
  longest = 0;
  for (let y = 0; ; y += 0.8 * innerHeight) {
    scrollTo(0, y);
    await frame();
    frames += 1;
    most = Math.max(most, document.querySelectorAll(".tile").length);
    if (y > document.documentElement.scrollHeight) break;
  }
  await new Promise((done) => setTimeout(done, 500));
  return {frames, longest, most, task: Math.max(0, ...tasks), tasks: tasks.length,
          height: document.documentElement.scrollHeight};
}"""


def thumbnails(count: int) -> list[bytes]:
    """Return `count` WebP pictures, of which DISTINCT are different."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(min(DISTINCT, count)):
        blobs = Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8)).resize(
            (192, 144), Image.Resampling.BICUBIC
        )
        grain = Image.fromarray(rng.integers(0, 256, (144, 192, 3), np.uint8)).filter(ImageFilter.GaussianBlur(1))
        packed = io.BytesIO()
        Image.blend(blobs, grain, 0.25).save(packed, "webp", quality=75, method=2)
        made.append(packed.getvalue())
    return [made[number % len(made)] for number in range(count)]


def page_data(count: int, groups: int) -> PageData:
    """Return the data of a report in which group sizes fall tenfold."""
    rng = np.random.default_rng(0)
    shares = np.geomspace(10, 1, groups)
    of = rng.choice(groups, count, p=shares / shares.sum())
    centres = rng.random((groups, 2))
    places = np.clip(centres[of] + rng.normal(size=(count, 2)) * 0.03, 0, 1)
    images = Images(
        names=[f"2026/08/IMG_{number:06}.jpg" for number in range(count)],
        groups=of.tolist(),
        distances=rng.gamma(4, 0.1, count).round(4).tolist(),
        places=[(float(x), float(y)) for x, y in places.round(5)],
    )
    folders = tuple(Group(f"category_{number + 1}", "category", 0.3) for number in range(groups))
    return PageData("categorize", "photos", "planned", images, folders, Made("imgsort categorize photos"))


def measure(file: Path) -> dict[str, float]:
    """Open the report and scroll through it. Return what the browser measured."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(WATCH)
        page.goto(file.as_uri())
        page.wait_for_function("() => window.usable")
        opening = {"usable": page.evaluate("usable"), "opening_task": page.evaluate("Math.max(0, ...tasks)")}
        result = {**opening, **page.evaluate(SCROLL), "browser": browser.version}
        browser.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--groups", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="write the report into this folder and leave it there")
    options = parser.parse_args()
    print(described())
    made = thumbnails(options.images)
    data = page_data(options.images, options.groups)
    folder = options.keep or Path(tempfile.mkdtemp())
    file = folder / "report.html"
    start = time.perf_counter()
    write_report(file, data, made)
    seconds = time.perf_counter() - start
    sheets = sum(each.stat().st_size for each in sheets_folder(file).glob("*")) if sheets_folder(file).is_dir() else 0
    found = measure(file)
    print(f"Chromium {found['browser']}; load of the machine (1 minute): {os.getloadavg()[0]:.1f}\n")
    print("| what | value |\n| --- | --- |")
    print(f"| images, groups | {options.images}, {options.groups} |")
    print(f"| mean size of a thumbnail | {sum(map(len, made)) / len(made) / 1000:.1f} kB |")
    print(f"| writing the report | {seconds:.1f} s |")
    print(f"| the file; its sheets | {file.stat().st_size / 1e6:.1f} MB; {sheets / 1e6:.1f} MB |")
    print(f"| usable after | {found['usable'] / 1000:.2f} s (longest task {_task(found['opening_task'])}) |")
    print(f"| scrolled | {found['height']:.0f} px in {found['frames']} frames |")
    print(f"| longest task while scrolling | {_task(found['task'])} ({found['tasks']} of 50 ms and more) |")
    print(f"| longest time between two frames | {found['longest']:.0f} ms |")
    print(f"| images in the document at most | {found['most']} |")
    if not options.keep:
        shutil.rmtree(folder)


def _task(duration: float) -> str:
    return f"{duration:.0f} ms" if duration else "under 50 ms"


if __name__ == "__main__":
    main()
