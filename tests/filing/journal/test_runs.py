"""Tests run files: a run file that exists is complete.

It is read like an untrusted file. If a run has two folders, both have the same file.
"""

import time

import pytest

from imgsort.errors import JournalError
from imgsort.filing.journal.runs import ids_in_force, latest_in_force, load_run, run_ids, unsettled_ids
from imgsort.filing.moving.settle import settle
from tests.support.desk import by_first_letter, file_by, undo_last
from tests.support.trees import make_tree, names


def recorded_run(root):
    make_tree(
        root, {"a.jpg": b"1", "bad\udcff.jpg": b"2"} if _takes_any_bytes(root) else {"a.jpg": b"1", "b.jpg": b"2"}
    )
    run, _ = file_by(root, lambda path: "category_1")
    return run, root / ".imgsort/runs" / f"{run.id}.jsonl"


def _takes_any_bytes(root):
    try:
        root.mkdir(parents=True, exist_ok=True)
        (root / "\udcff").write_bytes(b"")
        (root / "\udcff").unlink()
    except OSError:
        return False
    return True


def test_a_run_reads_back_as_it_was_written(tmp_path):
    """A run is read back with its plan, command, start time and events, even if names are not UTF-8."""
    run, _ = recorded_run(tmp_path)
    again = load_run(tmp_path.resolve(), run.id)
    assert (again.plan, again.command, again.started, again.events) == (run.plan, run.command, run.started, run.events)


def test_the_file_is_ascii(tmp_path):
    """A run file is ASCII lines of JSON, whatever the names are."""
    _, path = recorded_run(tmp_path)
    assert path.read_bytes().isascii()


def test_a_torn_last_line_is_left_out_and_overwritten(tmp_path):
    """A line that a crash cut is not an event, and the next event overwrites it."""
    run, path = recorded_run(tmp_path)
    path.write_bytes(path.read_bytes() + b'{"type":"und')
    assert load_run(tmp_path.resolve(), run.id).status == "done"
    undo_last(tmp_path)
    assert load_run(tmp_path.resolve(), run.id).status == "undone"
    assert b'"und{' not in path.read_bytes()


def test_ids_rise_although_the_clock_goes_back(tmp_path, monkeypatch):
    """A run after the clock was set back has a higher id than the run before it."""
    recorded_run(tmp_path)
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000 * 10**9)
    make_tree(tmp_path, {"c.jpg": b"3"})
    second, _ = file_by(tmp_path, by_first_letter)
    assert run_ids(tmp_path)[-1] == second.id


def test_a_plan_that_was_being_written_is_removed(tmp_path):
    """A run that was killed before its plan was complete has moved nothing, and its file is removed."""
    recorded_run(tmp_path)
    leftover = tmp_path / ".imgsort/runs/20990101-000000-000.tmp"
    leftover.write_bytes(b"{")
    settle(tmp_path.resolve())
    assert not leftover.exists()


def test_only_killed_runs_are_unsettled(tmp_path):
    """Only killed runs need settling, and the last line of a run file tells which they are."""
    run, path = recorded_run(tmp_path)
    assert unsettled_ids(tmp_path) == []
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert unsettled_ids(tmp_path) == [run.id]
    assert settle(tmp_path.resolve()) == [run.id]
    assert load_run(tmp_path.resolve(), run.id).status == "interrupted"
    undo_last(tmp_path)
    assert sorted(names(tmp_path).values()) == [b"1", b"2"]


def replaced(old, new):
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    "change",
    [
        replaced(b'"source":"a.jpg"', b'"source":"/etc/passwd"'),
        replaced(b'"source":"a.jpg"', b'"source":"../a.jpg"'),
        replaced(b'"target":"category_1/a.jpg"', b'"target":"x/../../a.jpg"'),
        replaced(b'"target":"category_1/a.jpg"', b'"target":".imgsort/runs/x"'),
        replaced(b'"made":["category_1"]', b'"made":["../x"]'),
        replaced(b'"categories":["category_1"]', b'"categories":["/x"]'),
        replaced(b'"size":1', b'"size":-1'),
        replaced(b'"size":1', b'"size":1e400'),
        replaced(b'"moves":2', b'"moves":3'),
        replaced(b'"type":"end"', b'"type":"ends"'),
        replaced(b'"type":"done"', b'"type":"remove","path":"../x","mode":1'),
        replaced(b'"type":"done"', b'"type":"placeholder","at":"target","move":99'),
        replaced(b'"version":1', b'"version":9'),
        replaced(b'"mode":"move"', b'"mode":"shred"'),
        replaced(b'"collection":null', b'"collection":"/home"'),
        replaced(b'"mode":"move","collection":null', b'"mode":"copy","collection":"a"'),
        replaced(b'"mtime_ns":', b'"mtime_ns":"x","y":'),
        lambda text: text[: len(text) // 2],
        lambda text: b"",
        lambda text: b"nonsense\n",
        lambda text: b"[" * 200_000 + b"\n",
        lambda text: b"\0" * 1000 + b"\n",
        lambda text: b"[]\n" * 3,
    ],
)
def test_a_run_that_imgsort_did_not_write_is_refused(tmp_path, change):
    """A path that leads out, a number out of range or nonsense is an error with a remedy.

    Nothing moves.
    """
    run, path = recorded_run(tmp_path)
    text = change(path.read_bytes())
    assert text != path.read_bytes()
    path.write_bytes(text)
    before = names(tmp_path)
    with pytest.raises(JournalError, match="Remove the file"):
        load_run(tmp_path.resolve(), run.id)
    with pytest.raises(JournalError):
        undo_last(tmp_path, run.id)
    assert names(tmp_path) == before


def test_a_huge_run_file_is_refused_unread(tmp_path):
    """A sparse run file of a terabyte is an error at once."""
    run, path = recorded_run(tmp_path)
    with path.open("r+b") as handle:
        try:
            handle.truncate(2**40)
        except OSError:
            handle.truncate(2**32)
    with pytest.raises(JournalError, match="far more than imgsort writes"):
        load_run(tmp_path.resolve(), run.id)


def test_runs_in_force_are_those_not_undone_newest_first(tmp_path):
    """A run that is undone, wholly or in part, is not in force; an interrupted run is.

    The newest run comes first.
    """
    assert list(ids_in_force(tmp_path)) == []
    ids = []
    for letter in "abcd":
        make_tree(tmp_path, {f"{letter}.jpg": letter.encode()})
        ids.append(file_by(tmp_path, by_first_letter)[0].id)
    assert list(ids_in_force(tmp_path)) == ids[::-1]
    undo_last(tmp_path, ids[1])
    (tmp_path / "category_d/d.jpg").write_bytes(b"edited")
    undo_last(tmp_path)
    path = tmp_path / f".imgsort/runs/{ids[0]}.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    settle(tmp_path.resolve())
    assert [load_run(tmp_path.resolve(), run_id).status for run_id in ids] == [
        "interrupted", "undone", "done", "undone in part",
    ]  # fmt: skip
    assert list(ids_in_force(tmp_path)) == [ids[2], ids[0]]
    assert latest_in_force(tmp_path).id == ids[2]
