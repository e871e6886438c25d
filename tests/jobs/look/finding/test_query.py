"""What is looked for, and the name of the folder for what is found."""

import os

import pytest

from imgsort.errors import QueryError
from imgsort.filing.planning.site import site_of
from imgsort.jobs.look.finding.query import folder_for, listed_query
from tests.support.pictures import plain
from tests.support.trees import make_tree

RED = plain((255, 0, 0))


@pytest.mark.parametrize(
    ("query", "folder"),
    [
        ("out/IMG_1.final.jpg", "IMG_1.final"),
        ("out/trip/", "trip"),
        ("photos/beach", "beach"),
        ("photos/2024/beach", "2024/beach"),
        ("photos", "photos"),
        ("out/beach.jpg", "beach (2)"),
        ("out/BEACH.jpg", "BEACH (2)"),
        ("out/note.jpg", "note (2)"),
        ("out/Outlayers.jpg", "Outlayers (2)"),
        ("out/unsorted.jpg", "unsorted (2)"),
        ("out/.hidden.jpg", "hidden"),
        ("out/....jpg", "found"),
        ("out/.imgsort-x.jpg", "imgsort-x"),
        ("out/\udcff.jpg", "\udcff"),
    ],
)
def test_the_folder_has_the_name_of_the_query(query, folder, tmp_path):
    """A file gives its stem, a folder its name, a folder of the collection its place.

    No name is hidden or unsafe, and none is that of a file or folder that is there already.
    """
    tree = {"photos/2024/beach/a.png": RED, "photos/beach/a.png": RED, "out/trip/a.png": RED, "photos/note": b"x"}
    make_tree(tmp_path, tree | ({query: RED} if query.endswith(".jpg") else {}))
    assert folder_for([tmp_path / query], site_of((tmp_path / "photos").resolve())) == folder


def test_a_file_and_a_folder_are_taken_once(tmp_path):
    """A file that is named twice, and again by its folder or by a link, counts once; sidecars do not count."""
    make_tree(tmp_path, {"a/x.png": RED, "a/x.xmp": b"x", "a/in/y.png": RED, "a/.hidden/z.png": RED})
    names = [tmp_path / "a/x.png", tmp_path / "a/x.png", tmp_path / "a"]
    if os.name != "nt":
        (tmp_path / "link.png").symlink_to(tmp_path / "a/x.png")
        names.append(tmp_path / "link.png")
    files = listed_query(names)
    assert sorted(os.path.relpath(file.path, tmp_path.resolve()) for file in files) == ["a/in/y.png", "a/x.png"]


@pytest.mark.parametrize(("name", "message"), [("none.jpg", "no such file"), ("empty", "no images"), ("x/y.jpg", "no")])
def test_nothing_there_is_said(name, message, tmp_path):
    """A missing file and a folder without images are errors with the path."""
    make_tree(tmp_path, {"empty": None, "x": b""})
    with pytest.raises(QueryError, match=message):
        listed_query([tmp_path / name])
