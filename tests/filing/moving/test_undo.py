"""Tests that undo(apply(plan(tree))) == tree, and that undo never removes a last copy."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsort.errors import JournalError, NothingToUndoError
from imgsort.filing.journal.runs import latest_in_force, load_run, run_ids
from imgsort.filing.planning.site import Mode
from tests.support.desk import by_first_letter, file_by, undo_last
from tests.support.trees import make_tree, names, read_tree

NAMES = st.sampled_from(
    [
        "a.jpg",
        "A.JPG",
        "a (2).jpg",
        "b b.jpg",
        "é.jpg",
        "e\u0301.jpg",
        "-c.jpg",
        "d'\"\n.jpg",
        "😀.jpg",
        "x" * 251 + ".jpg",
    ]
    + ([] if sys.platform in ("win32", "darwin") else ["bad\udcff.jpg"])
)
SIDECARS = st.sampled_from(
    [
        "a.xmp",
        "A.jpg.json",
        "a.NEF",
        "a.nef.xmp",
        "a (2).MOV",
        "b b.txt",
        "e\u0301.xmp",
        "é.aae",
        "d'\"\n.jpg.txt",
        "😀.raw",
        "x" * 251 + ".mov",
    ]
    + ([] if sys.platform in ("win32", "darwin") else ["bad\udcff.xmp"])
)
FOLDERS = st.sampled_from(["", "sub/", "sub/deep/", "category_1/", "Category_1/"])
IMAGES = st.dictionaries(st.tuples(FOLDERS, NAMES).map("".join), st.binary(min_size=1, max_size=20), max_size=12)
NOTES = st.dictionaries(st.tuples(FOLDERS, SIDECARS).map("".join), st.binary(max_size=20), max_size=8)
FILES = st.tuples(IMAGES, NOTES).map(lambda parts: parts[0] | parts[1])
TARGETS = st.sampled_from(["category_1", "category_2", "Outlayers"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tree=FILES, mode=st.sampled_from(Mode), targets=st.lists(TARGETS, min_size=3, max_size=3), rounds=st.integers(1, 3)
)
def test_undo_restores_every_tree(tree, mode, targets, rounds):
    """As many undos as runs restore the tree.

    This holds for any names, sidecars, collisions, folders and modes.
    """
    if sys.platform in ("win32", "darwin"):
        tree = {path: content for path, content in tree.items() if path.casefold() == path}
    with tempfile.TemporaryDirectory() as folder:
        root, out = Path(folder, "in"), Path(folder, "out")
        root.mkdir()
        make_tree(root, tree)
        before = read_tree(root)
        contents = sorted(names(root).values())
        trees = []
        for number in range(rounds):
            trees.append(read_tree(root))
            output = None if mode is Mode.MOVE and number % 2 == 0 else out if mode is not Mode.MOVE else root / "s"
            _, outcome = file_by(
                root, lambda path, n=number: targets[(len(path) + n) % 3], output, mode, recursive=True
            )
            assert outcome.refused == ()
            assert sorted(names(root).values()) == contents
        while latest_in_force(root if mode is Mode.MOVE else out) is not None:
            outcome = undo_last(root if mode is Mode.MOVE else out)
            assert outcome.refused == ()
            if mode is Mode.MOVE:
                assert read_tree(root) == trees.pop()
        assert read_tree(root) == before
        assert mode is Mode.MOVE or read_tree(out) == {}


def test_undo_goes_back_run_by_run(tmp_path):
    """Undo takes back the last run in force, and the next undo takes back the run before it.

    When no run is left, undo says so.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2"})
    file_by(tmp_path, by_first_letter)
    file_by(tmp_path, lambda path: "category_z")
    assert names(tmp_path) == {"category_z/a.jpg": b"1", "category_z/b.jpg": b"2"}
    undo_last(tmp_path)
    assert names(tmp_path) == {"category_a/a.jpg": b"1", "category_b/b.jpg": b"2"}
    undo_last(tmp_path)
    assert read_tree(tmp_path).keys() == {"a.jpg", "b.jpg"}
    with pytest.raises(NothingToUndoError, match="nothing to undo"):
        undo_last(tmp_path)


def test_undo_refuses_what_was_changed_and_does_the_rest(tmp_path):
    """A file that was edited or removed, or whose old place is taken, is reported and left.

    The other files go back.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2", "c.jpg": b"3", "d.jpg": b"4"})
    run, _ = file_by(tmp_path, lambda path: "category_1")
    (tmp_path / "category_1/a.jpg").write_bytes(b"edited")
    (tmp_path / "category_1/b.jpg").unlink()
    (tmp_path / "c.jpg").write_bytes(b"new")
    outcome = undo_last(tmp_path)
    assert {refusal.path: refusal.reason for refusal in outcome.refused} == {
        "category_1/a.jpg": "was changed since it was looked at",
        "category_1/b.jpg": "is no longer there",
        "category_1/c.jpg": "its old place, c.jpg, is taken",
    }
    assert names(tmp_path) == {"category_1/a.jpg": b"edited", "category_1/c.jpg": b"3", "c.jpg": b"new", "d.jpg": b"4"}
    (tmp_path / "c.jpg").unlink()
    undo_last(tmp_path, run.id)
    assert names(tmp_path)["c.jpg"] == b"3"


def test_undo_restores_files_whose_folder_was_removed_by_hand(tmp_path):
    """If a person removed the folder that a file came from, undo makes it again."""
    make_tree(tmp_path, {"trip/day/a.jpg": b"1"})
    before = read_tree(tmp_path)
    file_by(tmp_path, by_first_letter, recursive=True)
    shutil.rmtree(tmp_path / "trip")
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before


def test_undo_of_a_copy_never_removes_the_last_one(tmp_path):
    """A copy stays if its original is gone or changed, or if the copy itself was changed."""
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(root, {"a.jpg": b"1", "b.jpg": b"2", "c.jpg": b"3", "d.jpg": b"4"})
    file_by(root, lambda path: "category_1", out, Mode.COPY)
    (root / "a.jpg").unlink()
    (root / "b.jpg").write_bytes(b"x")
    (out / "category_1/c.jpg").write_bytes(b"y")
    outcome = undo_last(out)
    assert [refusal.path for refusal in outcome.refused] == ["category_1/c.jpg", "category_1/b.jpg", "category_1/a.jpg"]
    assert names(out) == {"category_1/a.jpg": b"1", "category_1/b.jpg": b"2", "category_1/c.jpg": b"y"}


def test_undo_of_a_hard_link_never_removes_the_last_one(tmp_path):
    """A hard link stays if its original is gone or is now another file."""
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(root, {"a.jpg": b"1", "b.jpg": b"2", "c.jpg": b"3"})
    file_by(root, lambda path: "category_1", out, Mode.HARDLINK)
    assert os.stat(out / "category_1/a.jpg").st_nlink == 2
    (root / "a.jpg").unlink()
    (root / "b.jpg").unlink()
    (root / "b.jpg").write_bytes(b"2")
    assert len(undo_last(out).refused) == 2
    assert names(out) == {"category_1/a.jpg": b"1", "category_1/b.jpg": b"2"}


def test_undo_of_a_symbolic_link_leaves_a_changed_one(tmp_path):
    """A symbolic link that now points elsewhere stays; the other links are removed."""
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(root, {"a.jpg": b"1", "b.jpg": b"2"})
    file_by(root, lambda path: "category_1", out, Mode.SYMLINK)
    (out / "category_1/a.jpg").unlink()
    (out / "category_1/a.jpg").symlink_to("elsewhere")
    assert len(undo_last(out).refused) == 1
    assert read_tree(out)["category_1/a.jpg"] == "elsewhere"
    assert "category_1/b.jpg" not in read_tree(out)


def test_undo_from_either_side_of_a_move_to_another_folder(tmp_path):
    """A run to an outside output is recorded in both folders, and can be undone from either."""
    for side in ("in", "out"):
        root, out = tmp_path / side / "in", tmp_path / side / "out"
        make_tree(root, {"a.jpg": b"1", "b.jpg": b"2"})
        before = read_tree(root)
        file_by(root, by_first_letter, out)
        assert names(root) == {}
        undo_last(tmp_path / side / side)
        assert (read_tree(root), read_tree(out)) == (before, {})


@pytest.mark.parametrize("damage", ["missing", "different"])
def test_undo_refuses_a_run_whose_twin_is_not_its_own(tmp_path, damage):
    """If the record in the other folder is missing or different, undo moves nothing."""
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(root, {"a.jpg": b"1"})
    file_by(root, by_first_letter, out)
    twin = next((out / ".imgsort/runs").iterdir())
    if damage == "missing":
        twin.unlink()
    else:
        twin.write_bytes(twin.read_bytes().replace(b"a.jpg", b"b.jpg"))
    with pytest.raises(JournalError, match="left alone"):
        undo_last(root)
    assert names(out) == {"category_a/a.jpg": b"1"}


def test_a_run_is_not_undone_twice(tmp_path):
    """An undo of a run that was already taken back is an error that says so."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    run, _ = file_by(tmp_path, by_first_letter)
    undo_last(tmp_path)
    with pytest.raises(NothingToUndoError, match="taken back already"):
        undo_last(tmp_path, run.id)
    with pytest.raises(NothingToUndoError, match="there is no run"):
        undo_last(tmp_path, "../../etc/passwd")


def test_undo_keeps_a_made_folder_that_holds_something_else(tmp_path):
    """A category folder stays if a person put a file into it, and the file stays too."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    file_by(tmp_path, by_first_letter)
    (tmp_path / "category_a/notes.txt").write_bytes(b"mine")
    undo_last(tmp_path)
    assert names(tmp_path) == {"a.jpg": b"1", "category_a/notes.txt": b"mine"}


def test_the_status_of_a_run_follows_its_events(tmp_path):
    """The file of a run says that the run is done, and after an undo that it is undone."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    file_by(tmp_path, by_first_letter)
    assert load_run(tmp_path.resolve(), run_ids(tmp_path)[0]).status == "done"
    undo_last(tmp_path)
    assert load_run(tmp_path.resolve(), run_ids(tmp_path)[0]).status == "undone"


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.HARDLINK])
def test_a_copy_that_took_its_originals_place_is_not_removed(tmp_path, mode):
    """A copy is not removed if its folder was renamed to where the original lay.

    Both names are then one file, and it is the last one.
    """
    root = tmp_path / "a"
    make_tree(root, {"p/category_a/a1.jpg": b"1"})
    file_by(root, by_first_letter, tmp_path / "b" / "b", mode, recursive=True)
    shutil.rmtree(root / "p")
    (tmp_path / "b" / "b").rename(root / "p")
    assert [refusal.reason for refusal in undo_last(root / "p").refused] == ["is the original itself by now"]
    assert names(root / "p") == {"category_a/a1.jpg": b"1"}


def test_undo_makes_the_parents_of_a_removed_folder(tmp_path):
    """A category folder that a run emptied is made again, even if its parent folder is gone too."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    file_by(tmp_path, by_first_letter, tmp_path / "sorted")
    before = read_tree(tmp_path)
    file_by(tmp_path, lambda path: "category_z")
    (tmp_path / "sorted").rmdir()
    assert undo_last(tmp_path).stopped is None
    assert read_tree(tmp_path) == before


def test_undone_out_of_order_leaves_no_empty_category(tmp_path):
    """Runs that are undone out of order leave no empty category.

    The first run made the folder, and the second run filled it. The undo of the second run removes it.
    """
    make_tree(tmp_path, {"a1.jpg": b"1"})
    first, _ = file_by(tmp_path, by_first_letter)
    make_tree(tmp_path, {"a2.jpg": b"2"})
    second, _ = file_by(tmp_path, by_first_letter)
    undo_last(tmp_path, first.id)
    undo_last(tmp_path, second.id)
    assert read_tree(tmp_path).keys() == {"a1.jpg", "a2.jpg"}


def test_an_undo_that_refused_says_so_afterwards(tmp_path):
    """A run that was taken back in part has the status `undone in part`.

    Undo names it when no other run is left to undo.
    """
    make_tree(tmp_path, {"a.jpg": b"1"})
    run, _ = file_by(tmp_path, by_first_letter)
    (tmp_path / "category_a").rename(tmp_path / "cats")
    assert len(undo_last(tmp_path).refused) == 1
    assert load_run(tmp_path.resolve(), run.id).status == "undone in part"
    with pytest.raises(NothingToUndoError, match=run.id):
        undo_last(tmp_path)
    (tmp_path / "cats").rename(tmp_path / "category_a")
    undo_last(tmp_path, run.id)
    assert names(tmp_path) == {"a.jpg": b"1"}
