"""Takes the pictures of the review and of the report that README.md and the docs show, in a real browser.

    python tools/screenshots.py docs
    python tools/screenshots.py demo/looks --all     # each part of the page: light and dark, wide and 400 px

The photographs are those of `examples/make_photos.py`, which may be shown; imgsort groups them as anybody's. Needs
chromium, playwright and scikit-image.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
IMGSORT = [sys.executable, "-m", "imgsort"]
GROUPING = ["--model", "efficientnet-lite0", "--quality", "high", "--clusters", "8", "--names"]
WIDE, NARROW = (1280, 800), (400, 800)


def make_photographs(folder: Path) -> None:
    """Write about 100 photographs into `folder`."""
    subprocess.run([sys.executable, PROJECT / "examples" / "make_photos.py", folder], check=True)
    (folder / "labels.csv").unlink()


@contextmanager
def review_of(folder: Path) -> Iterator[str]:
    """Serve a review of `folder`, and yield the address of its page."""
    command = [*IMGSORT, "review", str(folder), "--no-browser", *GROUPING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stdout or ())
            yield next(found.group() for line in lines if (found := re.search(r"http://\S+#token=\S+", line)))
        finally:
            process.terminate()


@contextmanager
def browser() -> Iterator[Any]:
    """Yield a Chromium without a window."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    arguments = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars"]
    # As the superuser, as in a container, Chromium starts only without its sandbox.
    arguments += ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


def shoot(page: Any, picture: Path) -> None:
    """Save what the page shows as a picture, small enough for a repository."""
    from PIL import Image

    page.wait_for_timeout(400)
    shot = picture.with_suffix(".png")
    page.screenshot(path=shot)
    with Image.open(shot) as image:
        image.convert("RGB").save(picture, quality=85, optimize=True)
    if shot != picture:
        shot.unlink()
    print(picture)


def open_page(chromium: Any, address: str, size: tuple[int, int] = WIDE, colours: str = "light") -> Any:
    """Open an address in a window of a size, and wait for the photographs."""
    page = chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=colours)
    page.goto(address)
    page.locator(".tile img").first.wait_for()
    return page


def select_some(page: Any, count: int) -> None:
    """Select the first images of the second group."""
    for number in range(count):
        page.locator("section.group").nth(1).locator(".tile").nth(number).click(modifiers=["Control"])
    page.mouse.move(5, 5)


def shoot_review(chromium: Any, address: str, folder: Path) -> None:
    """Take the picture of the README: some corrections are made, and some images are selected."""
    page = open_page(chromium, address)
    for number, name in enumerate(("stars", "cats", "rockets")):
        head = page.locator("section.group").nth(number)
        head.locator(".dots").click()
        page.get_by_role("menuitem", name="Rename…").click()
        page.get_by_role("textbox", name="Name").fill(name)
        page.keyboard.press("Enter")
        page.locator(f'.group-name:text-is("{name}")').wait_for()
    page.reload()
    page.locator(".tile img").first.wait_for()
    select_some(page, 3)
    shoot(page, folder / "review.jpg")


def shoot_report(chromium: Any, report: Path, folder: Path) -> None:
    """Take the picture of the docs: the report of the same photographs, with the map."""
    page = open_page(chromium, report.as_uri())
    page.get_by_role("button", name="Map", exact=True).click()
    page.locator(".map-stage[data-drawn]").wait_for(timeout=30_000)
    shoot(page, folder / "report.jpg")


def shoot_all(chromium: Any, address: str, folder: Path) -> None:
    """Take pictures of each part of the review, to look at them."""
    for colours in ("light", "dark"):
        for name, size in {"wide": WIDE, "narrow": NARROW}.items():
            page = open_page(chromium, address, size, colours)
            shoot(page, folder / f"wall_{name}_{colours}.jpg")
            select_some(page, 2)
            shoot(page, folder / f"selection_{name}_{colours}.jpg")
            for key, part in {"m": "move", "k": "like", "s": "split", "?": "keys"}.items():
                if part == "like":
                    page.keyboard.press("Escape")
                page.locator(".tile").first.focus()
                page.keyboard.press(key)
                page.locator("dialog").wait_for()
                shoot(page, folder / f"{part}_{name}_{colours}.jpg")
                page.keyboard.press("Escape")
                page.locator("dialog").wait_for(state="detached")
            page.locator(".tile").first.press("Enter")
            shoot(page, folder / f"large_{name}_{colours}.jpg")
            page.close()


def main() -> None:
    """Make the photographs, serve them, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument(
        "--all", action="store_true", help="each part of the review, instead of the pictures of the docs"
    )
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as room, browser() as chromium:
        photographs, report = Path(room) / "photographs", Path(room) / "report.html"
        make_photographs(photographs)
        if not arguments.all:
            subprocess.run(
                [*IMGSORT, "categorize", photographs, "--dry-run", "--report", report, *GROUPING],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            shoot_report(chromium, report, arguments.folder)
        with review_of(photographs) as address:
            (shoot_all if arguments.all else shoot_review)(chromium, address, arguments.folder)


if __name__ == "__main__":
    main()
