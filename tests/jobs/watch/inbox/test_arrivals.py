"""Tests what an inbox holds, and for how long each image has rested."""

import os

import pytest

from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.watch.inbox.arrivals import Arrivals
from imgsort.sidecar_names.rules import BUILT_IN
from tests.support.pictures import plain
from tests.support.trees import make_tree

RED, BLUE = plain((255, 0, 0)), plain((0, 0, 255))


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def arrivals(tmp_path, clock):
    return Arrivals(tmp_path, Rules(exclude=["*.out.png"]), BUILT_IN, clock=clock)


def rested(sight):
    return {arrival.name: arrival.rested for arrival in sight.arrivals}


def test_a_file_rests_from_the_look_at_which_it_was_the_same_last(tmp_path, arrivals, clock):
    """Its dates do not matter: one from the past and one from the future rest as long as they did not change."""
    make_tree(tmp_path, {"old.png": RED, "new.png": BLUE})
    os.utime(tmp_path / "new.png", ns=(10**18 * 4, 10**18 * 4))
    assert rested(arrivals.look()) == {"old.png": 0, "new.png": 0}
    clock.now += 3
    assert rested(arrivals.look()) == {"old.png": 3, "new.png": 3}
    with (tmp_path / "old.png").open("ab") as handle:
        handle.write(b"more")
    os.utime(tmp_path / "old.png", ns=(10**18, 10**18))  # as a copy that keeps the date
    clock.now += 1
    assert rested(arrivals.look()) == {"new.png": 4, "old.png": 0}


def test_an_image_written_anew_in_its_size_and_date_does_not_rest(tmp_path, arrivals, clock):
    """A program that reserves the room first, and sets the date, still changes the time of the status."""
    make_tree(tmp_path, {"x.png": bytes(len(RED))})
    date = os.stat(tmp_path / "x.png").st_mtime_ns
    arrivals.look()
    clock.now += 3
    (tmp_path / "x.png").write_bytes(RED)
    os.utime(tmp_path / "x.png", ns=(date, date))
    assert rested(arrivals.look()) == {"x.png": 0}


def test_an_image_rests_as_long_as_the_youngest_of_its_sidecars(tmp_path, arrivals, clock):
    """An image and its sidecars are one. A new name rests anew, and a file that is gone is forgotten."""
    make_tree(tmp_path, {"x.png": RED, "y.png": BLUE})
    arrivals.look()
    clock.now += 3
    make_tree(tmp_path / "sub", {"x.xmp": b"a note"})
    os.rename(tmp_path / "sub/x.xmp", tmp_path / "x.xmp")
    os.rename(tmp_path / "y.png", tmp_path / "z.png")
    assert rested(arrivals.look()) == {"x.png": 0, "z.png": 0}
    clock.now += 3
    os.remove(tmp_path / "z.png")
    sight = arrivals.look()
    assert rested(sight) == {"x.png": 3}
    assert sight.others == {}


def test_only_finished_images_of_the_top_level_arrive(tmp_path, arrivals):
    """Unfinished, hidden and excluded files and subfolders do not; files that are no images are named as others."""
    make_tree(
        tmp_path,
        {
            "x.png": RED,
            "a.png.part": RED,
            ".b.png": RED,
            "c.tmp": RED,
            "d.out.png": RED,
            "sub/e.png": RED,
            "note.txt": b"x",
            "drawing.psb": b"x",
            ".imgsortignore": b"g.png\n",
            "g.png": RED,
        },
    )
    (tmp_path / "link.png").symlink_to(tmp_path / "x.png")
    sight = arrivals.look()
    assert set(rested(sight)) == {"x.png"}
    assert set(sight.others) == {"note.txt", "drawing.psb", "a.png.part", "c.tmp"}
    assert list(sight.reasons) == ["drawing.psb"]


@pytest.mark.parametrize("beside", ["x.png.part", "x.png.aria2", "x.xmp.part"])
def test_a_file_beside_an_image_shows_that_it_is_under_way(tmp_path, arrivals, beside):
    """While a program still writes the image, or a sidecar of it, the image is under way."""
    make_tree(tmp_path, {"x.png": RED, "y.png": BLUE, beside: b"half"})
    assert {arrival.name: arrival.is_under_way for arrival in arrivals.look().arrivals} == {
        "x.png": True,
        "y.png": False,
    }


def test_a_change_of_the_rules_counts_at_the_next_look(tmp_path, arrivals):
    """`.imgsortignore` may be edited while the watch runs."""
    make_tree(tmp_path, {"x.png": RED})
    assert set(rested(arrivals.look())) == {"x.png"}
    make_tree(tmp_path, {".imgsortignore": b"x.png\n"})
    assert rested(arrivals.look()) == {}


def test_a_folder_that_is_gone_is_an_error_of_the_system(tmp_path, arrivals):
    """The caller decides whether to wait for it."""
    os.rmdir(tmp_path)
    with pytest.raises(OSError, match="No such file"):
        arrivals.look()
