"""Opens pages in a real Chromium without a window, and holds that they have nothing to complain about.

The tests skip where there is no Chromium or no playwright; `IMGSORT_REQUIRE=browser` lets them fail there instead.
WebGL is drawn by the processor, so that the map can be tested on any machine.
"""

import os
import shutil
from urllib.parse import urlsplit

import pytest

from tests.support.requirements import skip_or_fail

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage")
HERE = ("file", "data", "blob", "about")


def chromium() -> str:
    """Return the path of Chromium; skip the test if there is none."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return found or skip_or_fail("browser", f"none of these is installed: {', '.join(CHROMIUM_NAMES)}")


@pytest.fixture(scope="module")
def browser():
    """Return a browser for the tests of one module.

    It does not last longer, because playwright's event loop would get into the way of tests that have their own.
    """
    path = chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_or_fail("browser", "playwright is not installed")
    # As the superuser, as in a container, Chromium starts only without its sandbox.
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def complaints():
    """Return the list of what `page` should not have done. A test that provokes one takes it out of the list."""
    return []


@pytest.fixture
def page(browser, complaints):
    """Return an empty page. At the end of the test there must have been no error and no request to another machine."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    watched = context.new_page()
    watch(watched, complaints)
    yield watched
    context.close()
    assert complaints == []


def watch(page, complaints):
    """Write down what the page should not do: errors, warnings, and requests to anything but this machine."""

    def requested(request):
        address = urlsplit(request.url)
        if address.scheme not in HERE and address.hostname != "127.0.0.1":
            complaints.append(f"request: {request.url}")

    def told(message):
        if message.type in ("error", "warning"):
            complaints.append(f"{message.type}: {message.text}")

    page.on("request", requested)
    page.on("console", told)
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))


def serious_barriers(page):
    """Return what axe-core finds wrong for people with disabilities, if it is serious: [(rule, element), ...]."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    # Colours in the middle of an animation are nobody's.
    page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))")
    found = axe.Axe().run(page).response["violations"]
    worst = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    return [(rule["id"], node["html"][:200]) for rule in worst for node in rule["nodes"]]
