"""Tests that the two looks at the images of an audit are about the same files."""

import numpy as np

from imgsort.features.extract import Features
from imgsort.images.finding.find import ImageFile
from imgsort.images.judging.tiny_image import TINY_BYTES
from imgsort.jobs.learn.auditing.looking import agreed, groups_of_copies, near_duplicates
from imgsort.learning.data.looks import Looks


def looks_of(files, contents):
    count = len(files)
    return Looks(files, contents, np.arange(count, dtype=np.uint64), np.zeros((count, TINY_BYTES), np.uint8), ())


def test_a_file_that_changed_between_the_looks_is_unreadable():
    """Of a file with other bytes, and of one that is gone, nothing is said; the others keep their own rows."""
    files = tuple(ImageFile(f"a/{number}.jpg", 1, 1) for number in range(4))
    features = Features(files, ("w", "x", "y", "z"), np.arange(8, dtype=np.float32).reshape(4, 2), ())
    looks = looks_of((files[3], files[1], files[0]), ("z", "other", "w"))
    both, same = agreed(features, looks)
    assert both.files == same.files == (files[0], files[3])
    assert both.contents == same.contents == ("w", "z")
    assert both.matrix.tolist() == [[0, 1], [6, 7]]
    assert same.hashes.tolist() == [2, 0]
    assert [row.path for row in both.unreadable] == ["a/1.jpg", "a/2.jpg"]


def test_nothing_is_copied_where_both_looks_agree():
    """In the usual case the very same objects come back."""
    files = (ImageFile("a/1.jpg", 1, 1),)
    features = Features(files, ("x",), np.zeros((1, 2), np.float32), ())
    looks = looks_of(files, ("x",))
    assert agreed(features, looks) == (features, looks)


def test_equal_files_are_near_duplicates_even_if_no_picture_confirms_it():
    """Copies share a group whatever their hashes; others with far hashes do not."""
    copies = groups_of_copies(["x", "y", "x", "z"])
    hashes = np.array([0, 2**64 - 1, 2**40 - 1, 2**20 - 1], np.uint64)
    groups = near_duplicates(hashes, np.zeros((4, TINY_BYTES), np.uint8), copies)
    assert groups[0] == groups[2]
    assert len(set(groups.tolist())) == 3
