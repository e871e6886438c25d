"""Tests what is remembered of an inbox, over a restart too."""

import json
import os
import threading

import pytest

from imgsort.content import content_hash
from imgsort.filing.journal.state import write_all
from imgsort.filing.planning.site import Mode, Site
from imgsort.images.finding.leaving_out.rules import DEFAULT_RULES
from imgsort.jobs.watch.inbox import memory as module
from imgsort.jobs.watch.inbox.arrivals import Arrivals
from imgsort.jobs.watch.inbox.memory import Known, Memory
from imgsort.sidecar_names.rules import BUILT_IN
from tests.support.pictures import plain
from tests.support.trees import make_tree

RED, BLUE = plain((255, 0, 0)), plain((0, 0, 255))


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path, tmp_path)


def arrival(site, name="x.png"):
    looks = Arrivals(site.collection, DEFAULT_RULES, BUILT_IN).look().arrivals
    return next(found for found in looks if found.name == name)


def restarted(site):
    """Return the memory as the next start of the command has it."""
    memory = Memory(site)
    memory.load()
    return memory


def test_an_image_that_stays_is_known_until_its_content_changes(tmp_path, site):
    """Another date, or another file of the same content, is not another content; one byte is, in the same size too."""
    make_tree(tmp_path, {"x.png": RED})
    memory = Memory(site)
    assert not memory.knows(arrival(site))
    memory.stays(arrival(site), "it cannot be read")
    memory.save({"x.png"})
    for known in (memory, restarted(site)):
        assert known.knows(arrival(site))
    os.utime(tmp_path / "x.png", ns=(10**18, 10**18))
    assert memory.knows(arrival(site))
    (tmp_path / "x.png").unlink()
    (tmp_path / "x.png").write_bytes(RED)
    for known in (memory, restarted(site)):
        assert known.knows(arrival(site))
    (tmp_path / "x.png").write_bytes(RED[:-1] + b"?")
    for known in (memory, restarted(site)):
        assert not known.knows(arrival(site))
    memory.save({"x.png"})
    (tmp_path / "x.png").write_bytes(RED)
    assert not restarted(site).knows(arrival(site))


def test_another_name_is_another_image(tmp_path, site):
    """A renamed image is taken."""
    make_tree(tmp_path, {"x.png": RED})
    memory = Memory(site)
    memory.stays(arrival(site), "it was refused")
    (tmp_path / "x.png").rename(tmp_path / "y.png")
    assert not memory.knows(arrival(site, "y.png"))


def test_an_image_that_changed_while_it_was_filed_is_not_remembered(tmp_path, site):
    """The new content was never judged."""
    make_tree(tmp_path, {"x.png": RED})
    before = arrival(site)
    (tmp_path / "x.png").write_bytes(BLUE)
    memory = Memory(site)
    memory.stays(before, "was changed since")
    assert not memory.knows(arrival(site))


def test_rights_and_dates_that_change_meanwhile_are_no_other_content(tmp_path, site):
    """What was filed is known by its bytes. What was refused may have been so because of its new date."""
    make_tree(tmp_path, {"x.png": RED})
    before = arrival(site)
    (tmp_path / "x.png").chmod(0o600)
    os.utime(tmp_path / "x.png", ns=(before.mark.mtime_ns, before.mark.mtime_ns))
    for remember in (Memory.stays, Memory.was_filed):
        memory = Memory(site)
        remember(memory, before, "it stays", content_hash(RED))
        assert memory.knows(arrival(site))
    os.utime(tmp_path / "x.png", ns=(1, 1))
    for remember, is_known in ((Memory.stays, False), (Memory.was_filed, True)):
        memory = Memory(site)
        remember(memory, before, "it stays", content_hash(RED))
        assert memory.knows(arrival(site)) == is_known
    (tmp_path / "x.png").write_bytes(BLUE)
    memory = Memory(site)
    memory.was_filed(before, "it was filed before", content_hash(RED))
    assert not memory.knows(arrival(site))


def test_what_an_undo_brought_back_is_known_by_its_content(tmp_path, site):
    """Nobody has seen the file since; its content says whether it is the one."""
    make_tree(tmp_path, {"x.png": RED, "y.png": RED})
    memory = Memory(site)
    memory.add("x.png", Known(None, content_hash(RED), "an undo brought it back"))
    memory.add("y.png", Known(None, content_hash(BLUE), "an undo brought it back"))
    assert memory.knows(arrival(site))
    assert not memory.knows(arrival(site, "y.png"))


def test_the_file_stays_small(tmp_path, site, monkeypatch):
    """Of images that are no longer in the inbox, only the latest are remembered."""
    monkeypatch.setattr(module, "MOST_ABSENT", 3)
    memory = Memory(site)
    for number in range(10):
        memory.add(f"p{number}.png", Known(None, content_hash(b""), "it stays"))
    memory.save({"p0.png"})
    record = json.loads((tmp_path / ".imgsort/watch.json").read_bytes())
    assert [row["name"] for row in record["files"]] == ["p0.png", "p7.png", "p8.png", "p9.png"]


def test_nothing_is_written_where_nothing_is_to_be_remembered(tmp_path, site):
    """A folder that is only watched gets no `.imgsort`."""
    memory = Memory(site)
    memory.load()
    memory.save(set())
    assert list(tmp_path.iterdir()) == []


def test_where_images_are_copied_it_lies_with_the_output(tmp_path):
    """The inbox may be read-only then, and several inboxes may share an output."""
    output = tmp_path / "out"
    for name in ("a", "b"):
        make_tree(tmp_path / name, {"x.png": RED})
        site = Site(tmp_path / name, output, Mode.COPY)
        memory = restarted(site)
        assert not memory.knows(arrival(site))
        memory.stays(arrival(site), "it was filed before")
        memory.save({"x.png"})
        assert restarted(site).knows(arrival(site))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["x.png"]


def test_two_watches_may_save_at_the_same_time(tmp_path, site):
    """Each has a temporary file of its own, and leaves none behind."""
    failures = []

    def save_often(name):
        memory = Memory(site)
        try:
            for number in range(40):
                memory.add(name, Known(None, content_hash(str(number).encode()), "it stays"))
                memory.save({name})
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=save_often, args=(name,)) for name in ("x.png", "y.png", "z.png")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(path.name for path in (tmp_path / ".imgsort").iterdir()) == ["runs", "watch.json"]
    restarted(site)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_a_full_disk_is_said_with_the_file(tmp_path):
    """The system does not say which file it is that could not be written."""
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match=r"watch\.json"):
        write_all(full.fileno(), b"data", tmp_path / "watch.json")
