"""Tests that a few images are found by their names as among all images of a folder."""

import os
from dataclasses import replace

import pytest

from imgsort.errors import UsageError
from imgsort.images.finding.find import find_images
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.images.finding.named import find_named
from imgsort.sidecar_names.rules import SidecarRules
from tests.support.trees import make_tree

JPEG = b"\xff\xd8\xff\xe0" + bytes(30)
TREE = {
    **dict.fromkeys(["a.jpg", "a.png", "b.JPG", "no suffix", "c.jpg", "d.thm", "left out.jpg", "c_mask.png"], JPEG),
    **dict.fromkeys(["a.xmp", "a.png.xmp", "b.nef", "b.nef.xmp", "e.nef", "e.xmp", "left out.xmp", "c.txt"], b"note"),
    **dict.fromkeys(["video.mp4", ".hidden.jpg", "p.jpg.part", "drawing.psd"], b"other"),
    **dict.fromkeys(["sub/a.jpg", "category_1/f.jpg"], JPEG),
    ".imgsortignore": b"left out*\n",
}
RULES = SidecarRules.of(["{stem}_mask.png"])


@pytest.mark.parametrize("rules", [Rules(), Rules(follow_links=True), Rules(exclude=("a*",), include=("a.png",))])
@pytest.mark.parametrize(
    "names",
    [["a.jpg"], ["a.png", "gone.jpg"], ["b.JPG", "b.nef"], ["no suffix", "d.thm", "e.nef"], ["c_mask.png", "c.jpg"],
     ["left out.jpg", ".hidden.jpg", "drawing.psd", "p.jpg.part"], ["link.jpg", "nowhere.jpg"], ["sub/a.jpg", "sub"],
     [], sorted({*TREE, "link.jpg"})],
)  # fmt: skip
def test_they_are_listed_as_among_all(tmp_path, rules, names):
    """The images with these names and their sidecars are those that a listing of the whole folder has."""
    make_tree(tmp_path, TREE)
    (tmp_path / "link.jpg").symlink_to("sub/a.jpg")
    (tmp_path / "nowhere.jpg").symlink_to("gone")
    whole = find_images(tmp_path, rules=rules, sidecar_rules=RULES)
    some = find_named(tmp_path, set(names), rules=rules, sidecar_rules=RULES)
    assert some.files == tuple(file for file in whole.files if file.path in names)
    assert some.unreadable == tuple(row for row in whole.unreadable if row.path in names)
    assert some.left_out == replace(whole.left_out, **dict.fromkeys(vars(whole.left_out), ()))


def test_other_files_are_not_looked_at(tmp_path, monkeypatch):
    """Of files that have nothing to do with the named ones, only the name is read: a share takes long for the rest."""
    make_tree(tmp_path, {**TREE, **{f"waiting {n}.jpg": JPEG for n in range(50)}})
    opened = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest, **more: opened.append(str(path)) or real(path, *rest, **more))
    find_named(tmp_path, {"c.jpg"})
    assert [path for path in opened if "waiting" in path or "video" in path or "no suffix" in path] == []


def test_a_wrong_ignore_file_is_an_error(tmp_path):
    """The rules are read again for each batch, and a wrong one is an error then too."""
    make_tree(tmp_path, {"a.jpg": JPEG, ".imgsortignore": b"a//b\n"})
    for find in (lambda: find_images(tmp_path), lambda: find_named(tmp_path, {"a.jpg"})):
        with pytest.raises(UsageError, match="imgsortignore"):
            find()
