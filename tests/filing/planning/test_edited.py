"""Tests plans made from rows that a person edited.

A plan uses exactly the names that the person wrote. Everything is checked. If one row is wrong, nothing is moved.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.content import file_content_hash
from imgsort.filing.journal.locking.lock import locked
from imgsort.filing.journal.runs import begin, load_run
from imgsort.filing.moving.apply import apply_run
from imgsort.filing.planning.edited import EditedRow, plan_of_rows
from imgsort.filing.planning.plan import FolderCount
from imgsort.filing.planning.site import Mode, site_of
from imgsort.images.finding.find import find_images
from imgsort.jobs.session.placing import place
from tests.support.desk import undo_last
from tests.support.trees import make_tree, names, read_tree

NEVER = ("Outlayers", "Unsorted")

posix = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs a file system that takes any bytes")


def planned(root, targets, output=None, mode=Mode.MOVE):
    """Plan (file, target) pairs on the lines 2, 3…; return the plan, and the errors by line."""
    site = site_of(root.resolve(), output, mode)
    files = {file.path: file for file in find_images(site.collection, recursive=True).files}
    rows = [
        EditedRow(line, place(files[source], file_content_hash(site.collection / source) or "", ""), target)
        for line, (source, target) in enumerate(targets, 2)
    ]
    plan, errors = plan_of_rows(site, rows, no_categories=NEVER)
    return plan, [(error.line, error.reason) for error in errors]


def carry_out(plan):
    """Carry out the plan, and check that its record can be read again."""
    with locked(plan.site.roots, "test"):
        run = begin(plan, "test", None)
        outcome = apply_run(run, (), lambda done, total: None)
    assert load_run(plan.site.destination, run.id).plan == plan
    return outcome


def moves_of(plan):
    return {move.source: move.target for move in plan.moves}


def test_every_file_goes_where_its_row_says_and_comes_back(tmp_path):
    """A file goes to another name, another folder, both, or the top folder, as its row says.

    Undo restores the tree.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2", "x/c.jpg": b"3", "x/d.jpg": b"4", "e.jpg": b"5"})
    before = read_tree(tmp_path)
    targets = [("a.jpg", "Mine.JPG"), ("b.jpg", "cats/b.jpg"), ("x/c.jpg", "cats/black/C (2).jpg"), ("x/d.jpg", "d")]
    plan, errors = planned(tmp_path, targets)
    assert errors == []
    assert read_tree(tmp_path) == before  # planning changes nothing
    assert carry_out(plan).refused == ()
    assert names(tmp_path) == {
        "Mine.JPG": b"1", "cats/b.jpg": b"2", "cats/black/C (2).jpg": b"3", "d": b"4", "e.jpg": b"5",
    }  # fmt: skip
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before


def test_a_row_whose_file_is_at_its_target_moves_nothing(tmp_path):
    """A file that is already at its target does not move, and neither does its sidecar.

    This is not an error. If the output is elsewhere, both files do go there.
    """
    make_tree(tmp_path / "in", {"a.jpg": b"1", "a.xmp": b"2"})
    plan, errors = planned(tmp_path / "in", [("a.jpg", "a.jpg")])
    assert (plan.moves, plan.made, plan.folders, errors) == ((), (), (), [])
    plan, errors = planned(tmp_path / "in", [("a.jpg", "a.jpg")], tmp_path / "out", Mode.COPY)
    assert (moves_of(plan), errors) == ({"a.jpg": "a.jpg", "a.xmp": "a.xmp"}, [])


def test_what_follows_an_image_gets_its_new_stem(tmp_path):
    """Sidecars come right after their image, follow it, and keep the part of their name after the stem."""
    make_tree(tmp_path, {"a.jpg": b"1", "a.xmp": b"2", "a.jpg.json": b"3", "a.nef": b"4", "a.nef.xmp": b"5"})
    before = read_tree(tmp_path)
    plan, errors = planned(tmp_path, [("a.jpg", "c/Rome 1.jpg")])
    assert errors == []
    assert [(move.target, move.follows) for move in plan.moves] == [
        ("c/Rome 1.jpg", None),
        ("c/Rome 1.jpg.json", "a.jpg"),
        ("c/Rome 1.nef", "a.jpg"),
        ("c/Rome 1.nef.xmp", "a.jpg"),
        ("c/Rome 1.xmp", "a.jpg"),
    ]
    assert plan.folders == (FolderCount("c", 1),)
    carry_out(plan)
    assert planned(tmp_path, [("c/Rome 1.jpg", "a.jpg")])[0].moves[4].target == "a.xmp"  # they are a unit again
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before


def test_missing_folders_are_made_parents_first_and_are_categories(tmp_path):
    """New folders that get files become categories; existing folders stay what they are."""
    make_tree(
        tmp_path, {f"{letter}.jpg": b"1" for letter in "abcdef"} | {"holiday/x.jpg": b"2", "category_1/y.jpg": b""}
    )
    targets = ["holiday/a.jpg", "category_1/b.jpg", "new/deep/c.jpg", "holiday/best/d.jpg", "e2.jpg", "new/deep/f.jpg"]
    plan, errors = planned(tmp_path, zip(["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"], targets, strict=True))
    assert errors == []
    assert sorted(plan.made) == ["holiday/best", "new", "new/deep"]
    assert plan.made.index("new") < plan.made.index("new/deep")
    assert plan.categories == ("holiday/best", "new/deep")
    assert {folder.name: folder.count for folder in plan.folders} == {
        ".": 1, "category_1": 1, "holiday": 1, "holiday/best": 1, "new/deep": 2,
    }  # fmt: skip


def test_what_never_counts_is_no_category(tmp_path):
    """`Unsorted`, `Outlayers` and the folders in them are never categories, even if they are new.

    `Unsorted 2` is another folder.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2", "c.jpg": b"3", "d.jpg": b"4"})
    targets = [
        ("a.jpg", "Unsorted/a.jpg"), ("b.jpg", "Outlayers/odd/b.jpg"), ("c.jpg", "Unsorted 2/c.jpg"),
        ("d.jpg", "x/Unsorted/d.jpg"),
    ]  # fmt: skip
    plan, errors = planned(tmp_path, targets)
    assert errors == []
    assert plan.categories == ("Unsorted 2", "x/Unsorted")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("../a.jpg", "does not lie in"),
        ("c/../../a.jpg", "does not lie in"),
        ("/etc/a.jpg", "does not lie in"),
        (".imgsort/a.jpg", "does not lie in"),
        ("c/.ImgSort/a.jpg", "does not lie in"),
        (".", "does not lie in"),
        ("c//a.jpg", "does not lie in"),
        ("c/a\0.jpg", "does not lie in"),
        ("x" * 256, "more than 255 bytes"),
        ("c/" + "é" * 128 + "/a.jpg", "more than 255 bytes"),
        ("link/a.jpg", "is on the way"),
        ("own/taken.jpg/a.jpg", "is on the way"),
        ("own/taken.jpg", "there is a file"),
        ("own", "there is a folder"),
        ("dangling", "there is a file"),
        ("b.jpg", "there is a file"),
    ],
)
def test_a_target_that_will_not_do(tmp_path, target, reason):
    """A target that cannot be used is an error with its line.

    Such a target lies outside, in imgsort's own folder or behind a link, is too long, or is taken by a file or by
    another row.
    """
    root = tmp_path / "in"
    make_tree(root, {"a.jpg": b"1", "b.jpg": b"2", "own/taken.jpg": b"3"})
    (root / "link").symlink_to(tmp_path, target_is_directory=True)
    (root / "dangling").symlink_to(tmp_path / "nowhere")
    plan, errors = planned(root, [("b.jpg", "c/b.jpg"), ("a.jpg", target)])
    assert [line for line, _ in errors] == [3]
    assert reason in errors[0][1]
    assert moves_of(plan) == {"b.jpg": "c/b.jpg"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("c/x.jpg", "c/x.jpg"),
        ("c/x.jpg", "C/X.JPG"),
        ("c/é.jpg", "c/e\u0301.jpg"),
        ("c/straße.jpg", "c/STRASSE.jpg"),
        ("c/x.jpg", "c/x.jpeg"),  # only the sidecars' names are the same
        ("c/y.xmp.jpg", "c/y.jpg"),  # `y.xmp.xmp` and `y.xmp` are different
    ],
)
def test_two_rows_to_one_target(tmp_path, first, second):
    """Two rows with one target are an error.

    Some file systems confuse names, so such names count as one. It is also an error if only the sidecars have one
    name.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "a.xmp": b"2", "b.jpg": b"3", "b.xmp": b"4"})
    _, errors = planned(tmp_path, [("a.jpg", first), ("b.jpg", second)])
    if first == "c/y.xmp.jpg":
        assert errors == []
    else:
        assert [(line, "line 2 has the target" in reason) for line, reason in errors] == [(3, True)]


def test_a_file_on_two_lines(tmp_path):
    """A second line for a file is an error, even if it says the same."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    _, errors = planned(tmp_path, [("a.jpg", "c/a.jpg"), ("a.jpg", "c/a.jpg"), ("a.jpg", "d/a.jpg")])
    assert errors == [(3, "line 2 has the file 'a.jpg' already"), (4, "line 2 has the file 'a.jpg' already")]


def test_a_sidecars_name_is_checked_as_its_images(tmp_path):
    """A sidecar's new name is checked like that of its image.

    It must not be the name of a file on disk, of another row's image or of another row's sidecar.
    """
    make_tree(tmp_path, {f"{letter}{suffix}": b"1" for letter in "abc" for suffix in (".jpg", ".xmp")})
    make_tree(tmp_path, {"own/x.xmp": b"mine"})
    _, errors = planned(tmp_path, [("a.jpg", "own/x.jpg"), ("b.jpg", "new/y.jpg"), ("c.jpg", "new/Y.png")])
    assert errors == [
        (2, "there is a file 'own/x.xmp' already"),
        (4, "line 3 has the target 'new/Y.xmp' already"),
    ]
    make_tree(tmp_path / "2", {"a.jpg": b"1", "a.xmp": b"2", "b.jpg": b"3"})
    _, errors = planned(tmp_path / "2", [("b.jpg", "new/x.xmp"), ("a.jpg", "new/x.jpg")])
    assert errors == [(3, "line 2 has the target 'new/x.xmp' already")]


def test_two_files_that_change_places_are_an_error(tmp_path):
    """A target that is another row's file is taken when the moves begin, so it is an error.

    imgsort does not look for an order of moves that would work.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2"})
    plan, errors = planned(tmp_path, [("a.jpg", "b.jpg"), ("b.jpg", "a.jpg")])
    assert [line for line, _ in errors] == [2, 3]
    assert plan.moves == ()


def test_a_sidecar_that_cannot_be_read_keeps_its_image(tmp_path):
    """A sidecar that cannot be read is an error that names it.

    It could not be copied, nor told from another file.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "a.xmp": b"2"})
    site = site_of(tmp_path.resolve())
    placement = place(find_images(site.collection).files[0], "hash", "")
    (tmp_path / "a.xmp").unlink()
    _, errors = plan_of_rows(site, [EditedRow(7, placement, "c/a.jpg")], no_categories=())
    assert [(error.line, error.reason) for error in errors] == [(7, "its sidecar 'a.xmp' cannot be read")]


@posix
def test_names_of_any_bytes(tmp_path):
    """A name that is not UTF-8, or that contains a line break, is used like any other name."""
    make_tree(tmp_path, {"bad\udcff.jpg": b"1", "bad\udcff.xmp": b"2", "n\nl.jpg": b"3"})
    before = read_tree(tmp_path)
    plan, errors = planned(tmp_path, [("bad\udcff.jpg", "\udcfe/n\n.jpg"), ("n\nl.jpg", "\udcfe/\udcfd.jpg")])
    assert errors == []
    carry_out(plan)
    assert names(tmp_path) == {"\udcfe/n\n.jpg": b"1", "\udcfe/n\n.xmp": b"2", "\udcfe/\udcfd.jpg": b"3"}
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before


TREE = {"x.jpg": b"1", "x.xmp": b"2", "y.jpg": b"3", "own/z.jpg": b"4", "own/z.nef": b"5"}
FOLLOWERS = {"x.jpg": ("x.xmp", ".xmp"), "own/z.jpg": ("own/z.nef", ".nef")}


@posix
@pytest.mark.parametrize("target", ["X.jpg", "x.JPG"])
def test_a_name_that_changes_its_case_alone_leaves_nothing_behind(tmp_path, target):
    """If a name changes only in case, the old name goes, and undo brings it back.

    This is tested on a file system that tells `x.jpg` from `X.jpg`.
    """
    make_tree(tmp_path, {"x.jpg": b"1", "x.xmp": b"2"})
    before = read_tree(tmp_path)
    plan, errors = planned(tmp_path, [("x.jpg", target)])
    assert errors == []
    assert carry_out(plan).refused == ()
    assert names(tmp_path) == {target: b"1", f"{target[0]}.xmp": b"2"}
    assert undo_last(tmp_path).refused == ()
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize(
    ("folders", "last"),
    [
        (
            ["", "new/", "new/deep/", "NEW/", "own/", "../", "/", ".imgsort/", "link/", "x.jpg/"],
            ["x.jpg", "y.jpg", "z.jpg", "X.jpg", "q.png"],
        ),
        pytest.param(
            ["", "new/", "NEW/", "own/"],
            ["x.jpg", "x.xmp", "new", "q.nef"],
        ),
    ],
)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_whatever_the_targets_all_rows_are_carried_out_or_none(folders, last, data):
    """All rows are carried out exactly, or none is.

    Rows with an error change nothing. Nothing is lost or overwritten, and everything can be undone.
    """
    target = st.builds(str.__add__, st.sampled_from(folders), st.sampled_from(last))
    rows = data.draw(st.lists(st.tuples(st.sampled_from(["x.jpg", "y.jpg", "own/z.jpg"]), target), max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "in"
        make_tree(root, TREE)
        (root / "link").symlink_to(folder, target_is_directory=True)
        before = read_tree(root)
        plan, errors = planned(root, rows)
        if errors:
            assert {line for line, _ in errors} <= set(range(2, len(rows) + 2))
            assert read_tree(root) == before
            return
        expected = dict(TREE)
        for source, place_of in rows:
            if source == place_of:
                continue
            expected[place_of] = expected.pop(source)
            if source in FOLLOWERS:
                follower, rest = FOLLOWERS[source]
                expected[os.path.splitext(place_of)[0] + rest] = expected.pop(follower)
        assert carry_out(plan).refused == ()
        assert names(root) == expected
        if plan.moves:
            undo_last(root)
        assert read_tree(root) == before


def test_an_image_may_not_get_its_own_sidecars_name(tmp_path):
    """A target is an error if it gives the image the name of its own sidecar.

    Nobody could undo a run in which both files have one name.
    """
    make_tree(tmp_path, {"x.jpg": b"1", "x.xmp": b"2"})
    _, errors = planned(tmp_path, [("x.jpg", "c/y.xmp")])
    assert [line for line, _ in errors] == [2]


@pytest.mark.parametrize("targets", [["c", "c/y.jpg"], ["c/y.jpg", "c"], ["c", "C/y.jpg"], ["c/d", "c/d/e/y.jpg"]])
def test_a_name_cannot_be_a_file_and_a_folder(tmp_path, targets):
    """A name that one row gives to a folder and another row to a file is an error.

    The error comes before anything moves.
    """
    make_tree(tmp_path, {"x.jpg": b"1", "y.jpg": b"2"})
    _, errors = planned(tmp_path, zip(["x.jpg", "y.jpg"], targets, strict=True))
    assert [line for line, _ in errors] == [3]


@pytest.mark.parametrize("target", ["y" * 250 + ".jpg", "/".join(["y" * 200] * 25)])
def test_names_that_are_too_long_in_the_end(tmp_path, target):
    """A sidecar's new name that is too long, or a path that is too long, is an error with its line."""
    make_tree(tmp_path, {"x.jpg": b"1", "x.jpg.json": b"2"})
    _, errors = planned(tmp_path, [("x.jpg", target)])
    assert [line for line, _ in errors] == [2]


def test_a_new_suffix_in_the_same_folder(tmp_path):
    """If `x.png`, a JPEG, becomes `x.jpg`, its `x.xmp` stays, because it already has the right name."""
    make_tree(tmp_path, {"x.png": b"1", "x.xmp": b"2"})
    plan, errors = planned(tmp_path, [("x.png", "x.jpg")])
    assert errors == []
    carry_out(plan)
    assert names(tmp_path) == {"x.jpg": b"1", "x.xmp": b"2"}


def test_a_new_suffix_does_not_part_a_unit(tmp_path):
    """If `x.png` with `x.png.json` becomes `y.jpg`, the sidecar still goes with it."""
    make_tree(tmp_path, {"x.png": b"1", "x.png.json": b"2"})
    carry_out(planned(tmp_path, [("x.png", "c/y.jpg")])[0])
    (image,) = find_images(tmp_path, recursive=True).files
    assert len(image.sidecars) == 1
