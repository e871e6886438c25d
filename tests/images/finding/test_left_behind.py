"""Tests which files look as if they belonged to images that leave."""

import pytest

from imgsort.images.finding.left_behind import files_left_behind
from tests.support.trees import make_tree


def left(root, images, known=()):
    return [(file.path, file.pattern) for file in files_left_behind(root, images.split(), set(known))]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("x.pdf", "{stem}.pdf"),
        ("X.JPG.notes", "{name}.notes"),
        ("x", "{stem}"),
        ("x_mask.dat", "{stem}_mask.dat"),
        ("x (2).txt", "{stem} (2).txt"),
    ],
)
def test_a_name_that_begins_like_an_images_looks_like_a_companion(tmp_path, name, pattern):
    """What follows the stem or the whole name is not a letter or a digit; the pattern makes the same name again."""
    make_tree(tmp_path, {f"a/{name}": b"1"})
    assert left(tmp_path, "a/x.jpg") == [(f"a/{name}", pattern)]


@pytest.mark.parametrize(
    "name", ["y.pdf", "x1.pdf", "xy.pdf", "x.png", "x_mask.png", ".x.pdf", "x.d/inner", "sub/x.pdf"]
)
def test_what_does_not_look_like_one(tmp_path, name):
    """Images, hidden files, folders, files of other folders and files of longer names do not count."""
    make_tree(tmp_path, {f"a/{name}": b"1"})
    assert left(tmp_path, "a/x.jpg") == []


def test_known_files_do_not_count(tmp_path):
    """Files that move, and files that belong to other images, are known."""
    make_tree(tmp_path, {"x.pdf": b"1", "x.doc": b"2"})
    assert left(tmp_path, "x.jpg", ["x.pdf"]) == [("x.doc", "{stem}.doc")]


def test_the_folders_that_editors_make_are_looked_into(tmp_path):
    """Nikon's and Capture One's notes lie in a folder of their own beside the photo."""
    make_tree(tmp_path, {"a/NKSC_PARAM/x.jpg.nksc": b"1", "a/CaptureOne/Settings153/x.jpg.cos": b"2"})
    assert left(tmp_path, "a/x.jpg") == [
        ("a/CaptureOne/Settings153/x.jpg.cos", "{name}.cos"),
        ("a/NKSC_PARAM/x.jpg.nksc", "{name}.nksc"),
    ]


def test_composition_and_length_of_keys_do_not_matter(tmp_path):
    """`Straße` and `STRASSE`, composed and decomposed letters, begin alike."""
    make_tree(tmp_path, {"STRASSE.pdf": b"1", "cafe\u0301.pdf": b"2"})
    assert left(tmp_path, "Stra\u00dfe.jpg caf\u00e9.jpg") == [
        ("STRASSE.pdf", "{stem}.pdf"),
        ("cafe\u0301.pdf", "{stem}.pdf"),
    ]
