"""Tests which images are filed next."""

import pytest

from imgsort.content import content_hash
from imgsort.filing.planning.site import Site
from imgsort.images.finding.leaving_out.rules import DEFAULT_RULES
from imgsort.jobs.watch.inbox.arrivals import Arrivals
from imgsort.jobs.watch.inbox.bell import Bell
from imgsort.jobs.watch.inbox.choosing import RESTS_UNTIL_GIVEN_UP, Choosing
from imgsort.jobs.watch.inbox.memory import Known, Memory
from imgsort.sidecar_names.rules import BUILT_IN
from tests.jobs.watch.inbox.test_arrivals import Clock
from tests.support.pictures import plain
from tests.support.trees import make_tree

RED = plain((255, 0, 0))
SETTLE = 2.0


class Desk:
    """An inbox with a clock that a test sets, and what is chosen of it."""

    def __init__(self, inbox, **options):
        self.inbox, self.clock, self.bell, self.said = inbox, Clock(), Bell(), []
        self.arrivals = Arrivals(inbox, DEFAULT_RULES, BUILT_IN, clock=self.clock)
        self.memory = Memory(Site(inbox, inbox))
        given = {"settle": SETTLE, "most": 3, **options}
        self.choosing = Choosing(inbox, self.memory, self.bell, self.said.append, **given)

    def put(self, **tree):
        make_tree(self.inbox, {f"{name}.png": data for name, data in tree.items()})

    def after(self, seconds, **options):
        """Return the names that are chosen after so many seconds more, and when to look again."""
        self.clock.now += seconds
        choice = self.choosing.choose(self.arrivals.look(), **options)
        return [arrival.name for arrival in choice.arrivals], choice.next_in


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_an_image_is_chosen_when_it_has_rested(desk):
    """Not before; and when to look again is the time that is missing."""
    desk.put(a=RED)
    assert desk.after(0) == ([], 2)
    assert desk.after(1.5) == ([], 0.5)
    assert desk.after(0.5) == (["a.png"], 0)


def test_images_that_arrive_together_are_filed_together(desk):
    """A little later ones are waited for, but never for longer than as long again."""
    desk.put(a=RED)
    desk.after(0)
    desk.put(b=RED)
    assert desk.after(1.5) == ([], 0.5)
    assert desk.after(0.5) == ([], 1.5)
    desk.put(c=RED)
    assert desk.after(1.0) == ([], 0.5)
    assert desk.after(1.0)[0] == ["a.png", "b.png"]


def test_a_full_batch_waits_for_nobody(desk):
    """At most so many images make a batch; those that rest longest come first."""
    desk.put(a=RED, b=RED)
    desk.after(0)
    desk.put(c=RED, d=RED)
    desk.after(0.5)
    desk.put(e=RED)
    assert desk.after(2)[0] == ["a.png", "b.png", "c.png"]


def test_an_image_that_is_not_whole_waits_and_is_given_up(desk):
    """That is said once. When it has rested long enough, its reader may say what is wrong with it."""
    desk.put(a=RED[:-20], b=RED)
    desk.after(0)
    assert desk.after(SETTLE)[0] == ["b.png"]
    (desk.inbox / "b.png").unlink()
    names, next_in = desk.after(1)
    assert (names, next_in) == ([], RESTS_UNTIL_GIVEN_UP * SETTLE - 3)
    assert len(desk.said) == 1
    assert desk.said[0].startswith("a.png (cut short")
    assert desk.after(next_in)[0] == ["a.png"]


def test_an_image_that_becomes_whole_is_chosen(desk):
    """It rests anew, and is looked at again."""
    desk.put(a=RED[:-20])
    desk.after(0)
    assert desk.after(SETTLE)[0] == []
    desk.put(a=RED)
    assert desk.after(1)[0] == []
    assert desk.after(SETTLE)[0] == ["a.png"]


def test_an_image_under_way_waits(desk):
    """Even if it looks whole: the program that writes it says when it has finished."""
    desk.put(a=RED)
    make_tree(desk.inbox, {"a.png.aria2": b"x"})
    desk.after(0)
    assert desk.after(SETTLE)[0] == []
    (desk.inbox / "a.png.aria2").unlink()
    assert desk.after(1)[0] == ["a.png"]


def test_what_is_remembered_is_not_chosen_and_not_waited_for(desk):
    """An image that stays keeps no other one waiting."""
    desk.put(a=RED, b=RED)
    desk.memory.add("a.png", Known(None, content_hash(RED), "it stays"))
    desk.after(0)
    assert desk.after(SETTLE) == (["b.png"], 0)


def test_an_old_image_that_is_cut_short_is_given_up_by_its_date(tmp_path, monkeypatch):
    """With --once nobody watches for long: the time since the file was written counts."""
    desk = Desk(tmp_path, by_date=True)
    desk.put(a=RED[:-20])
    desk.after(0)
    assert desk.after(SETTLE)[0] == []
    written = (tmp_path / "a.png").stat().st_ctime_ns
    monkeypatch.setattr("time.time_ns", lambda: written + int(RESTS_UNTIL_GIVEN_UP * SETTLE * 1e9) + 1)
    assert desk.after(SETTLE)[0] == ["a.png"]


def test_files_that_are_no_images_are_named_once(desk):
    """Also why one is none, where that is not plain. A file under way is not named."""
    make_tree(desk.inbox, {"a.txt": b"x", "b.psb": b"x", "c.txt": b"x", "d.txt": b"x", "e.png.part": b"x"})
    desk.after(0)
    desk.after(SETTLE)
    desk.after(SETTLE)
    assert desk.said == [
        "no images, so they stay: a.txt, b.psb (a large image of Photoshop, which imgsort does not read), c.txt and 1 "
        "more."
    ]


def test_nothing_is_read_any_more_after_the_end(desk):
    """The end of the watch does not wait for thousands of files to be read."""
    desk.put(a=RED)
    desk.after(0)
    desk.bell.end()
    assert desk.after(SETTLE)[0] == []


def test_a_sidecar_that_comes_after_its_image_was_filed_is_named_once(desk):
    """Its image stays and is not taken again, so nothing takes the sidecar either. One that was there is no news."""
    make_tree(desk.inbox, {"a.png": RED, "a.xmp": b"there"})
    desk.memory.add("a.png", Known(None, content_hash(RED), "it was filed before"))
    desk.after(0)
    assert desk.said == []
    make_tree(desk.inbox, {"a.png.xmp": b"late"})
    desk.after(1)
    desk.after(1)
    assert desk.said == ["a.png.xmp came after its image a.png, which is not taken again. So it stays."]
