"""Makes classes of the demo's photographs, and trains classifiers on them once a session.

Tests must not change the folders and classifiers that last for a session. `tests/conftest.py` names this module as a
plugin, so every test can use its fixtures.
"""

import json
import os
import shutil
import time
import zipfile

import pytest

from imgsort.jobs.learn.train import train

LITE = {"model": "efficientnet-lite0", "size": 64}
SMALL = {"model": "cnn", "size": 32, "epochs": 2}
LEARNED_OF_EACH = 9
KINDS = ("astronaut", "chelsea", "china", "coffee", "flower", "hubble_deep_field", "motorcycle", "rocket")


def files_of(demo_photos, kind):
    """Return the demo's pictures of one photograph, in the order of their names."""
    folder, labels = demo_photos
    return [folder / name for name in sorted(labels) if labels[name] == kind]


def put(files, folder):
    """Copy files into a folder. Their times are an hour old, so that the cache trusts them."""
    folder.mkdir(parents=True, exist_ok=True)
    then = time.time_ns() - 3600 * 10**9
    for file in files:
        shutil.copyfile(file, folder / file.name)
        os.utime(folder / file.name, ns=(then, then))
    return folder


def altered(classifier, path, change, member="imgsort.json"):
    """Write a copy of a classifier. `change` gets the JSON of one member and returns the new JSON."""
    with zipfile.ZipFile(classifier) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info, json.dumps(change(json.loads(data))).encode() if info.filename == member else data)
    return path


def with_classes(classifier, path, names):
    """Write a copy of a classifier in which the first classes have other names."""
    return altered(classifier, path, lambda record: {**record, "classes": [*names, *record["classes"][len(names) :]]})


def new_photos(demo_photos, folder):
    """Copy the pictures that no shared classifier was trained with into a folder. Return {name: kind}."""
    files = {file: kind for kind in KINDS for file in files_of(demo_photos, kind)[LEARNED_OF_EACH:]}
    put(files, folder)
    return {file.name: kind for file, kind in files.items()}


@pytest.fixture(scope="session")
def classes(demo_photos, tmp_path_factory):
    """Return a folder that has a subfolder with nine pictures for each of the demo's photographs."""
    root = tmp_path_factory.mktemp("learned") / "classes"
    for kind in KINDS:
        put(files_of(demo_photos, kind)[:LEARNED_OF_EACH], root / kind)
    return root


@pytest.fixture(scope="session")
def trained(cache_folder, classes, tmp_path_factory):
    """Return the result of training a head on EfficientNet-Lite0 with `classes`."""
    return train(classes, output=tmp_path_factory.mktemp("lite") / "photos.keras", **LITE)


@pytest.fixture(scope="session")
def small(cache_folder, classes, tmp_path_factory):
    """Return the result of training the small network with `classes`.

    It is for tests that need a network, but not a good one.
    """
    return train(classes, output=tmp_path_factory.mktemp("cnn") / "small.keras", **SMALL)


@pytest.fixture(scope="session")
def two(demo_photos, tmp_path_factory):
    """Return a folder with two classes whose colours differ: cups and stars."""
    root = tmp_path_factory.mktemp("two") / "classes"
    for name, kind in (("cups", "coffee"), ("stars", "hubble_deep_field")):
        put(files_of(demo_photos, kind)[:LEARNED_OF_EACH], root / name)
    return root


@pytest.fixture(scope="session")
def of_two(cache_folder, two, tmp_path_factory):
    """Return the result of training the small network with `two`, long enough to tell the classes apart."""
    return train(two, output=tmp_path_factory.mktemp("cnn2") / "two.keras", **{**SMALL, "epochs": 4})


@pytest.fixture
def inbox(demo_photos, tmp_path):
    """Return (folder, {name: kind}) of a folder with 24 pictures that no classifier was trained with."""
    folder = tmp_path / "inbox"
    return folder, new_photos(demo_photos, folder)
