"""Relative paths from strangers, and names that no file system confuses."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.filing.paths import exists, free_name, has_link_on_the_way, is_safe_relative, name_key


@pytest.mark.parametrize("path", ["a", "a/b", "-x", "a b/ü\n", "...", "x" * 300, "a\udcff"])
def test_paths_inside_are_safe(path):
    """A path that stays inside the folder is used, whatever its characters."""
    assert is_safe_relative(path)


@pytest.mark.parametrize(
    "path", ["", "/", "/etc/passwd", "..", "a/../b", "a//b", "a/", ".", "a/./b", "a\0b", ".imgsort", "x/.IMGSORT/runs"]
)
def test_paths_that_lead_out_are_not(path):
    """Absolute, climbing, empty and state paths are refused."""
    assert not is_safe_relative(path)


def test_a_link_on_the_way_is_seen(tmp_path):
    """A folder on the way that is a link counts, the end of the path does not."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert has_link_on_the_way(tmp_path, "link/a.jpg")
    assert not has_link_on_the_way(tmp_path, "real/a.jpg")
    assert not has_link_on_the_way(tmp_path, "link")
    assert not has_link_on_the_way(tmp_path, "missing/a.jpg")


def test_exists_sees_dangling_links_and_does_not_take_an_error_for_a_no(tmp_path, monkeypatch):
    """A name is taken by a dangling link too, and a folder that may not be looked into is no empty one."""
    (tmp_path / "link").symlink_to("nowhere")
    assert exists(tmp_path / "link")
    assert not exists(tmp_path / "nothing")

    def forbidden(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "lstat", forbidden)
    with pytest.raises(PermissionError):
        exists(tmp_path / "a")


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("a.jpg", [], "a.jpg"),
        ("a.jpg", ["a.jpg"], "a (2).jpg"),
        ("a.jpg", ["A.JPG", "a (2).jpg"], "a (3).jpg"),
        ("é.jpg", ["e\u0301.jpg"], "é (2).jpg"),
        ("noend", ["noend"], "noend (2)"),
        (".x", [".x"], ".x (2)"),
        ("ß.jpg", ["SS.jpg"], "ß (2).jpg"),
    ],
)
def test_a_taken_name_gets_a_number_before_its_suffix(name, taken, expected):
    """Names are compared as the most confused file system would: without case, composed."""
    assert free_name(name, {name_key(other) for other in taken}) == expected


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=255), st.integers(1, 12))
def test_a_free_name_is_free_and_fits(name, count):
    """However long the name and however many are taken: a new one, at most 255 bytes."""
    name = (
        os.fsdecode(
            os.fsencode(name.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))[:255].decode(
                "utf-8", "ignore"
            )
        )
        or "x"
    )
    taken = set()
    for _ in range(count):
        free = free_name(name, taken)
        assert name_key(free) not in taken
        assert len(os.fsencode(free)) <= 255
        taken.add(name_key(free))
