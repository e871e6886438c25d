"""A report in a real browser, opened from the disk. The fixture `page` holds that it never complains."""

import re
from dataclasses import replace

import pytest

import imgsort.report.page as report
from imgsort.report.page import write_report
from imgsort.report.shown_text import shown
from tests.report.pages import HOSTILE, full_page, page_of, webp, with_names
from tests.support.browser import serious_barriers

SHOWN = "document.querySelectorAll('.tile').length"


@pytest.fixture
def opened(page, tmp_path):
    """Return a function that writes a report and opens it."""

    def opened(data, thumbnails=None):
        count = len(data.images.names) + 1
        file = tmp_path / "rep#ort %41\udce9.html"
        write_report(file, data, thumbnails or [webp(number) for number in range(count)])
        page.goto(file.as_uri())
        page.wait_for_selector("main .tile")
        return page

    return opened


def first_names(page, count=4):
    return page.locator(".tile").evaluate_all(
        f"tiles => tiles.slice(0, {count}).map(t => t.getAttribute('aria-label'))"
    )


def test_the_wall_shows_the_largest_group_first_and_opens(opened):
    """A closed group shows its most and its least typical images, and opens to all of them in the order of distance."""
    data = page_of(90)
    page = opened(data)
    assert page.locator(".group-name").all_inner_texts() == ["category_1", "category_2", "category_3"]
    members = [number for number in range(90) if data.images.groups[number] == 0]
    members.sort(key=data.images.distances.__getitem__)
    closed = page.locator(".group").first.locator(".tile").evaluate_all("tiles => tiles.map(t => +t.dataset.number)")
    assert closed == [*members[: len(closed) - 2], *members[-2:]]
    page.locator(".group-toggle").first.click()
    shown = page.locator(".group").first.locator(".tile").evaluate_all("tiles => tiles.map(t => +t.dataset.number)")
    assert shown == members
    assert page.locator("img.thumbnail").first.evaluate("image => image.decode().then(() => image.naturalWidth)") == 96


def test_a_group_names_its_ends_only_where_its_order_holds(opened):
    """The oddest outlier comes first. Where a distance is missing, nothing says that an image is typical."""
    data = page_of(90)
    kinds = zip(data.groups, ("category", "outliers", "category"), strict=True)
    distances = [None if group == 2 else number / 90 for number, group in enumerate(data.images.groups)]
    images = replace(data.images, distances=distances)
    groups = tuple(replace(group, kind=kind) for group, kind in kinds)
    page = opened(replace(data, images=images, groups=groups))
    ends = page.locator(".group").evaluate_all("all => all.map(g => g.querySelector('.group-ends')?.textContent ?? '')")
    assert ends == ["most typical … least typical", "", "oddest … least odd"]
    odd = page.locator(".kind-outliers .tile").evaluate_all("tiles => tiles.map(t => +t.dataset.number)")
    assert odd == sorted(odd, reverse=True)
    assert odd[0] == max(number for number in range(90) if data.images.groups[number] == 1)


def test_a_search_shows_what_was_looked_for_first(opened):
    """However few they are, the images that were looked for come before what was found, the most alike first."""
    data = page_of(30)
    numbers = [0 if number in (4, 9) else 1 for number in range(30)]
    distances = [None if group == 0 else 1 - number / 90 for number, group in enumerate(numbers)]
    images = replace(data.images, groups=numbers, distances=distances)
    groups = (replace(data.groups[0], name="looked for", kind="query"), replace(data.groups[1], kind="match"))
    page = opened(replace(data, command="find", images=images, groups=groups))
    assert page.locator(".group-name").all_inner_texts() == ["looked for", groups[1].name]
    ends = page.locator(".group").evaluate_all("all => all.map(g => g.querySelector('.group-ends')?.textContent ?? '')")
    assert ends == ["", "most alike … least alike"]
    found = page.locator(".kind-match .tile").evaluate_all("tiles => tiles.map(t => +t.dataset.number)")
    assert found[0] == 29


def test_only_what_is_near_the_window_is_in_the_document(opened):
    """Of many images only some are in the document, and the page has its full height before any of them is drawn."""
    page = opened(page_of(3000, 1), [webp(0)] * 3000)
    page.locator(".group-toggle").click()
    height = page.evaluate("document.documentElement.scrollHeight")
    assert page.evaluate(SHOWN) < 200
    page.keyboard.press("End")
    page.mouse.wheel(0, height)
    page.wait_for_function("() => scrollY > 1000 && document.querySelector('[aria-posinset=\"3000\"]')")
    assert page.evaluate(SHOWN) < 200
    assert page.evaluate("document.documentElement.scrollHeight") == height


def test_images_are_found_by_name(opened):
    """The field shows the images whose names hold the words, in all groups, and says how many."""
    page = opened(page_of(90))
    page.get_by_label("Find by file name").fill("0008")
    page.wait_for_function(f"() => {SHOWN} === 11")
    assert page.locator(".found-count").inner_text() == "11 found"
    page.get_by_label("Find by file name").fill("PHOTOS/00042")
    page.wait_for_function(f"() => {SHOWN} === 1")
    page.get_by_label("Find by file name").fill("")
    page.wait_for_function(f"() => {SHOWN} > 10")


def test_the_wall_by_keyboard(opened):
    """Arrow keys walk, Enter opens the larger view, Escape goes back, Space selects and Shift with arrows a range."""
    page = opened(page_of(90))
    page.locator(".tile").first.focus()
    names = first_names(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator("dialog strong").inner_text() == names[1]
    assert re.search(r"category_1\s*distance 0\.\d+", page.locator(".viewer-words").inner_text())
    page.keyboard.press("ArrowLeft")
    assert page.locator("dialog strong").inner_text() == names[0]
    page.keyboard.press("Escape")
    focused = "document.activeElement.getAttribute('aria-label')"
    page.wait_for_function(f"name => {focused} === name", arg=names[0])
    page.keyboard.press("ArrowDown")
    below = page.locator(".group").nth(1).locator(".tile").first.get_attribute("aria-label")
    assert page.evaluate(focused) == below
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator(".chosen span").first.inner_text() == "3 selected"
    page.get_by_role("button", name="Show only these").click()
    page.wait_for_function(f"() => {SHOWN} === 3")
    page.get_by_role("button", name="Clear the selection").click()
    page.wait_for_function(f"() => {SHOWN} > 3")


def test_a_range_takes_what_a_closed_group_does_not_show(opened):
    """Shift selects all images between two, also those in the gap of a closed group."""
    page = opened(page_of(90))
    tiles = page.locator(".group").first.locator(".tile")
    tiles.first.click(modifiers=["Control"])
    tiles.last.click(modifiers=["Shift"])
    assert tiles.count() < 45
    assert page.locator(".chosen span").first.inner_text() == "45 selected"


def test_the_map(opened):
    """The map starts when it is asked for. A point shows its picture, a click finds it in the wall, a lasso selects."""
    page = opened(page_of(90))
    assert page.evaluate("'deck' in globalThis") is False
    page.get_by_role("button", name="Map").click()
    page.wait_for_selector("[data-drawn]")
    box = page.locator(".map-stage").bounding_box()
    side = min(box["width"], box["height"]) * 0.92
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    x, y = page.evaluate("JSON.parse(document.getElementById('page-data').textContent).images.places[50]")
    point = middle[0] + (x - 0.5) * side, middle[1] + (y - 0.5) * side
    page.mouse.move(point[0] - 3, point[1])
    page.mouse.move(*point)
    page.locator(".map-tip strong").wait_for()
    name = page.locator(".map-tip strong").inner_text()
    page.mouse.click(*point)
    page.wait_for_function("name => document.activeElement.getAttribute('aria-label') === name", arg=name)
    box = page.locator(".map-stage").bounding_box()
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for right, down in ((0.99, 0.01), (0.99, 0.99), (0.01, 0.99)):
        page.mouse.move(box["x"] + box["width"] * right, box["y"] + box["height"] * down)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('.chosen span')?.textContent === '90 selected'")


def test_a_map_without_webgl_says_so(opened):
    """Where WebGL is missing, one sentence says so."""
    page = opened(page_of(30))
    page.evaluate("HTMLCanvasElement.prototype.getContext = () => null")
    page.get_by_role("button", name="Map").click()
    page.locator(".map-missing").wait_for()
    assert "no WebGL" in page.locator(".map-missing").inner_text()


def test_a_cell_of_the_confusion_matrix_opens_its_images(opened):
    """A press on a cell lists exactly the images behind it."""
    page = opened(full_page())
    page.locator("nav").get_by_text("Evaluation").click()
    page.get_by_role("button", name="2 images of category_1 taken for category_2").click()
    assert page.locator(".behind .card-name").all_inner_texts() == ["photos/00003.jpg", "photos/00004.jpg"]


def test_curves_and_tables_can_be_read_on_a_phone(opened):
    """Curves stand under what they are about, and begin at their first step. No word of a table breaks at 400 px."""
    page = opened(full_page())
    page.set_viewport_size({"width": 400, "height": 800})
    page.locator("nav").get_by_text("Training, Confidence").click()
    assert page.locator("main h2:visible").all_inner_texts() == ["Training", "Confidence"]
    assert page.locator(".chart").nth(1).locator("text").evaluate_all(
        "all => all.slice(5, 7).map(t => t.textContent)"
    ) == ["0", "2"]
    page.locator("nav").get_by_text("Models").click()
    assert page.locator("table:visible td.number").all_inner_texts() == ["100.0 %", "1234567"]
    assert page.locator(".table-note").inner_text().startswith("the weights of this model")
    heights = page.locator("table:visible thead th").evaluate_all("all => all.map(cell => cell.offsetHeight)")
    assert max(heights) < 40
    beyond = "document.documentElement.scrollWidth > 400 || document.querySelector('nav').scrollWidth > 400"
    assert page.evaluate(beyond) is False


def test_hostile_names_are_text(opened):
    """Names that are markup are shown letter by letter, wherever they appear."""
    page = opened(with_names(replace(page_of(7, 3), title=HOSTILE[0]), HOSTILE))
    assert page.locator("h1").inner_text() == HOSTILE[0]
    names = {shown(name).replace("\udce9", "\ufffd") for name in HOSTILE}
    assert {name.replace("\udce9", "\ufffd") for name in first_names(page, 7)} == names
    assert page.locator(".group-name").all_text_contents() == list(HOSTILE[:3])


def test_large_reports_show_cells_of_sheets(opened, monkeypatch):
    """Above a number of images the thumbnails come from the folder beside the file, each from its own cell."""
    monkeypatch.setattr(report, "MOST_INLINE", 20)
    page = opened(page_of(90))
    sheet = page.locator(".tile .thumbnail img").first
    assert sheet.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1280
    seen = page.locator(".tile").first.screenshot()
    assert len(seen) > 300


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_is_fit_for_everybody(opened, scheme):
    """axe-core finds nothing serious in any part, light or dark, with the map and the larger view."""
    page = opened(full_page())
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 400, "height": 800})
    for part in page.locator("nav button").all():
        part.click()
        assert serious_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if part.inner_text() == "Categories":
            page.get_by_role("button", name="Map").click()
            page.locator(".tile").first.click()
            assert serious_barriers(page) == []
            page.keyboard.press("Escape")
