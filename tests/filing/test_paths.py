"""Tests relative paths from strangers."""

import os

import pytest

from imgsort.filing.paths import exists, has_link_on_the_way, is_safe_relative


@pytest.mark.parametrize("path", ["a", "a/b", "-x", "a b/ü\n", "...", "x" * 300, "a\udcff"])
def test_paths_inside_are_safe(path):
    """A path that stays inside the folder is safe, whatever its characters."""
    assert is_safe_relative(path)


@pytest.mark.parametrize(
    "path", ["", "/", "/etc/passwd", "..", "a/../b", "a//b", "a/", ".", "a/./b", "a\0b", ".imgsort", "x/.IMGSORT/runs"]
)
def test_paths_that_lead_out_are_not(path):
    """Absolute paths, empty paths, paths with `..` and paths into imgsort's state folder are not safe."""
    assert not is_safe_relative(path)


def test_a_link_on_the_way_is_seen(tmp_path):
    """A folder on the way counts if it is a link; the end of the path does not count."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert has_link_on_the_way(tmp_path, "link/a.jpg")
    assert not has_link_on_the_way(tmp_path, "real/a.jpg")
    assert not has_link_on_the_way(tmp_path, "link")
    assert not has_link_on_the_way(tmp_path, "missing/a.jpg")


def test_exists_sees_dangling_links_and_does_not_take_an_error_for_a_no(tmp_path, monkeypatch):
    """A name is taken even if only a dangling link has it.

    If a folder may not be searched, `exists` raises PermissionError instead of saying that nothing is there.
    """
    (tmp_path / "link").symlink_to("nowhere")
    assert exists(tmp_path / "link")
    assert not exists(tmp_path / "nothing")

    def forbidden(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "lstat", forbidden)
    with pytest.raises(PermissionError):
        exists(tmp_path / "a")
