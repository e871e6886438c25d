from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.errors import TooFewImagesError
from imgsort.images.finding.find import ImageFile
from imgsort.images.judging.tiny_image import TINY_BYTES
from imgsort.learning.data.dataset import PARTS, LabelledImages, Split, divide, labelled
from imgsort.learning.data.looks import Looks

ROOT = Path("/photos")
SHARES = (0.7, 0.15, 0.15)


def seen(counts: dict[str, int], hashes=None) -> Looks:
    """Return Looks of as many files of each class as `counts` says.

    All files look different, unless `hashes` are given.
    """
    paths = [f"{name}/{number:03}.jpg" for name, count in counts.items() for number in range(count)]
    drawn = np.random.default_rng(0).integers(0, 2**64, len(paths), dtype=np.uint64)
    return Looks(
        tuple(ImageFile(path, 1, 1) for path in paths),
        tuple(f"content of {path}" for path in paths),
        drawn if hashes is None else np.array(hashes, dtype=np.uint64),
        np.zeros((len(paths), TINY_BYTES), np.uint8),
        (),
    )


def parts_of(counts: dict[str, int], hashes=None, shares=SHARES, seed=0, notice=pytest.fail) -> list[LabelledImages]:
    looks, classes = seen(counts, hashes), tuple(counts)
    return divide(labelled(ROOT, looks, classes), looks, classes, shares, seed, notice=notice)


def test_a_class_is_the_first_part_of_the_path():
    """All files below a class's folder are of that class, also in deeper folders.

    Labels are positions in the list of classes.
    """
    paths = ["b/x.jpg", "a/deep/er/y.jpg", "c c/z.jpg"]
    looks = Looks(
        tuple(ImageFile(path, 1, 1) for path in paths),
        ("1", "2", "3"),
        np.zeros(3, np.uint64),
        np.zeros((3, TINY_BYTES), np.uint8),
        (),
    )
    images = labelled(ROOT, looks, ("a", "b", "c c"))
    assert images.labels.tolist() == [1, 0, 2]
    assert images.labels.dtype == np.intp
    assert (images.root, images.files, images.contents) == (ROOT, looks.files, looks.contents)


def test_rows_are_taken_with_all_that_is_theirs():
    """Files, contents and labels stay together, in the requested order."""
    images = labelled(ROOT, seen({"a": 2, "b": 2}), ("a", "b")).take(np.array([3, 0]))
    assert [file.path for file in images.files] == ["b/001.jpg", "a/000.jpg"]
    assert images.contents == ("content of b/001.jpg", "content of a/000.jpg")
    assert images.labels.tolist() == [1, 0]


def test_the_parts_have_an_order():
    """The parts are in this order: train, validation, test."""
    parts = [labelled(ROOT, seen({"a": count}), ("a",)) for count in (3, 2, 1)]
    split = Split(*parts)
    assert split.parts == tuple(getattr(split, name) for name in PARTS) == tuple(parts)


@given(st.integers(3, 30), st.integers(3, 30), st.integers(0, 999))
def test_every_image_is_in_one_part(one, other, seed):
    """Every image is in exactly one part and keeps its class.

    The order of images is kept, and each class is in each part.
    """
    counts = {"a": one, "b": other}
    parts = parts_of(counts, seed=seed)
    paths = [file.path for part in parts for file in part.files]
    assert sorted(paths) == sorted(file.path for file in seen(counts).files)
    for part in parts:
        assert [file.path[0] for file in part.files] == ["ab"[label] for label in part.labels]
        assert [file.path for file in part.files] == sorted(file.path for file in part.files)
        assert set(part.labels.tolist()) == {0, 1}


def test_near_duplicates_are_on_one_side():
    """Images whose hashes differ by a few bits are in one part, even if their classes differ."""
    hashes = np.random.default_rng(1).integers(0, 2**64, 20, dtype=np.uint64).tolist()
    hashes += [value ^ 0b11 for value in hashes]
    parts = parts_of({"a": 20, "b": 20}, hashes)
    place = {file.path: number for number, part in enumerate(parts) for file in part.files}
    for number in range(20):
        assert place[f"a/{number:03}.jpg"] == place[f"b/{number:03}.jpg"]


def test_a_part_without_a_share_stays_empty():
    """Without a share for tests, all images are used for training or validation."""
    train, validation, test = parts_of({"a": 10, "b": 10}, shares=(0.8, 0.2, 0))
    assert (len(train.files), len(validation.files), len(test.files)) == (16, 4, 0)
    assert test.labels.shape == (0,)


@pytest.mark.parametrize(
    ("counts", "hashes", "shares", "named", "parts"),
    [
        ({"a": 5, "b": 2}, None, SHARES, "/photos/b: 2 readable images", 3),
        ({"a": 1, "b": 5}, None, (0.8, 0.2), "/photos/a: 1 readable images", 2),
        ({"a": 1, "b": 5}, None, (0.8, 0.2, 0), "/photos/a: 1 readable images", 2),
        ({"a": 5, "b": 0}, None, SHARES, "/photos/b: 0 readable images", 3),
    ],
)
def test_too_few_different_images(counts, hashes, shares, named, parts):
    """If a class cannot be in every part, the error names it and says what to do."""
    with pytest.raises(TooFewImagesError, match=rf"{named}.*too few for {parts} parts\. Add images"):
        parts_of(counts, hashes, shares)


def test_no_image_that_can_be_read():
    """If no image can be read, TooFewImagesError is raised too."""
    with pytest.raises(TooFewImagesError, match="0 readable images"):
        parts_of({"a": 0, "b": 0})


@pytest.mark.parametrize("count", [3, 40])
def test_a_class_of_near_duplicates_is_divided_one_by_one(count):
    """A class of frames of one video is not refused. A notice names it, and the other classes stay as they are."""
    others = np.random.default_rng(1).integers(0, 2**64, 20, dtype=np.uint64).tolist()
    others = [value for value in others for _ in range(2)]
    told = []
    parts = parts_of({"frames": count, "other": 40}, [7] * count + others, notice=told.append)
    assert all(set(part.labels.tolist()) == {0, 1} for part in parts)
    place = {file.path: number for number, part in enumerate(parts) for file in part.files}
    assert all(place[f"other/{n:03}.jpg"] == place[f"other/{n + 1:03}.jpg"] for n in range(0, 40, 2))
    assert len(told) == 1
    assert told[0].startswith("frames: nearly all images are near duplicates")


def test_copies_with_the_same_bytes_are_never_divided():
    """Five copies of one file are one image, which cannot be in three parts."""
    looks = replace(seen({"a": 5, "b": 5}), contents=("same",) * 5 + tuple("12345"))
    images = labelled(ROOT, looks, ("a", "b"))
    looks = replace(looks, hashes=np.concatenate((np.full(5, 7, np.uint64), looks.hashes[5:])))
    with pytest.raises(TooFewImagesError, match="/photos/a: 5 readable images"):
        divide(images, looks, ("a", "b"), SHARES, 0, notice=pytest.fail)
