"""Tests `outliers`: after `categorize`, and on folders too small or too uniform to have outliers."""

import shutil

import numpy as np
import pytest

import imgsort
from imgsort.errors import UsageError
from imgsort.grouping.outliers import by_sample, neighbours, two_means
from imgsort.jobs.organize import outliers
from tests.support.pictures import encode, gradient
from tests.support.trees import make_tree, names, read_tree

LITE = {"model": "efficientnet-lite0"}
NOISE = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)


def test_both_commands_one_after_the_other(photos):
    """Outliers are found in a folder that `categorize` has just sorted. Two undos restore the first tree."""
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
    """In the category that got the four odd pictures, exactly these are the outliers."""
    imgsort.categorize(photos, precision="float32", **LITE)
    odd = {name for name, photograph in demo_photos[1].items() if photograph.startswith("odd")}
    folder = next(photos / path.rpartition("/")[0] for path in names(photos) if path.rpartition("/")[2] in odd)
    result = imgsort.find_outliers(folder, max_outliers=4, precision="float32", **LITE)
    assert {move.source for move in result.moves} == odd


def test_two_groups_are_named_as_such(photos, demo_photos):
    """If the smaller cluster is large, a notice says that these are two groups."""
    for name, photograph in demo_photos[1].items():
        if photograph not in ("coffee", "china"):
            (photos / name).unlink()
    result = imgsort.find_outliers(photos, dry_run=True, **LITE)
    assert any("two groups" in notice for notice in result.notices)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_images_have_no_outlier(few_photos, count):
    """One or two images cause no crash and no move, but a notice."""
    for file in sorted(few_photos.iterdir())[count:]:
        file.unlink()
    result = imgsort.find_outliers(few_photos, size=64, **LITE)
    assert result.moves == ()
    assert any("too few" in notice for notice in result.notices)


def test_names_do_not_decide_between_equally_odd_images(tmp_path):
    """Two files with the same odd picture keep their ranks, whatever the files are called."""
    usual = {f"{number}.png": encode(gradient(), "PNG", compress_level=number) for number in range(1, 9)}
    odd = [encode(NOISE, "PNG", compress_level=level) for level in (1, 9)]
    ranked = []
    for folder, (first, second) in {"one": odd, "two": odd[::-1]}.items():
        files = usual | {"a.png": first, "z.png": second}
        make_tree(tmp_path / folder, files)
        result = imgsort.find_outliers(tmp_path / folder, dry_run=True, precision="float32", size=64, **LITE)
        assert result.outliers[0].distance == result.outliers[1].distance
        ranked.append([files[outlier.path] for outlier in result.outliers])
    assert ranked[0] == ranked[1] and len(ranked[0]) == 2


def test_identical_images_have_no_outlier(few_photos):
    """Identical images cause no crash and no move, but a notice."""
    files = sorted(few_photos.iterdir())
    for file in files[1:]:
        shutil.copyfile(files[0], file)
    result = imgsort.find_outliers(few_photos, size=64, **LITE)
    assert result.moves == ()
    assert any("sees no difference" in notice for notice in result.notices)


def test_the_default_is_resnet50(few_photos):
    """The default model is ResNet50. Without a network another model replaces it, and the result says so."""
    assert imgsort.find_outliers(few_photos, size=64, dry_run=True).model.fallback == "resnet50"


def test_neighbours_find_the_odd_ones_among_all_groups(photos, demo_photos):
    """The four odd pictures among eight groups are found, without a given number. Undo puts them back."""
    odd = {name for name, photograph in demo_photos[1].items() if photograph.startswith("odd")}
    before = read_tree(photos)
    result = imgsort.find_outliers(photos, method="knn", threshold="auto", **LITE)
    assert {outlier.path for outlier in result.outliers} == {move.source for move in result.moves} == odd
    imgsort.undo(photos)
    assert read_tree(photos) == before


def test_each_outlier_is_explained(photos):
    """Distance and score fall with the rank. The nearest image is another one, and the farthest folder a category."""
    imgsort.categorize(photos, **LITE)
    result = imgsort.find_outliers(photos, method="knn", max_outliers=6, dry_run=True, **LITE)
    assert [outlier.rank for outlier in result.outliers] == [1, 2, 3, 4, 5, 6]
    assert [move.distance for move in result.moves] == [outlier.distance for outlier in result.outliers]
    for value in ("distance", "score"):
        values = [getattr(outlier, value) for outlier in result.outliers]
        assert values == sorted(values, reverse=True)
    paths = set(names(photos))
    for outlier in result.outliers:
        assert outlier.nearest in paths - {outlier.path}
        assert outlier.farthest.startswith("category_")
    assert result.to_json()["outliers"][0] == vars(result.outliers[0])


def test_in_one_folder_there_is_no_farthest_category(few_photos):
    """If all images lie in one folder, no farthest category is named. Two clusters give only a distance."""
    by_neighbours = imgsort.find_outliers(few_photos, method="knn", max_outliers=2, dry_run=True, size=64, **LITE)
    assert {outlier.farthest for outlier in by_neighbours.outliers} == {None}
    by_clusters = imgsort.find_outliers(few_photos, max_outliers=1, dry_run=True, size=64, **LITE)
    assert [(o.rank, o.score, o.nearest) for o in by_clusters.outliers] == [(1, None, None)]


def test_a_folder_of_one_kind_has_no_outlier_by_auto(photos, demo_photos):
    """In a folder of one kind without planted pictures nothing moves, and a notice says so."""
    for name, photograph in demo_photos[1].items():
        if photograph != "astronaut":
            (photos / name).unlink()
    before = names(photos)
    result = imgsort.find_outliers(photos, method="knn", threshold="auto", **LITE)
    assert (result.status, result.outliers) == ("nothing to do", ())
    assert any("stands out" in notice for notice in result.notices)
    assert names(photos) == before


def test_a_distance_may_be_the_threshold(few_photos):
    """All images that are farther than the given distance are picked: at 0 all, at 2 none."""

    def picked(threshold):
        options = {"method": "knn", "threshold": threshold, "dry_run": True, "size": 64}
        return len(imgsort.find_outliers(few_photos, **options, **LITE).outliers)

    assert (picked(0.0), picked(2.0)) == (12, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threshold": "auto"}, "--method knn"),
        ({"method": "knn", "threshold": 3.0}, "from 0 to 2"),
        ({"method": "nonsense"}, "two-clusters"),
        ({"method": "knn", "neighbors": 0}, "at least 1"),
        ({"max_outliers": 0}, "at least 1"),
    ],
)
def test_options_that_make_no_sense(few_photos, options, words):
    """Each wrong option is a usage error that names the remedy, before any image is read."""
    with pytest.raises(UsageError, match=words):
        imgsort.find_outliers(few_photos, **options)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_images_have_no_outlier_by_neighbours(few_photos, count):
    """One or two images cause no crash and no move, but a notice."""
    for file in sorted(few_photos.iterdir())[count:]:
        file.unlink()
    result = imgsort.find_outliers(few_photos, method="knn", size=64, **LITE)
    assert result.moves == ()
    assert any("too few" in notice for notice in result.notices)


@pytest.mark.parametrize("way", [{}, {"threshold": "auto"}])
def test_more_images_than_are_compared_at_once_have_the_same_outliers(photos, way, monkeypatch):
    """Compared by parts, the images have the outliers that they have compared at once."""
    at_once = imgsort.find_outliers(photos, method="knn", max_outliers=4, dry_run=True, **way, **LITE)
    for module in (neighbours, outliers):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 80)
    by_parts = imgsort.find_outliers(photos, method="knn", max_outliers=4, dry_run=True, **way, **LITE)
    assert [move.source for move in by_parts.moves] == [move.source for move in at_once.moves]
    assert any("every two of them are compared" in notice for notice in by_parts.notices)
    assert not any("are many" in notice for notice in at_once.notices)


def test_two_clusters_of_more_images_than_are_grouped_at_once(photos, monkeypatch):
    """A sample makes the two clusters, and as many images as asked for are taken from the smaller one."""
    for module in (two_means, outliers):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 80)
    result = imgsort.find_outliers(photos, max_outliers=4, dry_run=True, **LITE)
    assert result.images > 80
    assert len(result.moves) == 4
    assert any("80 of them, drawn by --seed, make two clusters" in notice for notice in result.notices)
    assert [move.distance for move in result.moves] == sorted((m.distance for m in result.moves), reverse=True)


def test_images_that_are_too_many_to_be_compared_are_named(photos, monkeypatch):
    """If more images may be outliers than can be compared with all, a notice counts the others, and they stay."""
    for module in (neighbours, outliers):
        monkeypatch.setattr(module, "MOST_COMPARED", 50)
    monkeypatch.setattr(by_sample, "_AT_A_TIME", 16)
    monkeypatch.setattr(by_sample, "_MOST_COMPARED", 16)
    result = imgsort.find_outliers(photos, method="knn", threshold=0.01, dry_run=True, **LITE)
    assert len(result.moves) == 16
    assert any("a sample, drawn by --seed, says which may be outliers" in notice for notice in result.notices)
    assert any(f"{result.images - 16} more images may be outliers" in notice for notice in result.notices)
