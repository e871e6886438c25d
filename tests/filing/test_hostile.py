"""Tests folders with a `.imgsort` that a stranger made.

Such a folder is refused with a message, and nothing outside it changes.
"""

import json
import os
import sys
import tracemalloc

import pytest

from imgsort.errors import JournalError
from imgsort.filing.planning.site import Mode
from tests.support.desk import by_first_letter, file_by, undo_last
from tests.support.trees import make_tree, names, read_tree

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")

ID = "20260101-000000-000"


def hostile_run(root, events=(), **changes):
    """Write a run file as a stranger could write it.

    Its undo would move `b/a.jpg` back to `a.jpg`.
    """
    header = {
        "type": "run", "version": 1, "id": ID, "command": "categorize", "started": "2026", "mode": "move",
        "collection": None, "destination": None, "prefix": "", "model": None, "made": [], "categories": [],
        "folders": [],
    }  # fmt: skip
    move = {
        "type": "move",
        "source": "a.jpg",
        "target": "b/a.jpg",
        "size": 1,
        "mtime_ns": 1,
        "content": "x",
        "distance": None,
    }
    move |= {key: changes.pop(key) for key in list(changes) if key in move}
    lines = [header | changes, move, {"type": "end", "moves": 1}, *events]
    path = root / ".imgsort/runs" / f"{ID}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize("events", [[], [{"type": "done", "refused": 0}], [{"type": "undo"}]])
@pytest.mark.parametrize(
    "changes",
    [
        {"source": "/tmp/x"},
        {"target": "../victim/a.jpg"},
        {"collection": "VICTIM", "destination": "HERE"},
        {"collection": "HERE", "destination": "VICTIM"},
        {"collection": "VICTIM", "destination": "VICTIM"},
        {"made": ["../victim"]},
    ],
)
def test_a_journal_cannot_name_folders_of_others(tmp_path, changes, events):
    """The victim's folder stays unchanged, whatever the journal says and however unfinished it looks."""
    here, victim = tmp_path.resolve() / "here", tmp_path.resolve() / "victim"
    make_tree(here, {"c.jpg": b"3", "b/a.jpg": b"1"})
    make_tree(victim, {"a.jpg": b"1", "b/a.jpg": b"1"})
    places = {"HERE": str(here), "VICTIM": str(victim)}
    hostile_run(here, events, **{k: places.get(v, v) if isinstance(v, str) else v for k, v in changes.items()})
    before = read_tree(tmp_path)
    with pytest.raises(JournalError):
        undo_last(here)
    if not events or events[0]["type"] == "undo":
        with pytest.raises(JournalError):
            file_by(here, by_first_letter)
    assert read_tree(tmp_path) == before
    assert not (victim / ".imgsort").exists()


def test_undo_does_not_go_through_a_link(tmp_path):
    """If a journal's paths lead through a link in the folder, undo moves nothing out of the linked folder."""
    here, victim = tmp_path / "here", tmp_path / "victim"
    make_tree(victim, {"a.jpg": b"1"})
    here.mkdir()
    (here / "b").symlink_to(victim)
    hostile_run(here, [{"type": "done", "refused": 0}])
    assert [refusal.reason for refusal in undo_last(here).refused] == ["a link, or no folder, lies on the way"]
    assert names(victim) == {"a.jpg": b"1"}


def test_a_copy_run_cannot_be_made_to_remove_a_file(tmp_path):
    """Undo removes a file that a journal calls a copy only if the original exists and is the same."""
    here = tmp_path / "here"
    make_tree(here, {"b/a.jpg": b"1"})
    hostile_run(
        here, [{"type": "done", "refused": 0}], mode=Mode.COPY, collection="/nowhere", destination="/nowhere/out"
    )
    assert len(undo_last(here).refused) == 1
    assert names(here) == {"b/a.jpg": b"1"}


@pytest.mark.parametrize("part", [".imgsort", ".imgsort/runs", ".imgsort/categories.json", ".imgsort/lock"])
def test_links_in_the_state_folder_are_refused(tmp_path, part):
    """A link in place of any part of the state folder is not followed, to read or to write."""
    here, victim = tmp_path / "here", tmp_path / "victim"
    make_tree(here, {"a.jpg": b"1"})
    make_tree(victim, {"precious": b"bytes"})
    place = here / part
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(victim / "precious" if "." in place.name[1:] or place.name == "lock" else victim)
    before = read_tree(victim)
    with pytest.raises(JournalError):
        file_by(here, by_first_letter)
    assert read_tree(victim) == before
    assert names(here) == {"a.jpg": b"1"}


@pytest.mark.parametrize("part", ["runs/20260101-000000-000.jsonl", "categories.json", "lock", "owner", "runs"])
def test_pipes_in_the_state_folder_do_not_block(tmp_path, part):
    """A pipe in place of any part of the state folder is refused at once, or is harmless."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    place = tmp_path / ".imgsort" / part
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    try:
        file_by(tmp_path, by_first_letter)
    except JournalError as error:
        assert "Remove" in str(error)
        assert names(tmp_path) == {"a.jpg": b"1"}
    else:
        assert part == "owner"


def test_a_move_onto_itself_is_refused(tmp_path):
    """A journal with a move from a file to itself is refused.

    Otherwise the file would look half moved and be removed.
    """
    make_tree(tmp_path, {"a.jpg": b"1"})
    hostile_run(tmp_path, source="a.jpg", target="a.jpg")
    with pytest.raises(JournalError):
        undo_last(tmp_path)
    with pytest.raises(JournalError):
        file_by(tmp_path, by_first_letter)
    assert names(tmp_path) == {"a.jpg": b"1"}


def test_a_lock_that_is_another_name_of_a_photograph_is_refused(tmp_path):
    """A lock that is a hard link to a photograph is refused.

    An archive can contain such a link. Opening it as a lock could empty the photograph.
    """
    make_tree(tmp_path, {"a.jpg": b"1", ".imgsort/runs": None})
    os.link(tmp_path / "a.jpg", tmp_path / ".imgsort/lock")
    with pytest.raises(JournalError, match="not a lock"):
        file_by(tmp_path, by_first_letter)
    assert names(tmp_path) == {"a.jpg": b"1"}


@pytest.mark.parametrize("name", ["29990101-000000-9", "99991231-235959-999", "x"])
def test_a_run_of_an_odd_name_cannot_make_runs_overwrite_each_other(tmp_path, name):
    """A run file with an odd name is refused, so two runs never share an id."""
    make_tree(tmp_path, {"a.jpg": b"1", f".imgsort/runs/{name}.jsonl": b'{"type":"undone","refused":0}\n'})
    with pytest.raises(JournalError, match="Remove the file"):
        file_by(tmp_path, by_first_letter)
    assert names(tmp_path) == {"a.jpg": b"1"}


@pytest.mark.parametrize("value", ["\ud800.jpg", "a\0b"])
def test_names_that_no_file_can_have_are_refused(tmp_path, value):
    """A name that no file can have is a JournalError, not an error of Python.

    An example is a lone surrogate.
    """
    make_tree(tmp_path, {"a.jpg": b"1"})
    hostile_run(tmp_path, source=value)
    with pytest.raises(JournalError):
        undo_last(tmp_path)


@pytest.mark.parametrize("byte", [b"\n", b"\0"])
def test_a_large_file_of_nonsense_ends_at_its_first_line(tmp_path, byte):
    """Two hundred megabytes of nonsense are refused with less memory than their size."""
    path = tmp_path / f".imgsort/runs/{ID}.jsonl"
    make_tree(tmp_path, {path.relative_to(tmp_path).as_posix(): byte * 200_000_000})
    tracemalloc.start()
    try:
        with pytest.raises(JournalError):
            undo_last(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", ["owner", "categories.json.tmp", "categories.json"])
def test_folders_in_place_of_state_files_are_refused_before_anything_moves(tmp_path, part):
    """The error for a folder in place of a state file names the folder and the remedy, and nothing moves."""
    make_tree(tmp_path, {"a.jpg": b"1", f".imgsort/{part}": None})
    with pytest.raises(JournalError, match="Remove it"):
        file_by(tmp_path, by_first_letter)
    assert names(tmp_path) == {"a.jpg": b"1"}
