"""Tests which names belong to files that are not finished."""

import pytest

from imgsort.jobs.watch.inbox.unfinished import finished_name, is_unfinished


@pytest.mark.parametrize(
    "name",
    [
        "x.jpg.part",
        "x.jpg.crdownload",
        "Unconfirmed 12.crdownload",
        "x.JPG.PARTIAL",
        "x.jpg.download",
        "x.tmp",
        "x.jpg.tmp",
        "~syncthing~x.jpg.tmp",
        ".syncthing.x.jpg.tmp",
        ".x.jpg.Ab12Cd",
        ".x.jpg",
        "x.jpg~",
        "x.jpg.aria2",
        "x.jpg.!qB",
        "x.jpg.filepart",
        "._x.jpg",
    ],
)
def test_names_of_files_under_way(name):
    """Downloads, uploads and copies under way are known by their names, in any case of letters."""
    assert is_unfinished(name)


@pytest.mark.parametrize("name", ["x.jpg", "part.jpg", "x.part.jpg", "PXL_1.MP~2", "tmp", "x~1.jpg", "x"])
def test_names_of_finished_files(name):
    """A name that only holds such a word is none of theirs."""
    assert not is_unfinished(name)


def test_an_unfinished_file_points_to_the_finished_one():
    """The name without the suffix is that of the file which a program still writes, where there is one."""
    assert finished_name("x.jpg.part") == "x.jpg"
    assert finished_name("x.jpg.ARIA2") == "x.jpg"
    assert finished_name("x.part") is None
    assert finished_name("x.jpg") is None
