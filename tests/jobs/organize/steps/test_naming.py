"""Tests `categorize(names=True)`: each category gets a word for what EfficientNet-Lite0 sees in its images."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import imgsort
from imgsort.features.keras_backend import import_keras
from imgsort.features.models.backbones import BACKBONES
from imgsort.features.models.imagenet_classes import class_probabilities, class_words, classifier_file
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.jobs.listener import Listener
from imgsort.jobs.organize.steps import naming
from imgsort.jobs.organize.steps.naming import words_for
from imgsort.jobs.results import ModelRecord
from imgsort.jobs.session.collection import open_collection
from imgsort.jobs.session.looking import extract
from imgsort.jobs.settings import FilingSettings, ModelSettings
from tests.support.published_layout import write_published
from tests.support.trees import make_tree, names, read_tree

LITE = {"model": "efficientnet-lite0"}
SMALL = {**LITE, "size": 64}

# ImageNet's classes that a person might choose as a name for the photograph.
FITTING = {
    "chelsea": {"egyptian_cat", "tabby", "lynx"},
    "coffee": {"espresso", "coffee_mug", "cup"},
    "china": {"bell_cote", "stupa", "palace", "church", "monastery"},
    "motorcycle": {"moped", "motor_scooter", "crash_helmet", "disc_brake"},
}


@pytest.fixture(scope="module")
def pictures(demo_photos):
    """Return seven crops of each of four demo photographs, {photograph: {name: bytes}}.

    The names do not say what the crops show.
    """
    folder, labels = demo_photos
    return {
        photograph: {
            file: (folder / file).read_bytes()
            for file in sorted(file for file, label in labels.items() if label == photograph)[:7]
        }
        for photograph in FITTING
    }


@pytest.fixture(scope="module")
def named_once(pictures, tmp_path_factory):
    """Return a collection with six crops of each photograph, sorted with names at the model's own size.

    Tests must copy it, not change it.
    """
    folder = tmp_path_factory.mktemp("named") / "photos"
    for files in pictures.values():
        make_tree(folder, dict(list(files.items())[:6]))
    imgsort.categorize(folder, clusters=4, names=True, **LITE)
    return folder


@pytest.fixture
def named(named_once, tmp_path):
    return Path(shutil.copytree(named_once, tmp_path / "named"))


@pytest.fixture
def unsorted(pictures, tmp_path):
    """Return a collection with three crops of each photograph, not sorted."""
    folder = tmp_path / "unsorted"
    for files in pictures.values():
        make_tree(folder, dict(list(files.items())[:3]))
    return folder


def word_of(category: str) -> str:
    """Return the word in a category's name. Fail if it is not fit for a folder on every system."""
    found = re.fullmatch(r"category_\d+_([a-z0-9][a-z0-9_]*)", category)
    assert found is not None, category
    return found[1]


def categories(folder: Path) -> dict[str, set[str]]:
    """Return the names of the files in each category."""
    found: dict[str, set[str]] = {}
    for path in names(folder):
        category, _, name = path.partition("/")
        found.setdefault(category, set()).add(name)
    return found


def test_words_fit_what_is_seen(named, pictures):
    """Each kind of photograph has its own category, and its word is one that a person might choose."""
    kind_of = {name: kind for kind, files in pictures.items() for name in files}
    found = {category: {kind_of[name] for name in files} for category, files in categories(named).items()}
    assert [category[:10] for category in sorted(found)] == ["category_1", "category_2", "category_3", "category_4"]
    assert sorted(kind for kinds in found.values() for kind in kinds) == sorted(FITTING)
    unfit = {category: kind for category, (kind,) in found.items() if word_of(category) not in FITTING[kind]}
    assert unfit == {}


def test_a_second_run_moves_nothing(named, pictures):
    """A second run gives the same names. `update` puts new images into the named folders.

    Undo puts every file back.
    """
    before = read_tree(named)
    assert imgsort.categorize(named, clusters=4, names=True, **LITE).status == "nothing to do"
    assert read_tree(named) == before
    cat = list(pictures["chelsea"])[6]
    make_tree(named, {cat: pictures["chelsea"][cat]})
    with_cat = read_tree(named)
    (move,) = imgsort.categorize(named, update=True).moves
    assert move.target in {f"{category}/{cat}" for category in categories(named)}
    imgsort.undo(named)
    assert read_tree(named) == with_cat


def test_names_come_and_go(unsorted):
    """Without names, with names and without names again, the groups are the same. Only their folders differ.

    Undo takes back each run.
    """
    sort = {"clusters": 3, **SMALL}
    trees = [read_tree(unsorted)]
    for with_names in (False, True, False):
        imgsort.categorize(unsorted, names=with_names, **sort)
        trees.append(read_tree(unsorted))
        assert all((category.count("_") > 1) == with_names for category in categories(unsorted))
    assert names(unsorted) == {path: facts[0] for path, facts in trees[1].items() if "/" in path}
    for tree in reversed(trees[:-1]):
        imgsort.undo(unsorted)
        assert read_tree(unsorted) == tree


@pytest.mark.parametrize("clusters", [1, 3, 11, 12])
def test_no_word_comes_twice(unsorted, clusters):
    """No two categories have the same word, also if many are of one kind or if there is only one.

    The numbers are as wide as without words.
    """
    result = imgsort.categorize(unsorted, clusters=clusters, names=True, dry_run=True, **SMALL)
    words = [word_of(folder.name) for folder in result.folders]
    assert len(set(words)) == len(words) == clusters
    assert set(words) <= set(class_words())
    width = len(str(clusters))
    assert [folder.name.split("_")[1] for folder in result.folders] == [
        f"{n:0{width}d}" for n in range(1, clusters + 1)
    ]


def test_where_no_group_is_found_no_word_is_needed(pictures, tmp_path):
    """HDBSCAN makes no category of two different images. Both go to Unsorted."""
    tree = {"cat.jpg": next(iter(pictures["chelsea"].values())), "cup.jpg": next(iter(pictures["coffee"].values()))}
    make_tree(tmp_path, tree)
    imgsort.categorize(tmp_path, algorithm="hdbscan", names=True, **SMALL)
    assert names(tmp_path) == {f"Unsorted/{name}": content for name, content in tree.items()}


def test_a_folder_of_that_name_is_left_alone(unsorted):
    """A folder that already has the name is not used. The category gets a number."""
    shown = imgsort.categorize(unsorted, clusters=3, names=True, dry_run=True, **SMALL)
    taken = shown.folders[0].name
    make_tree(unsorted, {f"{taken}/mine.txt": b"mine"})
    before = read_tree(unsorted)
    imgsort.categorize(unsorted, clusters=3, names=True, **SMALL)
    assert categories(unsorted).keys() == {f"{taken} (2)", *(folder.name for folder in shown.folders)}
    assert categories(unsorted)[taken] == {"mine.txt"}
    imgsort.undo(unsorted)
    assert read_tree(unsorted) == before


@pytest.fixture(scope="module")
def random_vgg16(tmp_path_factory):
    """Return a file of random weights for VGG16."""
    import_keras().utils.set_random_seed(5)
    file = tmp_path_factory.mktemp("weights") / "vgg16.h5"
    write_published(BACKBONES["vgg16"].build(32), file)
    return file


def fitting_words(folder: Path, groups: list[set[str]]) -> list[str]:
    """Return for each group the word for what EfficientNet-Lite0 sees more in it than in the others.

    EfficientNet-Lite0 has its own weights.
    """
    features = imgsort.extract_features(folder)
    seen = class_probabilities(features.matrix, classifier_file())
    paths = np.array([file.path for file in features.files])
    means = np.array([seen[np.isin(paths, list(group))].mean(axis=0) for group in groups])
    lead = [mean - np.delete(means, number, axis=0).max(axis=0) for number, mean in enumerate(means)]
    return [class_words()[int(row.argmax())] for row in lead]


def test_with_another_model_the_words_are_from_the_one_that_knows_any(unsorted, random_vgg16):
    """VGG16 makes the groups, even if they are bad. EfficientNet-Lite0 finds the words.

    It looks at the images at its own size.
    """
    result = imgsort.categorize(
        unsorted, clusters=2, names=True, dry_run=True, model="vgg16", weights=random_vgg16, size=32
    )
    assert (result.model.name, result.model.weights) == ("vgg16", str(random_vgg16))
    groups = [{move.source for move in result.moves if move.target.startswith(f"{f.name}/")} for f in result.folders]
    assert [word_of(folder.name) for folder in result.folders] == fitting_words(unsorted, groups)


@pytest.mark.parametrize(
    "gone",
    [
        [0],
        [0, 1, 2, 3],
        pytest.param(
            [8, 9, 10, 11],
        ),
    ],
)
def test_images_that_go_away_before_the_second_look(unsorted, random_vgg16, gone):
    """A category has a word if at least one of its images is left, and none if all are gone."""
    model = ModelSettings(model="vgg16", weights=random_vgg16, size=32, cache=False)
    with open_collection(unsorted, "categorize", FilingSettings(dry_run=True), DEFAULTS, Listener()) as collection:
        extracted = extract(collection, model, "vgg16")
        features = extracted.features
        labels = np.arange(12) // 4
        for number in gone:
            (unsorted / features.files[number].path).unlink()
        words = words_for(collection, extracted, labels, model)
    assert [word is None for word in words] == [set(np.flatnonzero(labels == label)) <= set(gone) for label in range(3)]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"size_px": 64}, True),
        ({"precision": "float32"}, True),
        ({"runtime": "tensorflow"}, True),
        ({"fallback": "vgg16"}, True),
        ({"pooling": "max"}, False),
        ({"pooling": "none"}, False),
        ({"weights": "/home/me/own.h5"}, False),
        ({"name": "vgg16"}, False),
        ({"name": "resnet50"}, False),
    ],
)
def test_which_features_the_classifier_knows(changed, expected):
    """The classifier knows features of EfficientNet-Lite0 with its own weights, pooled by mean.

    They may have any size and any precision.
    """
    made = {
        "name": "efficientnet-lite0",
        "weights": "imagenet",
        "sha256": "0" * 64,
        "fallback": None,
        "precision": "int8",
        "runtime": "litert",
        "pooling": "avg",
        "size_px": 224,
    }
    assert ModelRecord(**{**made, **changed}).has_classifier is expected


def test_features_that_the_classifier_does_not_take_are_not_given_to_it(unsorted, monkeypatch):
    """With the maximum of each channel, the images are looked at once more, for the mean that the classifier takes."""
    given = []
    real = naming.class_probabilities
    monkeypatch.setattr(
        naming, "class_probabilities", lambda matrix, weights: given.append(matrix) or real(matrix, weights)
    )
    imgsort.categorize(unsorted, clusters=2, names=True, dry_run=True, pooling="max", **LITE)
    assert np.array_equal(given[0], imgsort.extract_features(unsorted, **LITE).matrix)
