"""Tests which subfolders are classes, and which images belong to them."""

import os
import sys

import pytest

from imgsort.errors import CollectionError, TooFewImagesError, UsageError
from imgsort.jobs.learn.steps.class_folders import find_classes, only_classes, require_two
from tests.support.pictures import plain
from tests.support.trees import make_tree, read_tree

PICTURE = plain((200, 30, 30))


def paths(folders):
    return sorted(file.path for file in folders.listing.files)


def test_a_subfolder_with_images_is_a_class(tmp_path):
    """Classes are sorted by name. Deeper images belong to the topmost folder. No file changes."""
    make_tree(tmp_path, {"b/1.png": PICTURE, "a/2.png": PICTURE, "a/deep/er/3.png": PICTURE, "a/notes.txt": b"x"})
    before = read_tree(tmp_path)
    found = find_classes(tmp_path)
    assert found.classes == ("a", "b")
    assert paths(found) == ["a/2.png", "a/deep/er/3.png", "b/1.png"]
    assert (found.root, found.loose) == (tmp_path, 0)
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize("name", ["Outlayers", "Rejected", "Unsorted", "Unsure", ".imgsort", ".hidden"])
def test_special_and_hidden_folders_are_no_classes(tmp_path, name):
    """Special folders of other commands and hidden folders are no classes.

    Inside a class, such a folder is an ordinary one.
    """
    make_tree(tmp_path, {"a/1.png": PICTURE, f"{name}/2.png": PICTURE, "b/Rejected/3.png": PICTURE})
    found = find_classes(tmp_path)
    assert found.classes == ("a", "b")
    assert paths(found) == ["a/1.png", "b/Rejected/3.png"]


def test_empty_folders_and_text_make_no_class(tmp_path):
    """A folder is a class only if it has images."""
    make_tree(tmp_path, {"a/1.png": PICTURE, "empty": None, "texts/notes.txt": b"x"})
    assert find_classes(tmp_path).classes == ("a",)


def test_loose_images_are_counted_and_left_out(tmp_path):
    """Images directly in the folder belong to no class."""
    make_tree(tmp_path, {"a/1.png": PICTURE, "b/1.png": PICTURE, "2.png": PICTURE, "3.png": PICTURE})
    found = find_classes(tmp_path)
    assert found.loose == 2
    assert paths(found) == ["a/1.png", "b/1.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_linked_folders_and_files_are_no_classes(tmp_path):
    """A link to a folder or to an image does not count. A loop of links does not make the search endless."""
    make_tree(tmp_path, {"root/a/1.png": PICTURE, "elsewhere/2.png": PICTURE})
    (tmp_path / "root/b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root/a/link.png").symlink_to(tmp_path / "elsewhere/2.png")
    (tmp_path / "root/a/loop").symlink_to(tmp_path / "root")
    found = find_classes(tmp_path / "root")
    assert (found.classes, paths(found)) == (("a",), ["a/1.png"])


@pytest.mark.parametrize("tree", [{}, {"1.png": PICTURE}, {"Unsure/1.png": PICTURE}, {"a": None}])
def test_a_folder_without_classes_is_an_error(tmp_path, tree):
    """Loose images, special folders and empty folders are no classes. The error says which folders are needed."""
    make_tree(tmp_path, tree)
    with pytest.raises(CollectionError, match="Put the images of each class into a subfolder"):
        find_classes(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="such names are none there")
@pytest.mark.parametrize("name", ["new\nline", "back\\slash", " before", "after ", os.fsdecode(b"\xff")])
def test_names_that_no_class_can_have(tmp_path, name):
    """A folder name that some systems do not allow is an error. It names the folder and the remedy."""
    make_tree(tmp_path, {"a/1.png": PICTURE, f"{name}/1.png": PICTURE})
    with pytest.raises(UsageError, match="Rename the folder"):
        find_classes(tmp_path)


@pytest.mark.parametrize("names", [("Cat", "cat"), ("caf\u00e9", "cafe\u0301")])
def test_two_names_that_are_one_elsewhere(tmp_path, names):
    """Two folders cannot both be classes if another file system takes their names for one."""
    make_tree(tmp_path, {f"{name}/1.png": PICTURE for name in names})
    if len(os.listdir(tmp_path)) < 2:
        pytest.skip("this file system takes them for one")
    with pytest.raises(UsageError, match="the same name"):
        find_classes(tmp_path)


def test_names_of_all_languages(tmp_path):
    """A class name may have letters of all languages, signs, and spaces inside."""
    names = ["a b", "für Elise", "😀", "猫", "=1+1", "$x$", "-dash"]
    make_tree(tmp_path, {f"{name}/1.png": PICTURE for name in names})
    assert find_classes(tmp_path).classes == tuple(sorted(names))


def test_one_class_is_too_few(tmp_path):
    """One class is an error, because there is nothing to tell it from. Two classes are enough."""
    make_tree(tmp_path, {"only/1.png": PICTURE})
    with pytest.raises(TooFewImagesError, match="'only'"):
        require_two(find_classes(tmp_path))
    make_tree(tmp_path, {"other/1.png": PICTURE})
    found = find_classes(tmp_path)
    assert require_two(found) is found


def test_only_those_that_are_known(tmp_path):
    """Unknown classes are named, and their images are left out. Names that begin alike are not confused."""
    make_tree(tmp_path, {f"{name}/1.png": PICTURE for name in ("cat", "cats", "dog")})
    found, unknown = only_classes(find_classes(tmp_path), ("cat", "dog", "horse"))
    assert (found.classes, unknown) == (("cat", "dog"), ("cats",))
    assert paths(found) == ["cat/1.png", "dog/1.png"]
