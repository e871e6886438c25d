"""Tests what a watch learns from the journal."""

import pytest

from imgsort.filing.journal.runs import latest_in_force
from imgsort.filing.planning.site import Mode, Site
from imgsort.jobs.watch.inbox.brought_back import BroughtBack
from imgsort.jobs.watch.inbox.memory import Memory
from tests.jobs.watch.inbox.test_memory import arrival
from tests.support.desk import by_first_letter, file_by, undo_last
from tests.support.pictures import plain
from tests.support.trees import make_tree

# The command that `file_by` writes into the journal.
COMMAND = "test"


@pytest.fixture
def site(tmp_path):
    make_tree(tmp_path / "in", {"x.png": plain((255, 0, 0)), "y.png": plain((0, 0, 255)), "x.xmp": b"a note"})
    return Site(tmp_path / "in", tmp_path / "in")


def known(site, memory):
    return {name for name in ("x.png", "y.png") if memory.knows(arrival(site, name))}


def test_what_an_undo_brought_back_is_known_over_a_restart(site):
    """An image that a person puts there under the name of one that is filed is new; one that is back is not."""
    file_by(site.collection, by_first_letter)
    memory, journal = Memory(site), BroughtBack(site, COMMAND)
    journal.tell(memory)
    undo_last(site.collection)
    assert known(site, memory) == set()
    journal.tell(memory)
    assert known(site, memory) == {"x.png", "y.png"}
    again = Memory(site)
    BroughtBack(site, COMMAND).tell(again)
    assert known(site, again) == {"x.png", "y.png"}


def test_an_undo_that_has_only_begun_counts(site):
    """Its files come back one by one, and may rest before the last one is there."""
    file_by(site.collection, by_first_letter)
    latest_in_force(site.collection).add("undo")
    make_tree(site.collection, {"x.png": plain((255, 0, 0)), "y.png": b"another"})
    memory = Memory(site)
    BroughtBack(site, COMMAND).tell(memory)
    assert known(site, memory) == {"x.png"}


def test_other_commands_count_only_while_the_watch_is_at_work(site):
    """What a person tried before and took back is to be filed; what is taken back now is to stay."""
    file_by(site.collection, by_first_letter)
    undo_last(site.collection)
    memory, journal = Memory(site), BroughtBack(site, "watch")
    journal.tell(memory)
    assert known(site, memory) == set()
    file_by(site.collection, by_first_letter)
    journal.tell(memory)
    undo_last(site.collection)
    journal.tell(memory)
    assert known(site, memory) == {"x.png", "y.png"}


def test_copies_that_were_made_are_known(site, tmp_path):
    """Also of a run that was killed before anything was remembered. A copy that is gone is none."""
    output = tmp_path / "out"
    copying = Site(site.collection, output, Mode.COPY)
    file_by(site.collection, by_first_letter, output, Mode.COPY)
    next(output.rglob("y.png")).unlink()
    memory = Memory(copying)
    BroughtBack(copying, COMMAND).tell(memory)
    assert known(copying, memory) == {"x.png"}


def test_runs_of_other_inboxes_do_not_count(site, tmp_path):
    """Several inboxes may share an output, and with it a journal."""
    output = tmp_path / "out"
    other = tmp_path / "other"
    make_tree(other, {"x.png": plain((255, 0, 0))})
    file_by(other, by_first_letter, output, Mode.COPY)
    copying = Site(site.collection, output, Mode.COPY)
    memory = Memory(copying)
    BroughtBack(copying, COMMAND).tell(memory)
    assert known(copying, memory) == set()
