"""`outliers` after `categorize`, and on folders too small or too alike to have any."""

import shutil

import pytest

import imgsort
from tests.trees import names, read_tree

LITE = {"model": "efficientnet-lite0"}


def test_both_commands_one_after_the_other(photos):
    """Outliers are found in the folder that categorize has just sorted; two undos give back the first tree."""
    before = read_tree(photos)
    imgsort.categorize(photos, **LITE)
    result = imgsort.find_outliers(photos, max_outliers=8, **LITE)
    assert len(result.moves) == 8
    assert all(move.source.startswith("category_") for move in result.moves)
    assert all(move.target.startswith("Outlayers/") for move in result.moves)
    assert [move.distance for move in result.moves] == sorted((m.distance for m in result.moves), reverse=True)
    assert imgsort.find_outliers(photos, max_outliers=3, dry_run=True, **LITE).images == 92
    imgsort.undo(photos)
    imgsort.undo(photos)
    assert read_tree(photos) == before


def test_the_odd_ones_in_a_category_are_found(photos, demo_photos):
    """In the category that took in the four odd pictures, exactly they are the outliers."""
    imgsort.categorize(photos, precision="float32", **LITE)
    odd = {name for name, photograph in demo_photos[1].items() if photograph.startswith("odd")}
    folder = next(photos / path.rpartition("/")[0] for path in names(photos) if path.rpartition("/")[2] in odd)
    result = imgsort.find_outliers(folder, max_outliers=4, precision="float32", **LITE)
    assert {move.source for move in result.moves} == odd


def test_two_groups_are_named_as_such(photos, demo_photos):
    """Where the smaller cluster is a large one, a notice says that these are two groups."""
    for name, photograph in demo_photos[1].items():
        if photograph not in ("coffee", "china"):
            (photos / name).unlink()
    result = imgsort.find_outliers(photos, dry_run=True, **LITE)
    assert any("two groups" in notice for notice in result.notices)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_images_have_no_outlier(few_photos, count):
    """No crash, no move, a sentence."""
    for file in sorted(few_photos.iterdir())[count:]:
        file.unlink()
    result = imgsort.find_outliers(few_photos, size=64, **LITE)
    assert result.moves == ()
    assert any("too few" in notice for notice in result.notices)


def test_identical_images_have_no_outlier(few_photos):
    """No crash, no move, a sentence."""
    files = sorted(few_photos.iterdir())
    for file in files[1:]:
        shutil.copyfile(files[0], file)
    result = imgsort.find_outliers(few_photos, size=64, **LITE)
    assert result.moves == ()
    assert any("alike" in notice for notice in result.notices)


def test_the_default_is_resnet50(few_photos):
    """Without a network its place is taken, and the result says whose."""
    assert imgsort.find_outliers(few_photos, size=64, dry_run=True).model.fallback == "resnet50"
