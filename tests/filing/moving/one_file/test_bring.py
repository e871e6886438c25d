"""Tests that a move never replaces a file, on any file system.

A file that changed after the plan stays.
"""

import errno
import os
import sys

import pytest

from imgsort.filing.moving import apply, batch
from imgsort.filing.planning.site import Mode
from tests.support.desk import by_first_letter, file_by, undo_last
from tests.support.trees import make_tree, names, read_tree

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows moves by os.rename alone")


@pytest.fixture(params=["links", "no links"])
def linking(request, monkeypatch):
    """Run the test with links, and run it again where links are refused."""
    if request.param == "no links":

        def refuse(*args, **kwargs):
            raise PermissionError(errno.EPERM, "links are refused here")

        monkeypatch.setattr(os, "link", refuse)
    return request.param


@pytest.mark.parametrize("mode", [Mode.MOVE, Mode.COPY])
@pytest.mark.parametrize("theirs", [b"theirs", b"1"])
def test_a_target_that_appeared_since_planning_is_left(tmp_path, linking, monkeypatch, mode, theirs):
    """A file that took the new name after the plan stays, even if it is the same picture.

    It stays after undo too.
    """
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(root, {"a.jpg": b"1", "b.jpg": b"2"})
    real = apply._make_folders

    def make_and_intrude(run):
        real(run)
        (out / "category_1/a.jpg").write_bytes(theirs)

    monkeypatch.setattr(apply, "_make_folders", make_and_intrude)
    _, outcome = file_by(root, lambda path: "category_1", out, mode)
    assert [(refusal.path, refusal.reason) for refusal in outcome.refused] == [
        ("a.jpg", "its new name was taken meanwhile")
    ]
    assert names(out) == {"category_1/a.jpg": theirs, "category_1/b.jpg": b"2"}
    assert names(root)["a.jpg"] == b"1"
    monkeypatch.undo()
    undo_last(out)
    assert names(out) == {"category_1/a.jpg": theirs}
    assert names(root) == {"a.jpg": b"1", "b.jpg": b"2"}


def test_a_folder_that_appeared_since_planning_is_not_entered(tmp_path, monkeypatch):
    """A foreign folder that got a category's name after the plan stays empty.

    The files stay where they are, and are reported.
    """
    make_tree(tmp_path, {"a.jpg": b"1"})
    real = apply._make_folders

    def intrude_and_make(run):
        (tmp_path / "category_a").mkdir()
        real(run)

    monkeypatch.setattr(apply, "_make_folders", intrude_and_make)
    _, outcome = file_by(tmp_path, by_first_letter)
    assert len(outcome.refused) == 1
    assert names(tmp_path) == {"a.jpg": b"1"}
    undo_last(tmp_path)
    assert (tmp_path / "category_a").is_dir()


def test_a_file_that_changed_since_planning_stays(tmp_path, monkeypatch):
    """A file that was edited or removed after the plan is reported; an edited file stays where it is."""
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2", "c.jpg": b"3"})
    real = apply._make_folders

    def make_and_edit(run):
        real(run)
        (tmp_path / "a.jpg").write_bytes(b"edited")
        (tmp_path / "b.jpg").unlink()

    monkeypatch.setattr(apply, "_make_folders", make_and_edit)
    _, outcome = file_by(tmp_path, lambda path: "category_1")
    assert {refusal.path for refusal in outcome.refused} == {"a.jpg", "b.jpg"}
    assert names(tmp_path) == {"a.jpg": b"edited", "category_1/c.jpg": b"3"}


def test_an_editor_that_saves_between_link_and_unlink_loses_nothing(tmp_path, monkeypatch):
    """If a file is replaced under its old name while it is moved, the new version stays there."""
    make_tree(tmp_path, {"a.jpg": b"old"})
    real = batch.sync_folder

    def save_meanwhile(folder):
        real(folder)
        if (tmp_path / "category_a/a.jpg").exists() and (tmp_path / "a.jpg").read_bytes() == b"old":
            (tmp_path / "new").write_bytes(b"new version")
            os.replace(tmp_path / "new", tmp_path / "a.jpg")

    monkeypatch.setattr(batch, "sync_folder", save_meanwhile)
    _, outcome = file_by(tmp_path, by_first_letter)
    assert [refusal.reason for refusal in outcome.refused] == ["was changed while it was moved"]
    assert names(tmp_path) == {"a.jpg": b"new version"}


def test_modes_times_and_bytes_cross_file_systems(tmp_path, other_filesystem, linking):
    """A file keeps its bytes, mode and times when it moves to another file system and back."""
    make_tree(tmp_path, {"a.jpg": b"1" * 3_000_000, "b.jpg": b"2"})
    (tmp_path / "a.jpg").chmod(0o640)
    before = read_tree(tmp_path)
    file_by(tmp_path, lambda path: "category_1", other_filesystem / "out")
    moved = read_tree(other_filesystem / "out")
    assert {path: moved[f"category_1/{path}"] for path in before} == before
    assert names(tmp_path) == {}
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before
    assert read_tree(other_filesystem / "out") == {}


def test_a_run_out_of_space_says_so_and_undo_takes_it_back(tmp_path, monkeypatch):
    """If the disk is full (ENOSPC) in the middle of a run, the run stops and says why.

    Every file is then in one place, and undo takes the run back.
    """
    make_tree(tmp_path, {f"{number}.jpg": str(number).encode() for number in range(6)})
    before = read_tree(tmp_path)
    real, calls = os.link, []

    def full(*args, **kwargs):
        calls.append(args)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args, **kwargs)

    real_open = os.open

    def full_open(path, flags, *args, **kwargs):
        if len(calls) > 3 and flags & os.O_CREAT and str(path).endswith(".jpg"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_open(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(os, "open", full_open)
    run, outcome = file_by(tmp_path, lambda path: "category_1")
    assert "No space left" in (outcome.stopped or "")
    assert sorted(names(tmp_path).values()) == sorted(facts[0] for facts in before.values())
    assert run.status == "stopped"
    monkeypatch.undo()
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before
