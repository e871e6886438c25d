"""Claims, plans, journals and objects of strangers: nothing of theirs is overwritten or removed."""

import csv
import json
import threading

import pytest

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
    ):
        file.write_text(changed)
        error = command("undo", bucket.address("out"), "--journal", tmp_path / "journal", code=1)["error"]
        assert error["type"] == "JournalError" and str(file) in error["message"]
        assert bucket.tree() == before
