"""`imgsort apply`, `undo` and `history` for an object store, against a real server."""

import csv
import json
import threading

import pytest

from tests.support.stores import COPIED, SOURCE, command, folder_of, under, write_plan


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
