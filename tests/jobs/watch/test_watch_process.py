"""Tests the real command as a process: files arrive as people and programs bring them, and it is ended and killed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

import imgsort
from tests.support.classifiers import put
from tests.support.trees import names
from tests.support.watching import SETTLE_SECONDS, WatchProcess, images_in, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
# Longer than an image rests, and not so long that one which is not whole is given up.
LONG_SECONDS = 3 * SETTLE_SECONDS


@pytest.fixture
def start(trained, tmp_path):
    """Return a function that starts the command on `in`; what still runs at the end is killed."""
    started = []

    def begin(*options, before=()):
        (tmp_path / "in").mkdir(exist_ok=True)
        where = ("--classifier", trained.classifier, "--output", tmp_path / "out")
        started.append(WatchProcess(tmp_path / "in", *where, *options, errors=tmp_path / "errors.txt", before=before))
        return started[-1]

    yield begin
    for watch in started:
        watch.kill_if_alive()


def copy_slowly(source, target):
    """Copy a file in three pieces. The pauses are longer than an image rests."""
    data = source.read_bytes()
    with target.open("wb") as handle:
        for start in range(0, len(data), len(data) // 3 + 1):
            handle.write(data[start : start + len(data) // 3 + 1])
            handle.flush()
            time.sleep(LONG_SECONDS)


def test_a_day_at_the_inbox(start, pictures, tmp_path):
    """Slow copies, renames and deletions are filed as they should; each batch can be undone and stays undone.

    A file that is no image and one that is cut short stay, and are named. SIGTERM ends the command with 0.
    """
    inbox, output = tmp_path / "in", tmp_path / "out"
    watch = start()
    shutil.copy2(pictures[0], inbox / "first.jpg")
    until(lambda: watch.filed == ["first.jpg"])
    (inbox / "notes.txt").write_text("no image")
    (inbox / "cut.jpg").write_bytes(pictures[1].read_bytes()[:2000])
    shutil.copy(pictures[2], inbox / "download.jpg.part")
    shutil.copy(pictures[3], inbox / ".synced.jpg.Xy12ab")
    shutil.copy(pictures[4], inbox / "deleted.jpg")
    (inbox / "deleted.jpg").unlink()
    shutil.copy(pictures[5], inbox / "with a note.jpg")
    (inbox / "with a note.xmp").write_text("a note")
    copy_slowly(pictures[6], inbox / "slow.jpg")
    assert "slow.jpg" not in watch.filed[:1]
    (inbox / "download.jpg.part").rename(inbox / "download.jpg")
    (inbox / ".synced.jpg.Xy12ab").rename(inbox / "synced.jpg")
    until(lambda: {"download.jpg", "synced.jpg", "slow.jpg"} <= set(watch.filed))
    everything = ["download.jpg", "first.jpg", "slow.jpg", "synced.jpg", "with a note.jpg", "with a note.xmp"]
    assert sorted(watch.filed) == everything
    until(lambda: any(result["unreadable"] for result in watch.results))
    assert watch.results[-1]["unreadable"][0]["path"] == "cut.jpg"
    assert images_in(inbox) == ["cut.jpg", "notes.txt"]
    assert watch.said().count("no images, so they stay: notes.txt.") == 1

    before = len(watch.results)
    for result in [result for result in watch.results if result["run"]]:
        imgsort.undo(output, result["run"])
    time.sleep(LONG_SECONDS)
    assert images_in(inbox) == sorted([*everything, "cut.jpg", "notes.txt"])
    assert images_in(output) == []
    (inbox / "slow.jpg").rename(inbox / "renamed.jpg")
    until(lambda: "renamed.jpg" in watch.filed)
    assert len(watch.results) == before + 1
    assert watch.end() == 0

    again = start("--once")
    assert again.process.wait(60) == 0
    assert again.results == []
    shutil.copy(pictures[7], inbox / "first.jpg")
    (inbox / "cut.jpg").write_bytes(pictures[1].read_bytes())
    again = start("--once")
    assert again.process.wait(60) == 0
    again.kill_if_alive()
    assert sorted(again.filed) == ["cut.jpg", "first.jpg"]


def test_killed_at_random_moments_nothing_is_lost_and_nothing_filed_twice(start, pictures, tmp_path):
    """After `kill -9` in the middle of a batch, the next start goes on where the last one was."""
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    inbox, output = tmp_path / "in", tmp_path / "out"
    put(pictures[:60], inbox)
    expected = sorted(file.read_bytes() for file in pictures[:60])
    for number in range(2):
        watch = start("--max-batch=12")
        until(lambda number=number: len(images_in(output)) > 12 * number)
        time.sleep(chance.uniform(0, 0.2))
        watch.end(signal.SIGKILL)
    watch = start()
    until(lambda: not images_in(inbox))
    assert watch.end(signal.SIGINT) == 0
    assert sorted(names(output).values()) == expected, f"seed {seed}"


# In a name space of its own, a user may have as few watches of inotify as an administrator says.
WITHOUT_INOTIFY = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'


def test_without_inotify_the_folder_is_polled(start, pictures, tmp_path):
    """Where the system has no more watches to give, that is said, and images are filed all the same."""
    before = ("unshare", "-Ur", "sh", "-c", WITHOUT_INOTIFY, "sh")
    if shutil.which("unshare") is None or subprocess.run([*before, "true"], check=False).returncode:
        pytest.skip("needs a name space for users, to have no watches of inotify")
    watch = start(before=before)
    until(lambda: "does not tell of changes here" in watch.said())
    put(pictures[:2], tmp_path / "in")
    until(lambda: len(watch.filed) == 2, seconds=30)
    assert watch.end() == 0
    assert watch.said().count("looks every 2 seconds") == 1
