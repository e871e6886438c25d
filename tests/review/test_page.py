"""The page of `imgsort review` in a browser, against the real command: what is shown is what lies on the disk."""

import re
import shutil
from urllib.parse import urlsplit

import pytest

from tests.support.browser import serious_barriers, watch
from tests.support.review_tabs import ReviewTab, running_review
from tests.support.trees import names, read_tree

HOSTILE = "<img src=x onerror=alert(1)>.jpg"
# The browser writes this whenever the server refuses a correction, which the page then says in words.
REFUSED = re.compile("the server responded with a status of (409|422)")


@pytest.fixture(scope="module")
def collection(demo_photos, tmp_path_factory):
    """Five crops of each of four photographs; one of them has a name that is markup."""
    folder = tmp_path_factory.mktemp("review") / "photos"
    folder.mkdir()
    for photograph in ("astronaut", "chelsea", "coffee", "rocket"):
        for file in [file for file, name in sorted(demo_photos[1].items()) if name == photograph][:5]:
            shutil.copy2(demo_photos[0] / file, folder)
    min(folder.iterdir()).rename(folder / HOSTILE)
    return folder


@pytest.fixture(scope="module")
def review(collection, cache_folder):
    """One review for all tests here. Each test leaves the sorting, and the disk, as they were."""
    with running_review(collection) as running:
        yield running


@pytest.fixture
def new_tab(browser, complaints):
    """Open further tabs. At the end, no tab may have done what a page should not."""
    contexts = []

    def make(**options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        watch(page, complaints)
        return ReviewTab(page)

    yield make
    for context in contexts:
        context.close()
    assert [text for text in complaints if not REFUSED.search(text)] == []


@pytest.fixture
def tab(review, new_tab):
    """The page of the review. Afterwards, all corrections are taken back."""
    yield new_tab().open(review.address)
    review.take_all_back()


def categories(tab):
    """Return the names of the categories, in the order of the wall."""
    return [name for name in tab.groups() if name.startswith("category")]


def changed(before, **by):
    """Return the counts of groups after some of them gained or lost images."""
    return {name: count + by.get(name, 0) for name, count in before.items()}


def test_an_image_is_dragged_to_another_group(tab):
    """An image that is dropped on another group belongs to it; the selection is dragged as a whole."""
    before = tab.groups()
    one, two = categories(tab)[:2]
    drag(tab, tab.tiles(one).first, tab.group(two))
    tab.wait_for(after := changed(before, **{one: -1, two: 1}))
    for number in (0, 1):
        tab.tiles(one).nth(number).click(modifiers=["Control"])
    drag(tab, tab.tiles(one).nth(1), tab.page.locator(".folders li").filter(has_text="Unsorted"))
    tab.wait_for(after | {one: before[one] - 3, "Unsorted": 2})


def test_a_group_is_dragged_by_its_head_onto_another(tab):
    """A group that is dropped on another is merged with it."""
    before = tab.groups()
    one, two = categories(tab)[:2]
    drag(tab, tab.group(one).locator(".group-facts").first, tab.group(two))
    tab.wait_for({name: count for name, count in changed(before, **{two: before[one]}).items() if name != one})


def drag(tab, source, target):
    """Drag with the mouse, in small steps."""
    mouse = tab.page.mouse
    start, end = source.bounding_box(), target.bounding_box()
    mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    mouse.down()
    mouse.move(end["x"] + end["width"] / 2, end["y"] + min(40, end["height"] / 2), steps=8)
    mouse.up()


def test_a_range_is_selected_with_shift_and_moved_by_menu(tab):
    """Shift selects all images between two; the menu of the right mouse button moves them."""
    before = tab.groups()
    one, two = categories(tab)[:2]
    tab.tiles(one).nth(0).click(modifiers=["Control"])
    tab.tiles(one).nth(2).click(modifiers=["Shift"])
    assert "3 selected" in tab.page.locator(".selection-bar").inner_text()
    tab.tiles(one).nth(1).click(button="right")
    tab.page.get_by_role("menuitem", name="Move to…").click()
    tab.page.get_by_role("combobox").fill(two)
    tab.page.keyboard.press("Enter")
    tab.wait_for(changed(before, **{one: -3, two: 3}))
    assert tab.page.locator(".selection-bar").is_hidden()


def test_a_group_gets_another_name_and_a_bad_name_is_refused_in_words(tab):
    """A name is checked where it is typed, and the dialog stays open until it is good."""
    before = tab.groups()
    one = categories(tab)[0]
    tab.menu(one, "Rename…")
    field = tab.page.get_by_role("textbox", name="Name")
    field.fill("../escape")
    tab.page.keyboard.press("Enter")
    tab.page.locator(".wrong:not(:empty)").wait_for()
    field.fill("Cats & dogs")
    tab.page.keyboard.press("Enter")
    tab.wait_for({("Cats & dogs" if name == one else name): count for name, count in before.items()})


def test_groups_are_merged_and_split_and_a_split_is_shown_first(tab):
    """Merge and split are on the menu of a group. The halves of a split are shown before anything changes."""
    before = tab.groups()
    one, two = categories(tab)[:2]
    tab.menu(one, "Merge with…")
    tab.page.get_by_role("combobox").fill(two)
    tab.page.keyboard.press("Enter")
    merged = {name: count for name, count in changed(before, **{two: before[one]}).items() if name != one}
    tab.wait_for(merged)
    tab.menu(two, "Split in two…")
    halves = tab.page.locator(".halves .preview-grid")
    halves.first.wait_for()
    sizes = [halves.nth(number).locator(".still").count() for number in (0, 1)]
    assert sum(sizes) == merged[two]
    assert tab.groups() == merged
    tab.page.get_by_role("textbox").fill("other half")
    tab.page.keyboard.press("Enter")
    tab.wait_for(merged | {two: sizes[0], "other half": sizes[1]})


def test_the_slider_groups_anew_and_undo_and_redo_step_through_all(tab):
    """The slider changes the number of categories at once. Undo and redo go back and forth, by keys and by buttons.

    Undo brings back the order of the groups too, whichever is the largest by then.
    """
    move_first(tab, categories(tab)[0], "Outlayers")
    tab.page.locator("#said", has_text="1 image moved").wait_for()
    before = tab.groups()
    slider = tab.page.locator("#clusters-slider")
    slider.focus()
    tab.page.keyboard.press("ArrowLeft")
    tab.page.wait_for_function("() => document.querySelectorAll('.folders li:not(.aside)').length === 3")
    fewer = tab.groups()
    assert sum(fewer.values()) == sum(before.values())
    tab.page.keyboard.press("Control+z")
    tab.wait_for(before)
    assert list(tab.groups()) == list(before)
    assert slider.input_value() == "4"
    tab.page.keyboard.press("Control+Shift+Z")
    tab.wait_for(fewer)
    tab.page.locator("#undo").click()
    tab.wait_for(before)
    tab.page.locator("#redo").click()
    tab.wait_for(fewer)


def test_more_like_this_offers_alike_images_to_move(tab):
    """From one image a person finds those that are most like it, marks some, and moves them."""
    before = tab.groups()
    tab.tiles(categories(tab)[0]).first.click(button="right")
    tab.page.get_by_role("menuitem", name="More like this…").click()
    marks = tab.page.locator("button.still")
    marks.nth(0).click()
    marks.nth(1).click()
    tab.page.get_by_role("button", name="New category…").last.click()
    tab.page.get_by_role("textbox").fill("alike")
    tab.page.keyboard.press("Enter")
    tab.page.locator(".folder-name", has_text="alike").wait_for()
    assert tab.groups()["alike"] == 2
    assert sum(tab.groups().values()) == sum(before.values())


def test_the_page_of_check_says_what_is_known_of_an_image(tab, review, new_tab):
    """The larger view tells findings and shows the image that another equals. What has no features says so."""

    def without_features(route):
        body = route.fetch().json()
        page = body["page"]
        page |= {"can_compare": False}
        found = {"image": 0, "name": "a", "value": 12.5, "threshold": 40, "detail": ""}
        copy = {"image": 0, "name": "a", "value": None, "threshold": None, "detail": "same bytes as b"}
        page["findings"] = {
            "reasons": {"blurred": [found], "duplicate": [copy]},
            "duplicates": [{"kept": 1, "others": [0]}],
        }
        page["images"]["notes"] = [None, None, "the file ends too early", *[None] * (len(body["state"]["images"]) - 3)]
        body["thumbnails"]["of"][2] = None
        route.fulfill(json=body)

    other = new_tab()
    other.page.route("**/api/page", without_features)
    other.open(review.address)
    other.page.locator('[data-number="2"] > .missing').wait_for()
    assert other.page.locator('[data-number="2"]').get_attribute("title").endswith(": the file ends too early")
    other.page.locator('[data-number="0"]').click(button="right")
    like = other.page.get_by_role("menuitem", name="More like this…")
    assert (like.get_attribute("aria-disabled"), like.get_attribute("title")) == (
        "true",
        "No model looked at these images",
    )
    other.page.keyboard.press("Escape")
    other.page.locator('[data-number="0"]').press("Enter")
    words = other.page.locator(".viewer-words").inner_text()
    assert "blurred: 12.5 (limit 40)" in words
    assert "duplicate: same bytes as b" in words
    assert other.page.locator(".viewer-beside").inner_text().startswith("equals this image")
    other.page.keyboard.press("Escape")
    other.page.locator("#more").click()
    other.page.get_by_role("menuitem", name="How it was made…").click()
    assert "imgsort review" in other.page.locator(".made pre").inner_text()


def test_images_are_found_by_file_name_and_hostile_names_are_text(tab):
    """A file name that is markup is shown as the text that it is, everywhere."""
    tab.page.locator("#find").fill("ONERROR")
    tab.page.locator("#found", has_text="Select 1 found image").click()
    assert tab.page.locator(".tile").count() == 1
    assert tab.page.locator(".tile").get_attribute("title") == HOSTILE
    tab.page.locator(".tile").press("Enter")
    assert tab.page.locator("dialog strong").text_content() == HOSTILE
    tab.page.keyboard.press("Escape")
    tab.page.locator("#find").fill("")
    assert tab.page.locator("img[src=x]").count() == 0


def test_reloading_keeps_all_and_another_tab_sees_it(tab, review, new_tab):
    """A correction is there after the page is loaded again, and in another tab within seconds, both ways."""
    before = tab.groups()
    one, two = categories(tab)[:2]
    other = new_tab().open(review.address)
    move_first(tab, one, "Outlayers")
    moved = changed(before, **{one: -1, "Outlayers": 1})
    tab.wait_for(moved)
    tab.page.reload()
    tab.page.locator(".tile").first.wait_for()
    tab.wait_for(moved)
    other.wait_for(moved)
    move_first(other, two, "Outlayers")
    tab.wait_for(changed(moved, **{two: -1, "Outlayers": 1}))


def move_first(tab, group, to):
    """Move the first image of a group by its menu."""
    tab.tiles(group).first.click(button="right")
    tab.page.get_by_role("menuitem", name="Move to…").click()
    tab.page.get_by_role("combobox").fill(to)
    tab.page.keyboard.press("Enter")


def test_apply_makes_the_tree_that_the_page_showed_and_undo_brings_it_back(tab, collection):
    """After Apply, each folder holds as many files as its group; the button Take back restores the tree."""
    before = read_tree(collection)
    one = categories(tab)[0]
    move_first(tab, one, "kept apart")
    tab.page.get_by_role("textbox").press("Enter")
    tab.page.locator(".folder-name", has_text="kept apart").wait_for()
    shown = {name: count for name, count in tab.groups().items() if count}
    tab.page.locator("#apply").click()
    tab.page.get_by_role("button", name="Move the files").click()
    tab.page.locator("dialog .primary", has_text="Close").click()
    assert folders_of(collection) == shown
    assert sorted(names(collection).values()) == sorted(facts[0] for facts in before.values())
    assert tab.page.locator("#apply").is_disabled()
    tab.page.get_by_role("button", name="Take back").click()
    tab.page.locator("dialog .primary", has_text="Close").click()
    assert read_tree(collection) == before
    tab.page.locator("#apply:not([disabled])").wait_for()


def folders_of(collection):
    """Return {folder: number of files} of a collection."""
    counts = {}
    for path in names(collection):
        counts[path.rpartition("/")[0]] = counts.get(path.rpartition("/")[0], 0) + 1
    return counts


def test_all_of_it_works_by_keyboard_alone(tab, collection):
    """Without a mouse: select two images, move them by the menu, apply, and take it back. The focus is never lost."""
    before, tree = tab.groups(), read_tree(collection)
    one, two = categories(tab)[:2]
    press = tab.page.keyboard.press
    tab.tiles(one).first.focus()
    for key in ("Space", "Shift+ArrowRight", "Shift+F10", "Enter"):
        press(key)
    tab.page.keyboard.type(two)
    press("Enter")
    tab.wait_for(changed(before, **{one: -2, two: 2}))
    assert tab.page.evaluate("document.activeElement.className").startswith("tile")
    tab.page.locator("#apply").focus()
    press("Enter")
    press("Enter")
    tab.page.locator("dialog .primary", has_text="Close").wait_for()
    press("Enter")
    assert folders_of(collection) == {name: count for name, count in tab.groups().items() if count}
    tab.page.get_by_role("button", name="Take back").focus()
    press("Enter")
    tab.page.locator("dialog .primary", has_text="Close").wait_for()
    press("Enter")
    assert read_tree(collection) == tree


def test_a_narrow_touch_screen_moves_images_by_the_menu(review, tab, new_tab):
    """400 px wide and with fingers: taps select images, the toolbar moves them, and nothing is too wide."""
    touch = new_tab(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True).open(review.address)
    before = touch.groups()
    one, two = categories(touch)[:2]
    touch.tiles(one).nth(0).locator(".check").tap()
    touch.tiles(one).nth(1).tap()
    touch.page.locator(".selection-bar").get_by_text("Move to…").tap()
    touch.page.locator(".choices li", has_text=two).tap()
    touch.wait_for(changed(before, **{one: -2, two: 2}))
    assert touch.page.evaluate("document.documentElement.scrollWidth") <= 400
    touch.page.get_by_role("button", name="Groups").tap()
    touch.page.locator(".folder", has_text=two).tap()
    assert touch.page.locator(".folders").is_hidden()
    touch.tiles(two).first.wait_for()


def test_the_wall_stays_where_it_is_and_so_does_the_focus(tab):
    """A correction neither scrolls the page nor loses the focus, wherever it is made from."""
    one, two, three = categories(tab)[:3]
    tab.page.set_viewport_size({"width": 1000, "height": 500})
    tab.page.locator(".folder", has_text=three).click()
    tab.tiles(three).first.click(modifiers=["Control"])
    top, number = tab.group(three).bounding_box()["y"], tab.tiles(three).nth(1).get_attribute("data-number")
    tab.page.keyboard.press("o")
    tab.page.locator("#said", has_text="1 image moved to Outlayers").wait_for()
    assert tab.group(three).bounding_box()["y"] == top
    assert tab.page.evaluate("document.activeElement.dataset.number") == number
    tab.page.keyboard.press("r")
    tab.page.get_by_role("textbox", name="Name").fill("renamed")
    tab.page.keyboard.press("Enter")
    tab.group("renamed").wait_for()
    tab.page.wait_for_function("number => document.activeElement.dataset.number === number", arg=number)
    assert tab.group("renamed").bounding_box()["y"] == top
    tab.menu(one, "Merge with…")
    tab.page.get_by_role("combobox").fill(two)
    tab.page.keyboard.press("Enter")
    tab.group(one).wait_for(state="detached")
    assert tab.page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Menu of {two}"


def test_the_lasso_of_the_map_selects_images(tab):
    """The map is drawn when it is asked for. A line around all of its points selects all images."""
    tab.page.locator("#map-button").click()
    tab.page.locator(".map-stage[data-drawn]").wait_for(timeout=30_000)
    tab.page.get_by_role("button", name="Lasso").click()
    stage = tab.page.locator(".map-stage").bounding_box()
    corners = [(0, 0.12), (0.99, 0.12), (0.99, 0.99), (0, 0.99)]
    points = [(stage["x"] + x * stage["width"] + 2, stage["y"] + y * stage["height"]) for x, y in corners]
    tab.page.mouse.move(*points[0])
    tab.page.mouse.down()
    for point in points[1:]:
        tab.page.mouse.move(*point, steps=4)
    tab.page.mouse.up()
    everything = sum(tab.groups().values())
    tab.page.locator(".selection-bar", has_text=f"{everything} selected").wait_for()


def test_the_plan_is_saved_as_a_file(tab):
    """Save plan gives the CSV that `imgsort apply` takes, with a row for each image that would move."""
    tab.page.locator("#more").click()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("menuitem", name="Save plan").click()
    assert download.value.suggested_filename == "photos plan.csv"
    rows = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + sum(tab.groups().values())


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_is_in_the_way_of_people_with_disabilities(tab, review, new_tab, colours):
    """axe-core finds nothing serious: in the wall with a selection, in a menu, in dialogs, in light and in dark."""
    tab = new_tab(color_scheme=colours).open(review.address)
    tab.tiles(categories(tab)[0]).first.click(modifiers=["Control"])
    assert serious_barriers(tab.page) == []
    tab.page.locator("#more").click()
    assert serious_barriers(tab.page) == []
    tab.page.keyboard.press("Escape")
    for key, part in {"m": ".choices", "k": ".preview-grid", "?": ".keys"}.items():
        tab.tiles(categories(tab)[0]).first.focus()
        tab.page.keyboard.press(key)
        tab.page.locator(part).wait_for()
        assert serious_barriers(tab.page) == []
        tab.page.keyboard.press("Escape")
        tab.page.locator(part).wait_for(state="detached")


def test_a_killed_review_offers_its_corrections_again(demo_photos, tmp_path, new_tab, complaints):
    """`kill -9` loses no correction: the next review, at the same port, offers them to the tab that was left."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for file in sorted(demo_photos[0].glob("*.jpg"))[:8]:
        shutil.copy2(file, folder)
    tab = new_tab()
    with running_review(folder) as first:
        tab.open(first.address)
        before = tab.groups()
        one = categories(tab)[0]
        move_first(tab, one, "Unsorted")
        tab.wait_for(moved := changed(before, **{one: -1, "Unsorted": 1}))
        tab.menu(one, "Rename…")
        tab.page.get_by_role("textbox", name="Name").fill("renamed")
        tab.page.keyboard.press("Enter")
        tab.wait_for(moved := {("renamed" if name == one else name): count for name, count in moved.items()})
        first.kill()
    tab.page.locator(".note-lost").wait_for()
    with running_review(folder, "--port", str(urlsplit(first.address).port)) as second:
        tab.page.locator(".note-stranger").wait_for()
        complaints.clear()  # the browser's own words for a server that is gone, and for one that refuses the old token
        tab.page.goto(second.address)
        tab.page.get_by_role("button", name="Go on").click()
        tab.wait_for(moved)
        assert list(tab.groups()) == list(moved)
        assert set(folders_of(folder)) == {""}
