"""Claims, plans, journals and objects of strangers: nothing of theirs is overwritten or removed."""

import csv
import hashlib
import json
import threading

import pytest
from click.testing import CliRunner

from imgsort.cli import main
from tests.support.stores import COPIED, SOURCE, command, start, under, write_plan


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
        text.replace("/in/", "/out/").replace('"source":"a.jpg"', '"source":"x/a.jpg"'),  # an original as its own copy
        text.replace('"target":"x/a.jpg"', '"target":"x/\\udcff.jpg"'),
    ):
        assert changed != text
        file.write_text(changed)
        error = command("undo", bucket.address("out"), "--journal", tmp_path / "journal", code=1)["error"]
        assert error["type"] == "JournalError" and str(file) in error["message"]
        assert bucket.tree() == before


@pytest.mark.parametrize(
    ("file", "target"),
    [
        ("a.jpg", "../in/b.jpg"),
        ("a.jpg", "/a.jpg"),
        ("a.jpg", "x//a.jpg"),
        ("a.jpg", "x/./a.jpg"),
        ("a.jpg", ".imgsort/claim"),
        ("a.jpg", ".imgsort/claim.jpg"),
        ("a.jpg", "x/.IMGSORT/a.jpg"),
        ("a.jpg", ".x/a.jpg"),
        ("a.jpg", "x/%FF.jpg"),
        ("a.jpg", "x/%00.jpg"),
        ("a.jpg", "x/a"),
        ("a.jpg", "x/" + "k" * 1024 + ".jpg"),
        ("../out/theirs.jpg", "x/a.jpg"),
        ("/in/a.jpg", "x/a.jpg"),
        ("%FF/a.jpg", "x/a.jpg"),
        ("%00/a.jpg", "x/a.jpg"),
        ("a//b.jpg", "x/a.jpg"),
    ],
)
def test_a_strangers_plan(bucket, tmp_path, file, target):
    """A plan may name any file and any target. What lies elsewhere, or cannot be a key, is a wrong line."""
    bucket.put({"in/a.jpg": b"one", "out/theirs.jpg": b"theirs"})
    cells = {"file": file, "target": target, "mode": "copy"}
    cells |= {"collection": bucket.address("in/"), "output": bucket.address("out/")}
    with (tmp_path / "plan.csv").open("w", newline="") as handle:
        rows = csv.DictWriter(handle, ["file", "category", "target", "collection", "output", "mode"])
        rows.writeheader()
        rows.writerow(cells)
    error = command("apply", tmp_path / "plan.csv", "--dry-run", code=1)["error"]
    assert error["type"] == "PlanError" and [row["line"] for row in error["lines"]] == [2]


@pytest.mark.parametrize(
    "place", ["s3://other/x/../y", "s3://bucket/.imgsort/", "s3://K:HUSH@bucket/x", "gs://bucket/x"]
)
def test_a_plan_for_another_place(bucket, plan, place):
    """A plan whose address is unsafe, holds credentials or is of another kind of store is refused as a whole."""
    plan.write_text(plan.read_text("utf-8-sig").replace(bucket.address("out/"), place), "utf-8")
    error = command("apply", plan, code=1)["error"]
    assert error["type"] == "PlanError" and "HUSH" not in error["message"]


def test_odd_keys_are_copied_and_taken_back(bucket, tmp_path):
    """Keys that differ by case or Unicode form only, or hold control characters, get distinct keys and are undone."""
    names = [
        "a.jpg",
        "A.jpg",
        "\u00e9.jpg",
        "e\u0301.jpg",
        "tab\t.jpg",
        "bell\x07.jpg",
        "a;b,c.jpg",
        "=x.jpg",
        "%2e.jpg",
    ]
    source = {f"in/{name}": name.encode() for name in names}
    bucket.put(source)
    write_plan(bucket, tmp_path / "plan.csv", lambda path: "x")
    assert command("apply", tmp_path / "plan.csv")["counts"]["moves"] == len(names)
    copies = under(bucket.tree(), "out/x/")
    assert sorted(copies.values()) == sorted(source.values())
    assert len({name.lower() for name in copies}) == len(names)
    assert command("undo", bucket.address("out"))["counts"]["restored"] == len(names)
    assert bucket.tree() == source


def test_an_object_that_was_uploaded_in_parts(bucket, tmp_path):
    """The store's mark of such an object differs from its copy's. The copy is known again by its bytes."""
    started = bucket.ask("POST", "in/a.jpg", query="?uploads").decode()
    upload = started.partition("<UploadId>")[2].partition("<")[0]
    bucket.ask("PUT", "in/a.jpg", b"one", f"?partNumber=1&uploadId={upload}")
    part = f'<Part><PartNumber>1</PartNumber><ETag>"{hashlib.md5(b"one").hexdigest()}"</ETag></Part>'
    whole = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    bucket.ask("POST", "in/a.jpg", whole, f"?uploadId={upload}")
    write_plan(bucket, tmp_path / "plan.csv", lambda path: "x")
    assert command("apply", tmp_path / "plan.csv")["counts"]["moves"] == 1
    assert command("apply", tmp_path / "plan.csv")["status"] == "nothing to do"
    bucket.put({"out/x/a.jpg": b"two"})  # as large
    assert "another object" in command("apply", tmp_path / "plan.csv", code=1)["error"]["lines"][0]["reason"]


def test_a_copy_that_is_replaced_while_it_is_taken_back(bucket, plan):
    """What somebody writes between the look at a copy and its removal stays, if the store honours If-Match."""
    command("apply", plan)

    def before(method, path):
        if method == "DELETE" and path.endswith("/out/x/a.jpg"):
            bucket.put({"out/x/a.jpg": b"ONE"})

    bucket.behaviour.before = before
    undone = command("undo", bucket.address("out"), code=4)
    assert [row["path"] for row in undone["refused"]] == ["x/a.jpg"]
    assert under(bucket.tree(), "out/") == {"x/a.jpg": b"ONE"}


def test_the_journal_of_a_folder_is_left_alone(bucket, plan, tmp_path):
    """A folder of images has a journal of its own. --journal does not mix the two, and writes nothing there."""
    runs = tmp_path / "photos" / ".imgsort" / "runs"
    runs.mkdir(parents=True)
    (runs / "20260101-000000-001.jsonl").write_text('{"type":"run","version":1}\n')
    (runs / "left.tmp").write_text("of a killed run")
    before = sorted(path.name for path in (tmp_path / "photos").rglob("*"))
    for line in (("apply", plan), ("undo", bucket.address("out")), ("history", bucket.address("out"))):
        error = command(*line, "--journal", tmp_path / "photos", code=1)["error"]
        assert error["type"] == "JournalError" and "Name another folder" in error["message"]
    assert sorted(path.name for path in (tmp_path / "photos").rglob("*")) == before
    assert set(bucket.tree()) == set(SOURCE)


@pytest.mark.parametrize("answer", [403, b"<html></html>", b""])
@pytest.mark.parametrize("to", ["GET", "HEAD", "PUT", "DELETE"])
def test_nonsense(bucket, plan, to, answer):
    """Whatever answers in place of the store: the command ends with one plain error, and every object is whole."""
    bucket.behaviour.before = lambda method, path: answer if method == to and "/in/" not in path else None
    done = CliRunner().invoke(main, ["apply", str(plan), "--json"])
    assert done.exit_code in (0, 1, 4) and isinstance(done.exception, SystemExit | None), done.exception
    if done.exit_code == 1:
        error = json.loads(done.stdout)["error"]
        assert error["type"] in ("StorageError", "LockedError") and bucket.name in error["message"]
    bucket.behaviour.before = lambda *_: None
    assert bucket.tree().items() >= SOURCE.items()
