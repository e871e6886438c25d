"""Tests that a plan chooses every name and changes nothing on disk."""

import os

import pytest

from imgsort.errors import UsageError
from imgsort.filing.planning.make_plan import make_plan
from imgsort.filing.planning.plan import Placement
from imgsort.filing.planning.site import Mode, site_of
from tests.support.desk import file_by, plan_by
from tests.support.trees import make_tree, names, read_tree


def moves_of(plan):
    return {move.source: move.target for move in plan.moves}


def test_planning_touches_nothing(tmp_path):
    """Planning changes no file and makes no folder, in the collection or outside."""
    make_tree(tmp_path / "in", {"a.jpg": b"1"})
    before = read_tree(tmp_path)
    plan = plan_by(tmp_path / "in", lambda path: "category_1", tmp_path / "out")
    assert plan.made == ("category_1",)
    assert read_tree(tmp_path) == before


def test_two_of_one_name_both_keep_theirs_or_get_a_number(tmp_path):
    """Files of the same name get numbers in order; names that differ only in case count as the same."""
    make_tree(tmp_path, {"x/a.jpg": b"1", "y/a.jpg": b"2", "z/A.jpg": b"3"})
    plan = plan_by(tmp_path, lambda path: "category_1", recursive=True)
    assert moves_of(plan) == {
        "z/A.jpg": "category_1/A.jpg",
        "x/a.jpg": "category_1/a (2).jpg",
        "y/a.jpg": "category_1/a (3).jpg",
    }


def test_names_that_other_files_will_have_are_left_to_them(tmp_path):
    """A name that is reserved in a folder is as good as taken there, and free in another folder."""
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2"})
    placements = [Placement(f"{name}.jpg", 1, 0, "", "category_1") for name in "ab"]
    plan = make_plan(site_of(tmp_path), placements, reserved={"category_1": ["A.jpg"], "category_2": ["b.jpg"]})
    assert moves_of(plan) == {"a.jpg": "category_1/a (2).jpg", "b.jpg": "category_1/b.jpg"}


def test_a_long_name_is_cut_for_its_number(tmp_path):
    """Of two names of 255 bytes, the second has its stem cut so that its number fits."""
    long = "ü" * 125 + "a.jpg"
    assert len(os.fsencode(long)) == 255
    make_tree(tmp_path, {f"x/{long}": b"1", f"y/{long}": b"2"})
    file_by(tmp_path, lambda path: "category_1", recursive=True)
    assert sorted(len(os.fsencode(os.path.basename(path))) for path in names(tmp_path)) == [254, 255]


@pytest.mark.parametrize("kind", ["file", "folder", "link", "other case"])
def test_what_is_foreign_is_never_entered(tmp_path, kind):
    """A file, folder or link with a category's name is left alone, and `category_1 (2)` is used instead."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    place = tmp_path / ("Category_1" if kind == "other case" else "category_1")
    if kind == "file":
        place.write_bytes(b"mine")
    elif kind == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.mkdir()
    file_by(tmp_path, lambda path: "category_1")
    assert names(tmp_path)["category_1 (2)/a.jpg"] == b"1"
    file_by(tmp_path, lambda path: "category_1")
    assert names(tmp_path)["category_1 (2)/a.jpg"] == b"1"


def test_a_second_plan_moves_nothing(tmp_path):
    """Images already in their category folder stay there."""
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2"})
    file_by(tmp_path, lambda path: "category_1")
    assert plan_by(tmp_path, lambda path: "category_1").moves == ()


def test_an_existing_special_folder_is_used(tmp_path):
    """All runs share the folder `Outlayers`; a file of that name is an error that names it."""
    make_tree(tmp_path, {"Outlayers/a.jpg": b"1", "a.jpg": b"2"})
    site = site_of(tmp_path.resolve())
    placement = Placement("a.jpg", 1, 0, "x", "Outlayers")
    assert moves_of(make_plan(site, [placement], shared={"Outlayers"})) == {"a.jpg": "Outlayers/a (2).jpg"}
    make_tree(tmp_path / "b", {"Outlayers": b"a file"})
    with pytest.raises(UsageError, match="Outlayers"):
        make_plan(site_of((tmp_path / "b").resolve()), [placement], shared={"Outlayers"})


def test_categories_and_a_shared_folder_in_one_plan(tmp_path):
    """An existing folder `Unsorted` is used and is not a category.

    An existing folder with a category's name is left alone, and `category_1 (2)` is used instead.
    """
    make_tree(
        tmp_path, {"Unsorted/a.jpg": b"1", "category_1/mine.jpg": b"2", "a.jpg": b"3", "b.jpg": b"4", "c.jpg": b"5"}
    )
    folders = {"a.jpg": "Unsorted", "b.jpg": "category_1", "c.jpg": "category_2"}
    placements = [Placement(path, 1, 0, "x", folder) for path, folder in folders.items()]
    plan = make_plan(site_of(tmp_path.resolve()), placements, shared={"Unsorted", "Outlayers"})
    assert moves_of(plan) == {
        "a.jpg": "Unsorted/a (2).jpg",
        "b.jpg": "category_1 (2)/b.jpg",
        "c.jpg": "category_2/c.jpg",
    }
    assert (plan.made, plan.categories) == (("category_1 (2)", "category_2"), ("category_1 (2)", "category_2"))
    assert [folder.name for folder in plan.folders] == ["Unsorted", "category_1 (2)", "category_2"]
    (tmp_path / "new").mkdir()
    plan = make_plan(site_of(tmp_path.resolve(), tmp_path / "new"), placements, shared={"Unsorted"})
    assert plan.made == ("new/Unsorted", "new/category_1", "new/category_2")
    assert plan.categories == ("new/category_1", "new/category_2")


def test_folders_are_made_parents_first_and_only_those_needed(tmp_path):
    """An output inside the collection is made with its parents; a category without a move is not made."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    plan = plan_by(tmp_path, lambda path: "category_1", tmp_path / "x" / "y")
    assert plan.made == ("x", "x/y", "x/y/category_1")
    assert moves_of(plan) == {"a.jpg": "x/y/category_1/a.jpg"}


def test_counts_include_files_that_stay(tmp_path):
    """A folder's count includes the images that move into it and the images that stay in it."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    file_by(tmp_path, lambda path: "category_1")
    make_tree(tmp_path, {"b.jpg": b"2"})
    plan = plan_by(tmp_path, lambda path: "category_1")
    assert [(folder.name, folder.count) for folder in plan.folders] == [("category_1", 2)]
    assert len(plan.moves) == 1


def test_outputs_that_will_not_do(tmp_path):
    """Copies and links need an output outside the collection.

    An output must not be a file or imgsort's own state folder.
    """
    root = tmp_path.resolve()
    (root / "file").write_bytes(b"")
    for output, mode in [
        (None, Mode.COPY),
        (root / "x", Mode.COPY),
        (root, Mode.HARDLINK),
        (root / "x", Mode.SYMLINK),
        (root / "file", Mode.MOVE),
        (root / ".imgsort" / "x", Mode.MOVE),
    ]:
        with pytest.raises(UsageError):
            site_of(root, output, mode)


def test_where_journals_lie(tmp_path):
    """Moves within a collection have their journal in the collection.

    Moves out of a collection have a journal in both folders. Copies have their journal in the output.
    """
    root, out = (tmp_path / "in").resolve(), (tmp_path / "out").resolve()
    root.mkdir()
    assert site_of(root).roots == (root,)
    assert site_of(root, root / "x").roots == (root,)
    assert site_of(root, root).roots == (root,)
    assert site_of(root, out).roots == (root, out)
    assert site_of(root, out, Mode.COPY).roots == (out,)
    assert site_of(root, tmp_path).roots == (root, tmp_path.resolve())


def test_a_file_that_lies_where_it_belongs_stays_whatever_the_output(tmp_path):
    """Filing a category folder into its parent does not rename images that are already in place."""
    make_tree(tmp_path, {"category_a/a.jpg": b"1"})
    plan = plan_by(tmp_path / "category_a", lambda path: "category_a", tmp_path)
    assert [move.target for move in plan.moves] == ["category_a (2)/a.jpg"]
    site = site_of((tmp_path / "category_a").resolve(), tmp_path)
    placement = Placement("a.jpg", 1, 0, "x", "category_a")
    assert make_plan(site, [placement], own_folders={"category_a"}).moves == ()


def test_an_output_that_is_a_loop_of_links_is_a_usage_error(tmp_path):
    """Two links that lead to each other lead to no folder, so such an output is an error."""
    (tmp_path / "x").symlink_to(tmp_path / "y")
    (tmp_path / "y").symlink_to(tmp_path / "x")
    with pytest.raises((UsageError, OSError)):
        site_of(tmp_path.resolve(), tmp_path / "x" / "z")
