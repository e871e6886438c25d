"""Tests `--features`: commands that take features from a dataset instead of looking at the images."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

import imgsort
from imgsort.content import file_content_hash
from imgsort.errors import DatasetError, StrictError, UsageError
from imgsort.features.dataset.part import Row
from imgsort.features.dataset.reader import Dataset
from tests.support.commands import shell
from tests.support.datasets import HEAD, arrow, written
from tests.support.misfiled import QUICK, misfiled_classes
from tests.support.pictures import encode, gradient
from tests.support.trees import make_tree, names, read_tree

LITE = {"model": "efficientnet-lite0", "size": 64}
RECORD = {
    "name": "efficientnet-lite0",
    "weights": "imagenet",
    "sha256": "00",
    "fallback": None,
    "precision": "float32",
    "runtime": "litert",
    "pooling": "avg",
    "size_px": 64,
    "fit": "letterbox",
}


@pytest.fixture(autouse=True)
def pyarrow():
    return arrow()


@pytest.fixture
def folder(few_photos, converted_alone):
    """Twelve photographs that were not changed a moment ago."""
    for path in few_photos.iterdir():
        os.utime(path, ns=(10**18, 10**18))
    return few_photos


@pytest.fixture
def no_image_is_decoded(monkeypatch):
    monkeypatch.setattr("imgsort.features.engine.decoding", lambda *_: pytest.fail("an image was decoded"))


def moves(result):
    return [(move.source, move.target, move.distance) for move in result.moves]


def made_up(folder, place, model=RECORD, width=1280, **contents):
    """Write a dataset with made-up features of the images, as a stranger could; `contents` are other hashes by name."""
    files = sorted(folder.glob("*.jpg"))
    random = np.random.default_rng(0)
    rows = [
        Row(
            file.name,
            file.stat().st_size,
            file.stat().st_mtime_ns,
            contents.get(file.stem, file_content_hash(file)),
            random.random(width, np.float32),
        )
        for file in files
    ]
    return written(place, rows, head=replace(HEAD, model=model))


@pytest.mark.parametrize("cache", [True, False])
def test_the_result_is_that_of_looking_at_the_images(folder, tmp_path, monkeypatch, cache):
    """categorize and both methods of outliers plan the same moves, and no image is decoded."""
    imgsort.embed(folder, output=tmp_path / "features", cache=cache, **LITE)
    commands = [
        lambda **options: imgsort.categorize(folder, clusters=3, dry_run=True, **options),
        lambda **options: imgsort.find_outliers(folder, max_outliers=2, dry_run=True, **options),
        lambda **options: imgsort.find_outliers(folder, method="knn", threshold=0.1, dry_run=True, **options),
    ]
    # With --method knn, the model's best way of fitting an image would be taken.
    expected = [moves(command(**LITE, fit="letterbox")) for command in commands]
    monkeypatch.setattr("imgsort.features.engine.decoding", lambda *_: pytest.fail("an image was decoded"))
    results = [command(features=tmp_path / "features", cache=cache) for command in commands]
    assert [moves(result) for result in results] == expected
    assert all(result.model.name == LITE["model"] and result.model.size_px == 64 for result in results)
    assert any("holds the features" in notice for notice in results[0].notices)


def test_files_are_known_by_what_they_hold(folder, tmp_path, no_image_is_decoded):
    """Renamed, moved and copied images have the features of their content, whatever the dataset says of paths."""
    made_up(folder, tmp_path / "features")
    dataset = Dataset.opened(made_up(folder, tmp_path / "features"))
    first = sorted(folder.iterdir())[0]
    (folder / "new").mkdir()
    shutil.copy(first, folder / "new" / "copy.jpg")
    first.rename(folder / "renamed.jpg")
    features = imgsort.extract_features(folder, recursive=True, features=tmp_path / "features")
    assert len(features.files) == 13
    for file, row in zip(features.files, features.matrix, strict=True):
        content = file_content_hash(folder / file.path)
        assert np.array_equal(row, dataset.matrix(dataset.rows_of([content]))[0])
    assert features.contents == tuple(file_content_hash(folder / file.path) for file in features.files)


@pytest.mark.parametrize("cache", [True, False])
def test_a_dataset_is_not_believed_about_files(folder, tmp_path, cache):
    """A row with the path, size and time of a file, but with another content, is not the row of this file."""
    first = sorted(folder.iterdir())[0]
    made_up(folder, tmp_path / "features", **{first.stem: "ab" * 32})
    before = read_tree(folder)
    with pytest.raises(
        DatasetError, match=rf"1 of 12 images in .* have no features there, the first is '{first.name}'"
    ):
        imgsort.categorize(folder, clusters=3, features=tmp_path / "features", cache=cache)
    assert read_tree(folder) == before


def test_images_without_features_are_counted_and_the_remedy_works(folder, tmp_path):
    """New and changed images are an error. The command that it names adds them."""
    imgsort.embed(folder, output=tmp_path / "features", **LITE)
    make_tree(folder, {"new.png": encode(gradient(50, 60), "PNG")})
    with pytest.raises(DatasetError, match=r"1 of 13 images .* the first is 'new\.png'") as caught:
        imgsort.categorize(folder, clusters=3, features=tmp_path / "features")
    command = str(caught.value).split("`")[1].replace("imgsort", "$imgsort", 1)
    assert shell(command, folder.parent).returncode == 0
    assert imgsort.categorize(folder, clusters=3, features=tmp_path / "features").images == 13


def test_bad_files_have_the_reason_of_then(folder, tmp_path, no_image_is_decoded):
    """A file that could not be read is unreadable with its reason, which is shown without harm."""
    make_tree(folder, {"bad.jpg": b"no image"})
    place = made_up(folder, tmp_path / "features", bad="ab" * 32)
    row = Row("bad.jpg", 8, 5, file_content_hash(folder / "bad.jpg"), reason="it is \x1b[31mred\n")
    written(place.folder, [row], head=replace(HEAD, model=RECORD))
    features = imgsort.extract_features(folder, features=place.folder)
    assert [(each.path, each.reason) for each in features.unreadable] == [("bad.jpg", row.reason)]
    assert len(features.files) == 12
    with pytest.raises(StrictError, match=r"bad\.jpg"):
        imgsort.categorize(folder, clusters=3, features=place.folder, strict=True)
    done = shell("$imgsort categorize few --features features -k 3 -n -q", tmp_path)
    assert "unreadable: bad.jpg: it is \\x1b[31mred\\n" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "resnet50"}, "--model efficientnet-lite0, and not with resnet50"),
        ({"size": 96}, "--size 64, and not with 96"),
        ({"fit": "stretch"}, "--fit letterbox"),
        ({"pooling": "max"}, "--pooling avg"),
        ({"precision": "int8"}, "--precision float32"),
    ],
)
def test_options_that_ask_for_other_features_are_refused(folder, tmp_path, options, message):
    """An option that the dataset does not keep to is an error, and not ignored."""
    made_up(folder, tmp_path / "features")
    with pytest.raises(UsageError, match=message):
        imgsort.categorize(folder, clusters=3, features=tmp_path / "features", **options)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../../models/x"},
        {"name": None},
        {"size_px": 10**9},
        {"size_px": True},
        {"pooling": "other"},
        {"fit": ["letterbox"]},
        {"weights": "a\0b"},
        {"precision": 5},
        {"runtime": None},
        {"precision": "float32\nand more"},
        {"runtime": "\x1b[31m"},
        {"fallback": {}},
    ],
)
def test_a_model_that_imgsort_does_not_know_is_refused(folder, tmp_path, change):
    """What a dataset says of its model is checked before it reaches a result or a saved file."""
    made_up(folder, tmp_path / "features", {**RECORD, **change})
    with pytest.raises(DatasetError, match="what it says of its model"):
        imgsort.categorize(folder, clusters=3, features=tmp_path / "features")


@pytest.mark.parametrize("change", [{"name": "vgg16"}, {"name": "vgg16", "pooling": "none"}])
def test_rows_of_another_width_than_the_model_gives_are_refused(folder, tmp_path, change):
    """Later steps join the features with what else belongs to the model, such as its classifier."""
    width = 1280 if change == {"name": "vgg16"} else 512 * 3 + 1
    made_up(folder, tmp_path / "features", {**RECORD, **change}, width)
    with pytest.raises(DatasetError, match=rf"rows of {width} features are not from vgg16, which gives 512"):
        imgsort.categorize(folder, clusters=3, features=tmp_path / "features")


def test_a_model_that_says_too_little_is_refused(folder, tmp_path):
    """So is a record without one of its fields."""
    for name in RECORD:
        model = {key: value for key, value in RECORD.items() if key != name}
        place = made_up(folder, tmp_path / name, model)
        with pytest.raises(DatasetError, match="what it says of its model"):
            imgsort.categorize(folder, clusters=3, features=place.folder)


def test_a_place_without_a_dataset_is_named(folder, tmp_path):
    """A folder that is missing, a file and an empty folder are errors, each with a remedy."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name in ("missing", "file", "empty"):
        with pytest.raises(DatasetError, match=f"{name}: .*imgsort embed"):
            imgsort.categorize(folder, clusters=3, features=tmp_path / name)
    for command in (imgsort.categorize, imgsort.find_outliers, imgsort.audit):
        with pytest.raises(UsageError, match="--features s3://bucket/x/: this must lie on this machine"):
            command(folder, features="s3://bucket/x")
    with pytest.raises(UsageError, match="--features s3://bucket/x/: this must lie on this machine"):
        imgsort.train(folder, output=tmp_path / "a.keras", features="s3://bucket/x")


def test_new_images_are_filed_with_features_of_the_same_kind(folder, tmp_path):
    """`--update` takes features that were made as those of the categories, and refuses others."""
    late = sorted(folder.iterdir())[5:7]
    for path in late:
        path.rename(tmp_path / path.name)
    imgsort.embed(folder, output=tmp_path / "features", **LITE)
    imgsort.categorize(folder, clusters=3, features=tmp_path / "features")
    for path in late:
        (tmp_path / path.name).rename(path)
    with pytest.raises(DatasetError, match="2 of 2 images"):
        imgsort.categorize(folder, update=True, features=tmp_path / "features")
    imgsort.embed(folder, output=tmp_path / "features", **LITE)
    imgsort.embed(folder, output=tmp_path / "other", **LITE, pooling="max")
    with pytest.raises(UsageError, match="pooling"):
        imgsort.categorize(folder, update=True, features=tmp_path / "other")
    planned = imgsort.categorize(folder, update=True, dry_run=True)
    done = imgsort.categorize(folder, update=True, features=tmp_path / "features")
    assert len(done.moves) == 2
    assert moves(done) == moves(planned)


def test_a_head_is_trained_on_features_of_its_own_backbone(folder, tmp_path):
    """`train` gives the same figures with a dataset in float32, and says how to make one if it is another."""
    for number, path in enumerate(sorted(folder.iterdir())):
        (folder / f"class{number % 2}").mkdir(exist_ok=True)
        path.rename(folder / f"class{number % 2}" / path.name)
    before = names(folder)
    imgsort.embed(folder, output=tmp_path / "features", recursive=True, **LITE, precision="float32")
    expected = imgsort.train(folder, output=tmp_path / "a.keras", size=64)
    found = imgsort.train(folder, output=tmp_path / "b.keras", size=64, features=tmp_path / "features")
    assert (found.history, found.evaluation) == (expected.history, expected.evaluation)
    for options in ({"size": 96}, {"model": "efficientnet-lite2", "size": 64}):
        with pytest.raises(UsageError, match=r"is needed\. Make another dataset: `imgsort embed SOURCE .*float32`"):
            imgsort.train(folder, output=tmp_path / "c.keras", features=tmp_path / "features", **options)
    with pytest.raises(UsageError, match="--features holds what a trained backbone sees"):
        imgsort.train(folder, output=tmp_path / "c.keras", features=tmp_path / "features", model="cnn")
    assert names(folder) == before


def matches(result):
    return [(match.path, match.distance) for match in result.matches]


def test_find_searches_a_dataset(folder, tmp_path, monkeypatch):
    """find gives the same matches; a query that is in the dataset needs no model, and another one is looked at."""
    imgsort.embed(folder, output=tmp_path / "features", **LITE)
    inside, outside = sorted(folder.iterdir())[:2]
    (tmp_path / "elsewhere").mkdir()
    outside = outside.rename(tmp_path / "elsewhere" / "changed.jpg")
    outside.write_bytes(outside.read_bytes() + b"\0")
    # `find` would take the model's best way of fitting an image.
    expected = [matches(imgsort.find(folder, query=query, fit="letterbox", **LITE)) for query in (inside, outside)]
    found = matches(imgsort.find(folder, query=outside, features=tmp_path / "features"))
    assert [path for path, _ in found] == [path for path, _ in expected[1]]
    assert np.allclose([each[1] for each in found], [each[1] for each in expected[1]], atol=1e-5)
    monkeypatch.setattr("imgsort.features.engine.decoding", lambda *_: pytest.fail("an image was decoded"))
    assert matches(imgsort.find(folder, query=inside, features=tmp_path / "features")) == expected[0]


def test_find_compares_no_features_of_two_kinds(folder, tmp_path):
    """If the model does not make such features here, a query that is not in the dataset is an error."""
    made_up(folder, tmp_path / "features")
    inside = sorted(folder.iterdir())[0]
    assert len(imgsort.find(folder, query=inside, features=tmp_path / "features").matches) == 11
    (tmp_path / "new.jpg").write_bytes(inside.read_bytes() + b"\0")
    with pytest.raises(UsageError, match="an image of the query has no features there"):
        imgsort.find(folder, query=tmp_path / "new.jpg", features=tmp_path / "features")
    make_tree(folder, {"sub/new.png": encode(gradient(50, 60), "PNG")})
    with pytest.raises(DatasetError, match="1 of 13 images"):
        imgsort.find(folder, query=inside, features=tmp_path / "features")


def test_audit_judges_by_a_dataset(demo_photos, converted_alone, tmp_path):
    """audit marks the same images, with the same scores."""
    root = tmp_path / "classes"
    misfiled = misfiled_classes(demo_photos, root)
    options = {**QUICK, "fit": "letterbox"}
    imgsort.embed(root, output=tmp_path / "features", recursive=True, **options)
    expected = imgsort.audit(root, **options)
    found = imgsort.audit(root, features=tmp_path / "features")
    assert found.findings == expected.findings
    assert {finding.path for finding in found.marked} == set(misfiled)
