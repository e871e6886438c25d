"""Tests the watch as a function in a thread: what it waits for, what it remembers, and where it may work."""

import errno
import os
import shutil
import subprocess
import sys
import time

import pytest

import imgsort
from imgsort.errors import CollectionError, JournalError, LockedError, UsageError
from imgsort.filing.journal.locking.lock import locked
from tests.support.classifiers import put
from tests.support.trees import names
from tests.support.watching import SETTLE_SECONDS, images_in, until, watching

LONG_SECONDS = 4 * SETTLE_SECONDS


@pytest.fixture
def by_class(trained, tmp_path):
    """Return the options that file by class into `out`."""
    (tmp_path / "in").mkdir()
    return {"classifier": trained.classifier, "output": tmp_path / "out", "confidence": 0}


def test_it_waits_while_another_command_works(by_class, pictures, tmp_path):
    """A lock is said once and waited for; the lock is not held while nothing is filed. With `once`, it is an error."""
    inbox = tmp_path / "in"
    with watching(inbox, **by_class) as watch:
        with locked([inbox], "categorize"):
            put(pictures[:3], inbox)
            until(lambda: "is working on this folder" in watch.notices)
            with pytest.raises(LockedError):
                list(imgsort.watch(inbox, once=True, settle=SETTLE_SECONDS, **by_class))
            assert len(images_in(inbox)) == 3
        until(lambda: len(images_in(tmp_path / "out")) == 3)
        until(lambda: "it goes on" in watch.notices)
        with locked([inbox], "categorize"):
            time.sleep(LONG_SECONDS)
    assert watch.notices.count("is working on this folder") == 1


def test_copies_are_made_once(by_class, pictures, tmp_path):
    """With `copy` the images stay in the inbox: neither a look nor a restart copies them again, even after a crash."""
    inbox, output = tmp_path / "in", tmp_path / "out"
    put(pictures[:4], inbox)
    copying = {**by_class, "mode": "copy", "poll": 0.1}
    with watching(inbox, **copying) as watch:
        until(lambda: len(watch.results) == 1)
        time.sleep(LONG_SECONDS)
        put(pictures[4:5], inbox)
        until(lambda: len(watch.results) == 2)
    assert [len(result.moves) for result in watch.results] == [4, 1]
    for memory in (output / ".imgsort").glob("watch-*.json"):
        memory.unlink()  # as if the command was killed before it wrote this
    assert list(imgsort.watch(inbox, once=True, settle=SETTLE_SECONDS, **copying)) == []
    assert len(images_in(output)) == len(images_in(inbox)) == 5


def test_an_inbox_that_disappears_is_waited_for(by_class, pictures, tmp_path):
    """If the folder is gone, that is said once. When it is back, what it holds is filed, also without polling."""
    inbox = tmp_path / "in"
    with watching(inbox, **by_class) as watch:
        put(pictures[:1], inbox)
        until(lambda: len(watch.results) == 1)
        inbox.rename(tmp_path / "away")
        until(lambda: f"{inbox}: No such file or directory" in watch.notices)
        put(pictures[1:3], tmp_path / "away")
        (tmp_path / "away").rename(inbox)
        until(lambda: len(images_in(tmp_path / "out")) == 3)
        put(pictures[3:4], inbox)
        until(lambda: len(images_in(tmp_path / "out")) == 4, seconds=8)
    assert watch.notices.count("No such file") == 1


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs tmpfs")
@pytest.mark.parametrize("place", ["output", "inbox"])
def test_a_full_disk_is_waited_for(by_class, pictures, small_disk, tmp_path, place):
    """It is said once; when there is room again, everything is filed, and no empty run is left to undo."""
    inbox, output = (small_disk / "in", tmp_path / "out") if place == "inbox" else (tmp_path / "in", small_disk / "out")
    put(pictures[:6], inbox)
    room = small_disk / "room"
    with room.open("wb", buffering=0) as handle:
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            while True:
                handle.write(bytes(4096))
        with watching(inbox, **{**by_class, "output": output}) as watch:
            until(lambda: "No space left" in watch.notices)
            time.sleep(2)
            assert len(images_in(inbox)) == 6
            handle.truncate(0)
            until(lambda: len(images_in(output)) == 6)
    assert watch.notices.count("No space left") == 1
    assert [result.status for result in watch.results] == ["done"]
    assert len(imgsort.history(inbox).runs) == 1
    imgsort.undo(inbox)
    assert len(images_in(inbox)) == 6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs tmpfs")
def test_nothing_is_filed_below_a_mount_that_is_gone(by_class, pictures, small_disk, tmp_path):
    """If the output's disk is unmounted, nothing goes into the empty folder in its place."""
    with watching(tmp_path / "in", **{**by_class, "output": small_disk}) as watch:
        put(pictures[:1], tmp_path / "in")
        until(lambda: len(watch.results) == 1)
        subprocess.run(["umount", "-l", str(small_disk)], check=True)
        put(pictures[1:2], tmp_path / "in")
        until(lambda: "nothing is mounted" in watch.notices)
        time.sleep(LONG_SECONDS)
        assert images_in(tmp_path / "in") == [pictures[1].name]
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(small_disk)], check=True)
        until(lambda: images_in(small_disk) == [pictures[1].name])


def test_the_inbox_may_be_the_collection(pictures, tmp_path):
    """Only its top level is watched: new images go into its categories, and a batch can be undone."""
    folder = tmp_path / "photos"
    put([file for file in pictures if "IMG" in file.name][:24], folder)
    imgsort.categorize(folder, clusters=3, model="efficientnet-lite0", size=64)
    before = names(folder)
    put(pictures[24:28], folder)
    with watching(folder, into=folder) as watch:
        until(lambda: len(watch.results) == 1)
        time.sleep(LONG_SECONDS)
        imgsort.undo(folder)
        time.sleep(LONG_SECONDS)
    assert len(watch.results) == 1
    assert len(watch.results[0].moves) == 4
    assert {path.count("/") for path in names(folder).keys() - before.keys()} == {0}


def test_a_page_is_written_for_each_batch(by_class, pictures, tmp_path):
    """The page has the name of the run. A folder that cannot be written to does not end the watch."""
    put(pictures[:2], tmp_path / "in")
    pages = tmp_path / "pages"
    (result,) = imgsort.watch(tmp_path / "in", once=True, settle=SETTLE_SECONDS, report=pages, **by_class)
    assert [page.name for page in pages.iterdir()] == [f"{result.run}.html"]
    assert pictures[0].name in (pages / f"{result.run}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("output", ["{root}", "{root}/in", "{root}/in/sorted", "{root}/else"])
def test_places_that_go_together(trained, tmp_path, output):
    """The output may be beside, above or below the inbox, or the inbox itself: only the top level is watched."""
    (tmp_path / "in").mkdir()
    where = {"classifier": trained.classifier, "output": output.format(root=tmp_path)}
    assert list(imgsort.watch(tmp_path / "in", once=True, settle=SETTLE_SECONDS, **where)) == []


@pytest.mark.parametrize("name", ["coffee", "Coffee", "Unsure", "link"])
def test_an_inbox_that_files_go_into_is_refused(trained, tmp_path, name):
    """A folder of a class would be taken up again: by any case of its name, and through a link."""
    (tmp_path / "coffee").mkdir()
    if name == "link":
        (tmp_path / "link").symlink_to(tmp_path / "coffee")
    (tmp_path / name).mkdir(exist_ok=True)
    with pytest.raises(UsageError, match="would be taken up from it again"):
        imgsort.watch(tmp_path / name, classifier=trained.classifier, output=tmp_path)


def test_a_category_and_unsorted_are_no_inbox_of_their_collection(pictures, tmp_path):
    """With `into`, that holds for the category folders under their present names."""
    folder = tmp_path / "photos"
    put(pictures[:12], folder)
    with pytest.raises(CollectionError, match="there are no categories yet"):
        imgsort.watch(tmp_path, into=folder)
    imgsort.categorize(folder, clusters=2, model="efficientnet-lite0", size=64)
    (folder / "category_1").rename(folder / "cups")
    (folder / "Unsorted").mkdir()
    for name in ("cups", "Unsorted"):
        with pytest.raises(UsageError, match="would be taken up from it again"):
            imgsort.watch(folder / name, into=folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give --classifier and --output"),
        ({"into": "x", "output": "y"}, "give --classifier and --output"),
        ({"into": "x", "confidence": 0.5}, "confidence 0.5"),
        ({"into": "x", "settle": 0}, "settle 0"),
        ({"into": "x", "settle": float("nan")}, "settle nan"),
        ({"into": "x", "poll": -1}, "poll -1"),
        ({"into": "x", "max_batch": 0}, "max batch 0"),
    ],
)
def test_options_that_make_no_sense(tmp_path, options, message):
    """They are an error at once, before anything is watched."""
    with pytest.raises(UsageError, match=message):
        imgsort.watch(tmp_path, **options)


def test_options_of_the_model_do_not_go_with_a_classifier(by_class, tmp_path):
    """A classifier has a model of its own."""
    with pytest.raises(UsageError, match="model does not go with a classifier"):
        imgsort.watch(tmp_path / "in", **by_class, model="vgg16")


def test_a_foreign_memory_is_refused(by_class, tmp_path):
    """What a stranger wrote into `.imgsort` is checked, and the message names the file and the remedy."""
    state = tmp_path / "in" / ".imgsort"
    state.mkdir()
    for nonsense in ("[]", '{"version": 2}', '{"version":1,"newest_run":"","files":[{"name":"../x"}]}', "x" * 100):
        (state / "watch.json").write_text(nonsense)
        with pytest.raises(JournalError, match=r"watch\.json: this is not what imgsort wrote"):
            list(imgsort.watch(tmp_path / "in", once=True, settle=SETTLE_SECONDS, **by_class))
