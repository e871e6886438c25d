"""Tests when two paths are the same name."""

import os

from imgsort.filing.moving.one_file.checks import is_same_entry
from tests.support.trees import make_tree


def test_names_that_differ_in_case_are_two_if_the_folder_has_both(tmp_path):
    """The list of the folder decides whether `a` and `A` are two names."""
    make_tree(tmp_path, {"a": b"1", "sub/a": b"2"})
    assert is_same_entry(tmp_path / "a", tmp_path / "a")
    assert is_same_entry(tmp_path / "a", tmp_path / "A")
    assert not is_same_entry(tmp_path / "a", tmp_path / "sub" / "a")
    assert not is_same_entry(tmp_path / "a", tmp_path / "gone" / "a")
    os.link(tmp_path / "a", tmp_path / "B")
    assert not is_same_entry(tmp_path / "a", tmp_path / "B")


def test_if_the_folder_cannot_be_listed_nothing_is_removed(tmp_path, monkeypatch):
    """In a folder whose list may not be read, names that differ in case are taken for one name."""
    make_tree(tmp_path, {"a": b"1"})

    def refuse(_):
        raise PermissionError

    monkeypatch.setattr(os, "listdir", refuse)
    assert is_same_entry(tmp_path / "a", tmp_path / "A")
