"""Tests `explain`: it writes a picture of an image, with colour where the classifier sees its class."""

import json
import os
import sys

import numpy as np
import pytest
from PIL import Image

from imgsort.errors import ClassifierError, CollectionError, UnreadableImageError, UsageError
from imgsort.jobs.learn.explain import explain
from imgsort.jobs.learn.predict import predict
from imgsort.learning.network.head import Head
from imgsort.learning.network.networks import CLASSES, FEATURES, MAP, set_head
from imgsort.learning.result.classifier import Classifier, NetworkRecord, Reference
from imgsort.learning.result.classifier_file import save_classifier
from tests.support.classifiers import files_of, with_classes
from tests.support.pictures import encode
from tests.support.trees import make_tree, read_tree


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """Return a classifier that sees only red, green and blue, at each place of a map of 8 x 8."""
    import keras

    inputs = keras.layers.Input((64, 64, 3))
    x = keras.layers.Identity(name=MAP)(keras.layers.AveragePooling2D(8)(keras.layers.Rescaling(1 / 255)(inputs)))
    x = keras.layers.GlobalAveragePooling2D(name=FEATURES)(x)
    network = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name=CLASSES)(x))
    head = Head(5 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    set_head(network, head)
    record, reference = NetworkRecord("cnn", 64, is_stock=False, weights_sha256=""), Reference(0.5, 0.5, 1.0)
    names = ("red", "green", "blue")
    path = tmp_path_factory.mktemp("colours") / "colours.keras"
    save_classifier(path, network, Classifier(names, record, head, np.eye(3, dtype=np.float32), reference, set(), {}))
    return path


def test_colour_is_where_the_class_is(colours, tmp_path):
    """A wide picture is red on the left and green on the right. The heat of each class is only at its own place."""
    pixels = np.full((100, 200, 3), 60, np.uint8)
    pixels[:, :75], pixels[:, 150:] = (250, 0, 0), (0, 250, 0)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    before = read_tree(tmp_path)
    change = {}
    for name in ("red", "green", None):
        result = explain(tmp_path / "in.png", classifier=colours, output=tmp_path / f"{name}.png", name=name)
        change[name] = np.abs(pixels_of(result.picture) - pixels).sum(axis=2)
        assert change[name].shape == (100, 200)
        assert (result.guess.name, result.path) == (name or "red", str(tmp_path / "in.png"))
        assert result.picture == tmp_path / f"{name}.png"
    assert change["red"][:, :60].mean() > 5 * change["red"][:, 150:].mean()
    assert change["green"][:, 160:].mean() > 5 * change["green"][:, :75].mean()
    assert (change[None] == change["red"]).all()
    assert {path: facts for path, facts in read_tree(tmp_path).items() if path == "in.png"} == before


def test_it_is_the_class_that_classify_tells(trained, small, of_two, demo_photos, tmp_path):
    """Class and confidence are those of `classify`, for a backbone and for networks with many or two classes."""
    photograph = files_of(demo_photos, "coffee")[10]
    for number, result in enumerate((trained, small, of_two)):
        shown = explain(photograph, classifier=result.classifier, output=tmp_path / f"{number}.png")
        told = predict([photograph], classifier=result.classifier, top=99).predictions[0].guesses
        assert shown.guess.name == told[0].name
        assert shown.guess.confidence == pytest.approx(told[0].confidence, abs=2e-3)
        assert pixels_of(shown.picture).shape == pixels_of(photograph).shape


def test_another_class_can_be_asked_for(of_two, demo_photos, tmp_path):
    """Each of two classes has its own places and its own probability. An unknown class is a usage error."""
    photograph = files_of(demo_photos, "coffee")[10]
    cups, stars = (
        explain(photograph, classifier=of_two.classifier, output=tmp_path / f"{name}.png", name=name)
        for name in ("cups", "stars")
    )
    assert cups.guess.confidence + stars.guess.confidence == pytest.approx(1, abs=1e-5)
    assert (pixels_of(cups.picture) != pixels_of(stars.picture)).any()
    with pytest.raises(UsageError, match="knows cups, stars"):
        explain(photograph, classifier=of_two.classifier, output=tmp_path / "x.png", name="dogs")
    assert not (tmp_path / "x.png").exists()


def test_by_default_the_picture_is_beside_the_prompt(small, tmp_path, demo_photos, monkeypatch):
    """The picture is IMAGE_explained.png in the current folder, also for names that are not UTF-8.

    The image itself does not change.
    """
    stem = os.fsdecode(b"\xff") if sys.platform == "linux" else "a b"
    make_tree(tmp_path, {f"in/{stem}.jpg": files_of(demo_photos, "coffee")[0].read_bytes(), "here": None})
    before = read_tree(tmp_path / "in")
    monkeypatch.chdir(tmp_path / "here")
    result = explain(tmp_path / "in" / f"{stem}.jpg", classifier=small.classifier)
    assert os.listdir(tmp_path / "here") == [f"{stem}_explained.png"]
    assert read_tree(tmp_path / "in") == before
    value = json.loads(json.dumps(result.to_json()))
    assert value.keys() == {"version", "command", "status", "path", "class", "confidence", "picture"}
    assert value["path"] == str(tmp_path / "in" / f"{stem}.jpg")


def test_turned_large_and_colourless_images(small, demo_photos, tmp_path):
    """A turned image is shown upright, a large one no larger than a screen, a grey one in colour."""
    with Image.open(files_of(demo_photos, "coffee")[0]) as image:
        make_tree(tmp_path, {
            "turned.jpg": encode(image.resize((60, 40)), "JPEG", orientation=6),
            "large.jpg": encode(image.resize((3000, 1500)), "JPEG"),
            "grey.png": encode(image.convert("L").resize((50, 40)), "PNG"),
            "line.png": encode(image.resize((300, 1)), "PNG"),
        })  # fmt: skip
    sizes = {}
    for name in ("turned.jpg", "large.jpg", "grey.png", "line.png"):
        picture = explain(tmp_path / name, classifier=small.classifier, output=tmp_path / f"{name}.png").picture
        height, width, _ = pixels_of(picture).shape
        sizes[name] = (width, height)
    assert (sizes["turned.jpg"], sizes["grey.png"], sizes["line.png"]) == ((40, 60), (50, 40), (300, 1))
    assert sizes["large.jpg"][0] / sizes["large.jpg"][1] == 2
    assert 1000 <= sizes["large.jpg"][0] <= 2048


def test_nothing_is_overwritten(small, demo_photos, tmp_path):
    """A taken name, also of a link, and a name that does not end in .png are usage errors. Existing files stay."""
    photograph = files_of(demo_photos, "coffee")[0]
    make_tree(tmp_path, {"taken.png": b"mine"})
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere")
    before = read_tree(tmp_path)
    for name, words in [
        ("taken.png", "exists"),
        ("link.png", "exists"),
        ("x.jpg", r"ends in \.png"),
        ("no/x.png", "Make it first"),
    ]:
        with pytest.raises(UsageError, match=words):
            explain(photograph, classifier=small.classifier, output=tmp_path / name)
    assert read_tree(tmp_path) == before


def test_what_cannot_be_explained(small, trained, demo_photos, tmp_path):
    """A missing or unreadable image and a missing or hostile classifier are one clear error each.

    No picture is written.
    """
    photograph = files_of(demo_photos, "coffee")[0]
    make_tree(tmp_path, {"bad.jpg": b"no image"})
    hostile = with_classes(small.classifier, tmp_path / "hostile.keras", ["../x"])
    before = read_tree(tmp_path)
    for image, classifier, kind, words in [
        (tmp_path / "nowhere.jpg", small.classifier, CollectionError, "nowhere.jpg"),
        (tmp_path / "bad.jpg", small.classifier, UnreadableImageError, "bad.jpg"),
        (photograph, tmp_path / "nowhere.keras", ClassifierError, "no such file"),
        (photograph, hostile, ClassifierError, "not a classifier"),
    ]:
        with pytest.raises(kind, match=words):
            explain(image, classifier=classifier, output=tmp_path / "e.png")
    assert read_tree(tmp_path) == before


def exchanged(into, network_of, path):
    """Write a copy of `into` that has the network of another classifier, as an altered file may have."""
    import zipfile

    with zipfile.ZipFile(into) as old, zipfile.ZipFile(network_of) as other, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, (old if name.startswith("imgsort.") else other).read(name))
    return path


def test_a_network_that_is_not_the_heads(small, of_two, demo_photos, tmp_path):
    """A file whose network and record have different classes is refused without a stack trace."""
    photograph = files_of(demo_photos, "coffee")[0]
    odd = exchanged(of_two.classifier, small.classifier, tmp_path / "odd.keras")
    other = exchanged(small.classifier, of_two.classifier, tmp_path / "other.keras")
    for classifier in (odd, other):
        with pytest.raises(ClassifierError):
            explain(photograph, classifier=classifier, output=tmp_path / "e.png")
    assert not (tmp_path / "e.png").exists()
