"""`imgsort apply`, `undo` and `history` for an object store, against a real server."""

import csv
import json
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.support.stores import command, under, write_plan

SOURCE = {
    "in/a.jpg": b"one",
    "in/a.xmp": b"about one",
    "in/b c+d.jpg": b"two",
    "in/%41.jpg": b"three",
    "in/n.txt": b"no",
}
COPIED = {"x/a.jpg": b"one", "x/a.xmp": b"about one", "y/b c+d.jpg": b"two", "y/%41.jpg": b"three"}


def folder_of(path):
    return "x" if path == "a.jpg" else "y"


@pytest.fixture
def plan(bucket, tmp_path):
    """A plan that copies three images and a sidecar."""
    bucket.put(SOURCE)
    write_plan(bucket, tmp_path / "plan.csv", folder_of)
    return tmp_path / "plan.csv"


@pytest.mark.parametrize("behaviour", [{}, {"knows_copy_conditions": True}, {"busy": 4}])
def test_copies_and_takes_back(bucket, plan, behaviour):
    """Objects are copied with their sidecars, sources stay, undo removes the copies, and nothing else is left."""
    vars(bucket.behaviour).update(behaviour)
    applied = command("apply", plan)
    assert bucket.tree() == SOURCE | {f"out/{key}": content for key, content in COPIED.items()}
    assert (applied["status"], applied["counts"]["moves"], applied["counts"]["sidecars"]) == ("done", 4, 1)
    assert applied["output"] == bucket.address("out/")
    runs = command("history", bucket.address("out"))["runs"]
    assert [(run["id"], run["status"]) for run in runs] == [(applied["run"], "done")]
    assert command("undo", bucket.address("out"))["counts"] == {"restored": 4, "refused": 0}
    assert bucket.tree() == SOURCE
    assert command("history", bucket.address("out"))["runs"][0]["status"] == "undone"
    assert command("undo", bucket.address("out"), code=1)["error"]["type"] == "NothingToUndoError"


def test_a_store_that_copies_with_conditions_is_not_read(bucket, plan):
    """Where the store copies with conditions, no object travels to this machine and back."""
    bucket.behaviour.knows_copy_conditions = True
    bucket.behaviour.seen.clear()
    command("apply", plan)
    assert not [path for method, path in bucket.behaviour.seen if method == "GET" and "/in/" in path]


def test_a_store_without_conditions_is_refused(bucket, plan):
    """A store that ignores If-None-Match gets no copies, unless a person takes the risk; then each key is looked at."""
    bucket.behaviour.ignores_conditions = True
    error = command("apply", plan, code=1)["error"]
    assert "--unsafe-no-conditional" in error["message"] and bucket.tree() == SOURCE
    assert command("apply", plan, "--unsafe-no-conditional")["status"] == "done"
    assert under(bucket.tree(), "out/") == COPIED
    assert command("undo", bucket.address("out"))["counts"]["restored"] == 4
    assert bucket.tree() == SOURCE


def test_dry_run_writes_nothing(bucket, plan, tmp_path):
    """--dry-run shows the copies, and makes neither an object nor a journal."""
    bucket.behaviour.seen.clear()
    assert command("apply", plan, "--dry-run")["counts"]["moves"] == 4
    assert bucket.tree() == SOURCE and not (tmp_path / "state").exists()
    assert {method for method, _ in bucket.behaviour.seen} <= {"GET", "HEAD"}


def test_applied_twice(bucket, plan):
    """The second time, every copy is there with its bytes: nothing to do, and the first run can be taken back."""
    command("apply", plan)
    again = command("apply", plan)
    assert (again["status"], again["run"]) == ("nothing to do", None)
    assert any("4 of the copies are there already" in text for text in again["notices"])
    assert command("undo", bucket.address("out"))["counts"]["restored"] == 4


def test_the_plan_is_checked_line_by_line(bucket, plan):
    """Changed objects, missing ones, taken keys and unsafe targets are named, and nothing is copied."""
    bucket.put({"in/a.jpg": b"ONE", "out/y/b c+d.jpg": b"somebody else's"})
    rows = list(csv.reader(plan.read_text(encoding="utf-8-sig").splitlines()))
    head = rows[0]
    rows[1:] = sorted(rows[1:])
    names = [row[0] for row in rows[1:]]
    assert names == ["%2541.jpg", "a.jpg", "b c+d.jpg"]
    rows[1][head.index("category")], rows[1][head.index("target")] = "", "../up.jpg"
    rows.append([*rows[2]])
    rows[-1][0] = "none.jpg"
    with plan.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)
    before = bucket.tree()
    wrong = {row["line"]: row["reason"] for row in command("apply", plan, code=1)["error"]["lines"]}
    assert list(wrong) == [2, 3, 4, 5]
    assert "does not lie below" in wrong[2] and "'a.jpg' was changed" in wrong[3]
    assert "there is another object" in wrong[4] and "there is no image 'none.jpg'" in wrong[5]
    assert bucket.tree() == before


def test_what_changes_meanwhile_is_left_alone(bucket, plan):
    """An object that changes after the check is not copied, and a key that is taken meanwhile is not overwritten."""
    changed, one_at_a_time = threading.Event(), threading.Lock()

    def before(method, path):
        with one_at_a_time:
            if method == "HEAD" and "/in/" in path and not changed.is_set():
                changed.set()
                bucket.put({"in/%41.jpg": b"THREE", "out/y/b c+d.jpg": b"somebody else's"})

    bucket.behaviour.before = before
    done = command("apply", plan, code=4)
    tree = bucket.tree()
    assert tree["out/y/b c+d.jpg"] == b"somebody else's" and tree["out/x/a.jpg"] == b"one"
    refused = {row["path"]: row["reason"] for row in done["refused"]}
    assert "was changed" in refused["%41.jpg"] and "taken meanwhile" in refused["b c+d.jpg"] and len(refused) == 2
    command("undo", bucket.address("out"))
    assert under(bucket.tree(), "out/") == {"y/b c+d.jpg": b"somebody else's"}


def test_undo_keeps_what_was_changed_and_last_copies(bucket, plan):
    """A copy that was changed stays, and so does one whose original is gone or changed. The others go."""
    command("apply", plan)
    bucket.put({"out/x/a.jpg": b"ONE", "in/%41.jpg": b"THREE"})
    bucket.ask("DELETE", "in/b c+d.jpg")
    refused = {row["path"]: row["reason"] for row in command("undo", bucket.address("out"), code=4)["refused"]}
    assert "was changed since" in refused["x/a.jpg"]
    assert "last copy" in refused["y/b c+d.jpg"] and "last copy" in refused["y/%41.jpg"]
    assert set(under(bucket.tree(), "out/")) == {"x/a.jpg", "y/b c+d.jpg", "y/%41.jpg"}


def test_versions(bucket, tmp_path):
    """In a bucket that keeps versions, copies are made and taken back; every version of the sources stays."""
    bucket.ask(
        "PUT",
        "",
        b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status>'
        b"</VersioningConfiguration>",
        "?versioning",
    )
    bucket.put(SOURCE)
    write_plan(bucket, tmp_path / "plan.csv", folder_of)
    run = command("apply", tmp_path / "plan.csv", "--journal", tmp_path / "journal")["run"]
    text = (tmp_path / "journal" / ".imgsort" / "runs" / f"{run}.jsonl").read_text()
    copied = next(line for line in map(json.loads, text.splitlines()) if line["type"] == "copied")
    assert all(version for _, _, version in copied["copies"])
    undone = command("undo", bucket.address("out"), "--journal", tmp_path / "journal")
    assert undone["counts"]["restored"] == 4 and bucket.tree() == SOURCE


def start(*arguments):
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "imgsort", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


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


def test_somebody_elses_claim(bucket, plan):
    """A claim of another machine is respected, named, and left alone; it is not this journal's to remove."""
    claim = {"version": 1, "token": "t", "command": "apply", "pid": 7, "host": "elsewhere", "since": "yesterday"}
    bucket.put({"out/.imgsort/claim": json.dumps(claim).encode()})
    before = bucket.tree()
    error = command("apply", plan, code=1)["error"]
    assert error["type"] == "LockedError" and "process 7 on elsewhere, since yesterday" in error["message"]
    assert f"s3://{bucket.name}/out/.imgsort/claim" in error["message"]
    assert bucket.tree() == before


def test_a_claim_that_is_nonsense(bucket, plan):
    """A claim that imgsort did not write is respected too."""
    for claim in (b"", b"nonsense", b"[]", b'{"token": 5}', b"x" * 100_000):
        bucket.put({"out/.imgsort/claim": claim})
        assert command("apply", plan, code=1)["error"]["type"] == "LockedError"


def test_two_at_once(bucket, plan):
    """While one run copies, a second one ends at once, also with a journal of its own."""
    reached, go_on = threading.Event(), threading.Event()

    def before(method, path):
        if method == "PUT" and "/out/x/" in path:
            reached.set()
            go_on.wait(240)

    bucket.behaviour.before = before
    process = start("apply", plan)
    assert reached.wait(240)
    assert command("apply", plan, code=1)["error"]["type"] == "LockedError"
    other = command("apply", plan, "--journal", plan.parent / "other", code=1)["error"]
    assert other["type"] == "LockedError" and f"process {process.pid}" in other["message"]
    go_on.set()
    process.communicate()
    assert process.returncode == 0 and under(bucket.tree(), "out/") == COPIED


def test_no_secret_is_written(bucket, plan, tmp_path):
    """Credentials in an address reach neither output nor journal nor bucket."""
    signed = bucket.address("out").replace("s3://", "s3://OTHERKEY:OTHERHUSH@")
    told = json.dumps([command("apply", plan), command("history", signed), command("undo", signed)])
    told += "".join(path.read_text() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert "OTHER" not in told and "made-up" not in told


def test_a_strangers_journal(bucket, plan, tmp_path):
    """A journal that imgsort did not write is an error that names it, and nothing is removed."""
    run = command("apply", plan, "--journal", tmp_path / "journal")["run"]
    file = tmp_path / "journal" / ".imgsort" / "runs" / f"{run}.jsonl"
    text, before = file.read_text(), bucket.tree()
    for changed in (
        text.replace('"target":"x/a.jpg"', '"target":"../in/a.jpg"'),
        text.replace("/in/", "/in/../"),
        text.replace('[[0,"', '[[99,"'),
        text[: text.index('{"type":"end"')],
    ):
        file.write_text(changed)
        error = command("undo", bucket.address("out"), "--journal", tmp_path / "journal", code=1)["error"]
        assert error["type"] == "JournalError" and str(file) in error["message"]
        assert bucket.tree() == before
