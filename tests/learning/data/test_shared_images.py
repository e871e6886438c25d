"""Tests that one image in two classes is found."""

from pathlib import Path

import numpy as np

from imgsort.images.finding.find import ImageFile
from imgsort.learning.data.dataset import LabelledImages
from imgsort.learning.data.shared_images import shared_images


def images(*rows, root="/photos"):
    """Return images, each stated as (path, content, label)."""
    files = tuple(ImageFile(path, 1, 1) for path, _, _ in rows)
    return LabelledImages(Path(root), files, tuple(row[1] for row in rows), np.array([row[2] for row in rows]))


def test_one_image_in_two_classes():
    """Each image is named once, with its first two paths; copies within a class are none of it."""
    both = images(("a/1", "x", 0), ("a/2", "x", 0), ("b/1", "x", 1), ("c/1", "x", 2), ("b/2", "y", 1), ("c/2", "y", 2))
    assert shared_images(both) == [("a/1", "b/1"), ("b/2", "c/2")]
    assert shared_images(images(("a/1", "x", 0), ("a/2", "x", 0), ("b/1", "y", 1))) == []


def test_one_image_in_two_classes_of_two_folders():
    """An image of the test folder may lie in another class than for training. Its path is whole."""
    test = images(("b/1", "x", 1), ("a/1", "z", 0), root="/test")
    assert shared_images(images(("a/1", "x", 0)), test) == [("a/1", "/test/b/1")]
