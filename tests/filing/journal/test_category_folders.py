"""Tests how imgsort recognises its own folders: by name, by inode, or by most of their members.

It recognises no other folder.
"""

import json
import shutil

import pytest

from imgsort.content import content_hash
from imgsort.errors import JournalError
from imgsort.filing.journal.category_folders import Changes, known_folders, record, refresh
from tests.support.desk import file_by, undo_last
from tests.support.trees import make_tree, read_tree


def known(root):
    return {folder.path: len(folder.members) for folder in known_folders(root.resolve())}


def sorted_collection(root):
    make_tree(root, {f"{letter}{number}.jpg": f"{letter}{number}".encode() for letter in "ab" for number in range(4)})
    file_by(root, lambda path: f"category_{path.rpartition('/')[2][0]}")


def test_folders_of_a_run_are_known(tmp_path):
    """A run records its folders and their members."""
    sorted_collection(tmp_path)
    assert known(tmp_path) == {"category_a": 4, "category_b": 4}


def test_a_renamed_folder_is_known(tmp_path):
    """A folder that a person renamed is recognised by its inode, even if much of its content changed."""
    sorted_collection(tmp_path)
    (tmp_path / "category_a").rename(tmp_path / "Cats and more")
    for number in range(3):
        (tmp_path / f"Cats and more/a{number}.jpg").unlink()
    assert known(tmp_path) == {"Cats and more": 4, "category_b": 4}


def test_a_renamed_folder_in_a_copy_is_known_by_its_members(tmp_path):
    """In a copy of the collection, a renamed folder is recognised by most of its members.

    The inodes of a copy differ. A few members are not enough.
    """
    sorted_collection(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    (tmp_path / "two/category_a").rename(tmp_path / "two/Cats")
    (tmp_path / "two/category_b").rename(tmp_path / "two/Dogs")
    for number in range(2):
        (tmp_path / f"two/Dogs/b{number}.jpg").write_bytes(b"another picture %d" % number)
    assert known(tmp_path / "two") == {"Cats": 4}


def test_a_new_folder_that_got_an_old_inode_is_not_known(tmp_path):
    """A new folder that got the inode of a removed category is foreign if it has no member.

    File systems give the inode of a removed folder to a new one.
    """
    sorted_collection(tmp_path)
    record = tmp_path / ".imgsort/categories.json"
    shutil.rmtree(tmp_path / "category_a")
    (tmp_path / "Holiday").mkdir()
    (tmp_path / "Holiday/h.jpg").write_bytes(b"holiday")
    content = json.loads(record.read_text())
    content["folders"][0]["inode"] = (tmp_path / "Holiday").stat().st_ino
    content["folders"][0]["device"] = (tmp_path / "Holiday").stat().st_dev
    record.write_text(json.dumps(content))
    assert known(tmp_path) == {"category_b": 4}


def test_a_link_with_a_categorys_name_is_not_known(tmp_path):
    """A link with a category's name leads elsewhere, and is never entered."""
    sorted_collection(tmp_path / "in")
    (tmp_path / "in/category_a").rename(tmp_path / "away")
    (tmp_path / "in/category_a").symlink_to(tmp_path / "away")
    assert known(tmp_path / "in") == {"category_b": 4}


def test_undo_forgets_folders_that_it_removed(tmp_path):
    """After an undo, a folder that a person makes with a category's name is foreign."""
    sorted_collection(tmp_path)
    undo_last(tmp_path)
    (tmp_path / "category_a").mkdir()
    assert known(tmp_path) == {}


def test_a_run_removes_own_folders_that_it_empties_and_undo_brings_them_back(tmp_path):
    """A run removes a category folder that it empties, and leaves a foreign one.

    Undo makes the category folder again and recognises it.
    """
    sorted_collection(tmp_path)
    (tmp_path / "category_b").chmod(0o750)
    make_tree(tmp_path, {"own/x.jpg": b"x"})
    file_by(tmp_path, lambda path: "category_a", recursive=True)
    assert known(tmp_path) == {"category_a": 9}
    assert not (tmp_path / "category_b").exists()
    assert (tmp_path / "own").is_dir()
    undo_last(tmp_path)
    assert known(tmp_path) == {"category_a": 4, "category_b": 4}
    assert (tmp_path / "category_b").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense",
        b"[]",
        b'{"version": 2, "folders": []}',
        b'{"version": 1, "folders": [{"path": "../up", "device": 1, "inode": 1, "members": []}]}',
        b'{"version": 1, "folders": [{"path": "/etc", "device": 1, "inode": 1, "members": []}]}',
        b'{"version": 1, "folders": [{"path": "a", "device": 1, "inode": 1, "members": [7]}]}',
        b'{"version": 1, "folders": [{"path": "a", "device": Infinity, "inode": 1, "members": []}]}',
        b'{"version": 1, "folders": [{"path": "\\ud800", "device": 1, "inode": 1, "members": []}]}',
        b"[" * 100_000,
    ],
)
def test_a_record_that_imgsort_did_not_write_is_refused(tmp_path, text):
    """Nonsense, or a path that leads out, is an error that names the file and the remedy."""
    make_tree(tmp_path, {".imgsort/categories.json": text})
    with pytest.raises(JournalError, match="Remove the file"):
        known(tmp_path)


def test_a_new_folder_of_an_old_categorys_name_is_foreign(tmp_path):
    """A new folder with the old name of a renamed category is foreign.

    A person made it, so imgsort does not enter it.
    """
    sorted_collection(tmp_path)
    (tmp_path / "category_a").rename(tmp_path / "holiday")
    make_tree(tmp_path, {"category_a/mine.jpg": b"mine"})
    assert known(tmp_path) == {"holiday": 4, "category_b": 4}


def test_a_category_renamed_in_case_only_keeps_its_new_name(tmp_path):
    """`Category_A` is still the same category, and the next run files into it."""
    sorted_collection(tmp_path)
    (tmp_path / "category_a").rename(tmp_path / "Category_A")
    make_tree(tmp_path, {"a9.jpg": b"a9"})
    file_by(tmp_path, lambda path: f"category_{path.rpartition('/')[2][0]}")
    assert known(tmp_path) == {"Category_A": 5, "category_b": 4}


def made_as(root):
    return {folder.path: folder.made_as for folder in known_folders(root.resolve())}


def test_a_renamed_folder_remembers_what_it_was_made_as(tmp_path):
    """A folder keeps its `made_as` through two renames, with the record written in between.

    A folder beside it that keeps its name has its own name as `made_as`.
    """
    sorted_collection(tmp_path)
    (tmp_path / "category_a").rename(tmp_path / "Cats")
    refresh(tmp_path.resolve())
    (tmp_path / "Cats").rename(tmp_path / "Tigers")
    assert made_as(tmp_path) == {"Tigers": "category_a", "category_b": "category_b"}
    refresh(tmp_path.resolve())
    assert made_as(tmp_path) == {"Tigers": "category_a", "category_b": "category_b"}


def test_the_record_says_only_what_differs(tmp_path):
    """The record holds `made_as` only for a renamed folder.

    So a record of an earlier version does not change only because of `made_as`.
    """
    sorted_collection(tmp_path)
    record = tmp_path / ".imgsort/categories.json"
    assert b"made_as" not in record.read_bytes()
    (tmp_path / "category_a").rename(tmp_path / "Cats")
    refresh(tmp_path.resolve())
    assert [folder.get("made_as") for folder in json.loads(record.read_bytes())["folders"]] == [None, "category_a"]
    (tmp_path / "Cats").rename(tmp_path / "category_a")
    refresh(tmp_path.resolve())
    assert b"made_as" not in record.read_bytes()


def test_a_record_of_before_is_read(tmp_path):
    """Without `made_as`, the recorded path is the path that the folder was made under.

    The folder keeps this path as its `made_as` when it is renamed.
    """
    sorted_collection(tmp_path)
    (tmp_path / "category_a").rename(tmp_path / "Cats")
    record = tmp_path / ".imgsort/categories.json"
    content = json.loads(record.read_bytes())
    assert all(folder.keys() == {"path", "device", "inode", "members"} for folder in content["folders"])
    assert made_as(tmp_path) == {"Cats": "category_a", "category_b": "category_b"}


def test_a_run_that_sorts_into_a_renamed_folder_knows_it_by_that_name(tmp_path):
    """After a run sorts into the renamed folder `Cats`, the category is called `Cats`."""
    sorted_collection(tmp_path)
    (tmp_path / "category_a").rename(tmp_path / "Cats")
    make_tree(tmp_path, {"c.jpg": b"c"})
    file_by(tmp_path, lambda path: "Cats" if path == "c.jpg" else None)
    assert made_as(tmp_path) == {"Cats": "Cats", "category_b": "category_b"}


def test_an_emptied_folder_comes_back_as_what_it_was(tmp_path):
    """A run removes a renamed folder that it empties.

    Undo brings the folder back with everything that was recorded about it.
    """
    sorted_collection(tmp_path)
    (tmp_path / "category_a").rename(tmp_path / "Cats")
    refresh(tmp_path.resolve())
    before = read_tree(tmp_path)
    file_by(tmp_path, lambda path: "category_b")
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before
    assert made_as(tmp_path) == {"Cats": "category_a", "category_b": "category_b"}


def test_a_made_as_that_leads_out_is_refused(tmp_path):
    """A `made_as` that leads out is refused: anyone may have written the file that it comes from."""
    sorted_collection(tmp_path)
    record = tmp_path / ".imgsort/categories.json"
    content = json.loads(record.read_bytes())
    for value in ("../up", "/etc", 7, None, ""):
        content["folders"][0]["made_as"] = value
        record.write_text(json.dumps(content))
        with pytest.raises(JournalError, match="Remove the file"):
            known(tmp_path)


def test_without_inodes_a_new_folder_is_not_a_category(tmp_path):
    """Where inode numbers follow the paths, a new folder with a category's old name is not the category.

    The renamed folder is recognised by its members.
    """
    make_tree(tmp_path, {"category_1/a.jpg": b"1", "category_1/b.jpg": b"2"})
    gained = [(f"category_1/{name}.jpg", content_hash(content)) for name, content in (("a", b"1"), ("b", b"2"))]
    record(tmp_path, Changes(has_inodes=False, made={"category_1": "category_1"}, gained=gained))
    assert [folder.inode for folder in refresh(tmp_path)] == [0]
    (tmp_path / "category_1").rename(tmp_path / "holiday")
    make_tree(tmp_path, {"category_1/mine.jpg": b"3"})
    assert [folder.path for folder in refresh(tmp_path)] == ["holiday"]
    assert [folder.inode for folder in refresh(tmp_path)] == [0]
