"""A run in an object store that is killed, interrupted, or whose store goes away can go on or be taken back."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.support.stores import COPIED, SOURCE, command, start, under


@pytest.mark.parametrize(("then", "conditions"), [("apply", True), ("undo", False), ("apply", False)])
def test_killed_in_the_middle(bucket, plan, then, conditions):
    """After kill -9 between two copies, apply again or undo brings everything in order."""
    bucket.behaviour.knows_copy_conditions = conditions
    reached, go_on = threading.Event(), threading.Event()
    copies = []

    def before(method, path):
        if method == "PUT" and "/out/" in path and ".imgsort" not in path:
            copies.append(path)
            if len(copies) > 2:  # two are made, and the others hang
                reached.set()
                go_on.wait(240)
                return 503
        return None

    bucket.behaviour.before = before
    process = start("apply", plan)
    assert reached.wait(240)
    deadline = time.monotonic() + 240
    while len(under(bucket.tree(), "out/")) < 3 and time.monotonic() < deadline:  # two copies and the claim
        time.sleep(0.05)
    process.kill()
    process.communicate()
    bucket.behaviour.before = lambda *_: None
    go_on.set()
    assert ".imgsort/claim" in under(bucket.tree(), "out/")
    if then == "undo":
        undone = command("undo", bucket.address("out"))
        assert undone["counts"] == {"restored": 2, "refused": 0} and bucket.tree() == SOURCE
        return
    again = command("apply", plan)
    assert again["counts"]["moves"] == 2 and under(bucket.tree(), "out/") == COPIED
    assert [run["status"] for run in command("history", bucket.address("out"))["runs"]] == ["interrupted", "done"]
    command("undo", bucket.address("out"))
    command("undo", bucket.address("out"))
    assert bucket.tree() == SOURCE


def test_killed_while_undoing(bucket, plan):
    """An undo that is killed can be given again."""
    command("apply", plan)
    reached, go_on = threading.Event(), threading.Event()

    def before(method, path):
        if method == "DELETE" and "/out/y/" in path:
            reached.set()
            go_on.wait(240)
            return 503
        return None

    bucket.behaviour.before = before
    process = start("undo", bucket.address("out"))
    assert reached.wait(240)
    process.kill()
    process.communicate()
    bucket.behaviour.before = lambda *_: None
    go_on.set()
    command("undo", bucket.address("out"))
    assert bucket.tree() == SOURCE


def test_ctrl_c(bucket, plan):
    """Ctrl-C ends a run with exit code 130; what was copied is recorded and can be taken back."""
    reached = threading.Event()

    def before(method, path):
        if method == "PUT" and "/out/y/" in path:
            reached.set()
            time.sleep(1)

    bucket.behaviour.before = before
    process = start("apply", plan)
    assert reached.wait(240)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130 and b"imgsort undo" in said
    bucket.behaviour.before = lambda *_: None
    command("undo", bucket.address("out"))
    assert bucket.tree() == SOURCE


def test_a_store_that_goes_away(bucket, plan):
    """If the store answers nothing any more, the run stops with exit code 4, and undo brings all in order later."""
    gone = threading.Event()

    def before(method, path):
        if method == "PUT" and "/out/y/" in path:
            gone.set()
        return 503 if gone.is_set() else None

    bucket.behaviour.before = before
    done = subprocess.run(
        [sys.executable, "-c", _IMPATIENT, "apply", str(plan)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and "does not answer" in done.stderr
    bucket.behaviour.before = lambda *_: None
    command("undo", bucket.address("out"))
    assert bucket.tree() == SOURCE


# The command, with pauses that are too short to wait for.
_IMPATIENT = (
    "from imgsort.storage import retrying; retrying._LONGEST_PAUSE_SECONDS = 0.01; from imgsort.cli import main; main()"
)


def test_killed_before_the_first_copy(bucket, plan):
    """A run that was killed as soon as it had its claim has nothing to undo; `undo` removes the claim all the same."""
    reached, go_on = threading.Event(), threading.Event()

    def before(method, path):
        if path.endswith("/out/.imgsort/claim") and method == "PUT":
            reached.set()
        elif reached.is_set():
            go_on.wait(240)
            return 503
        return None

    bucket.behaviour.before = before
    process = start("apply", plan)
    assert reached.wait(240)
    deadline = time.monotonic() + 240
    while not under(bucket.tree(), "out/") and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    bucket.behaviour.before = lambda *_: None
    go_on.set()
    assert set(under(bucket.tree(), "out/")) == {".imgsort/claim"}
    assert command("undo", bucket.address("out"), code=1)["error"]["type"] == "NothingToUndoError"
    assert bucket.tree() == SOURCE
