"""Tests `export`: it writes models for other programs, and only models that give the same answers there."""

import json
import os

import numpy as np
import pytest

import imgsort.jobs.learn.export
from imgsort.errors import ClassifierError, CollectionError, ExportError, UsageError
from imgsort.jobs.learn.export import export
from imgsort.jobs.learn.predict import predict
from imgsort.learning.network.export import MOST_DIFFERENCE, export_network
from tests.support.classifiers import files_of, put, with_classes
from tests.support.trees import make_tree, read_tree

ENDS = {"savedmodel": "_savedmodel", "onnx": ".onnx", "tflite": ".tflite"}


def test_each_format_gives_the_same_answers(small, tmp_path, capfd):
    """Each export has a JSON file beside it, with classes and input. Nothing is printed."""
    classifier = tmp_path / "my.keras"
    classifier.write_bytes(small.classifier.read_bytes())
    capfd.readouterr()
    for kind, end in ENDS.items():
        result = export(classifier, format=kind)
        assert result.exported == tmp_path / f"my{end}"
        assert result.difference <= MOST_DIFFERENCE
        assert result.samples == 16
        description = json.loads(result.description.read_text())
        assert description["classes"] == [row.name for row in small.classes]
        assert description["input"].startswith("float32 (n, 32, 32, 3), RGB, 0-255")
        assert description["confidence"] == small.confidence
        value = json.loads(json.dumps(result.to_json()))
        assert value.keys() == {"version", "command", "status", "classifier", "format", "exported", "description",
                                "samples", "difference"}  # fmt: skip
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["my.keras", *(f"my{end}" for end in ENDS.values()), *(f"my{end}.json" for end in ENDS.values())]
    )
    assert capfd.readouterr() == ("", "")


def test_an_onnx_file_says_what_classify_says(of_two, demo_photos, tmp_path):
    """onnxruntime alone, used as the JSON file says, gives the probability of the second of two classes."""
    import onnxruntime

    from imgsort.images.decoding.decode import ReadSettings, read_image
    from imgsort.images.decoding.letterbox import Square
    from imgsort.images.finding.find import find_images

    folder = put(files_of(demo_photos, "coffee")[9:], tmp_path / "in")
    result = export(of_two.classifier, format="onnx", output=tmp_path / "two.onnx", samples=folder)
    assert result.samples == 3
    description = json.loads(result.description.read_text())
    assert description["output"] == "float32 (n, 1), the probability of 'stars'"
    session = onnxruntime.InferenceSession(str(result.exported), providers=["CPUExecutionProvider"])
    files = find_images(folder).files
    squares = [Square(32).fill(read_image(folder, file, ReadSettings(), Square(32)).pixels) for file in files]
    outputs = session.run(None, {session.get_inputs()[0].name: np.stack(squares).astype(np.float32)})[0]
    told = predict([folder / file.path for file in files], classifier=of_two.classifier).predictions
    stars = [next(guess.confidence for guess in row.guesses if guess.name == "stars") for row in told]
    assert outputs[:, 0].tolist() == pytest.approx(stars, abs=2e-3)


def test_a_backbone_as_tflite(trained, tmp_path):
    """EfficientNet-Lite0 with its head is exported as one file."""
    result = export(trained.classifier, format="tflite", output=tmp_path / "photos.tflite")
    assert result.difference <= MOST_DIFFERENCE
    assert result.exported.stat().st_size > 10**6


def test_one_that_says_something_else_is_removed(small, demo_photos, tmp_path, monkeypatch):
    """If another network is written, or the same one damaged, that is an error, and the file is removed."""

    def another(network, kind, path):
        weights = network.get_weights()
        network.set_weights([weight + 0.5 for weight in weights])
        export_network(network, kind, path)
        network.set_weights(weights)

    monkeypatch.setattr(imgsort.jobs.learn.export, "export_network", another)
    for kind, end in ENDS.items():
        with pytest.raises(ExportError, match=r"differ by .* It was removed"):
            export(small.classifier, format=kind, output=tmp_path / f"x{end}")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError])
def test_one_that_is_broken_off_leaves_nothing(small, tmp_path, monkeypatch, error):
    """If an export ends in the middle, the half-written model is removed."""
    import keras

    def half(network, path, **_):
        os.mkdir(path)
        (tmp_path / "x" / "half").write_bytes(b"half")
        raise error("in the middle")

    monkeypatch.setattr(keras.Model, "export", half)
    with pytest.raises((error, ExportError)):
        export(small.classifier, format="savedmodel", output=tmp_path / "x")
    assert os.listdir(tmp_path) == []


def test_nothing_is_overwritten(small, tmp_path):
    """An existing file, folder or JSON file is not overwritten. A name must end as its format requires."""
    make_tree(tmp_path, {"a.onnx": b"mine", "b.onnx.json": b"mine", "c": None, "d/notes.txt": b"mine"})
    (tmp_path / "e.tflite").symlink_to(tmp_path / "nowhere")
    before = read_tree(tmp_path)
    for kind, name, words in [
        ("onnx", "a.onnx", "exists"),
        ("onnx", "b.onnx", "exists"),
        ("savedmodel", "c", "exists"),
        ("savedmodel", "d", "exists"),
        ("tflite", "e.tflite", "exists"),
        ("onnx", "x.tflite", r"ends in \.onnx"),
        ("tflite", "x", r"ends in \.tflite"),
        ("onnx", "nowhere/x.onnx", "Make it first"),
        ("pdf", "x.pdf", "savedmodel, onnx, tflite"),
    ]:
        with pytest.raises(UsageError, match=words):
            export(small.classifier, format=kind, output=tmp_path / name)
    assert read_tree(tmp_path) == before


def test_what_cannot_be_exported(small, tmp_path):
    """A missing or hostile classifier and missing samples are one clear error each. Nothing is written."""
    make_tree(tmp_path, {"samples/bad.jpg": b"no image", "empty": None, "text.keras": b"hello"})
    with_classes(small.classifier, tmp_path / "hostile.keras", ["../x"])
    before = read_tree(tmp_path)
    for classifier, samples, kind in [
        (tmp_path / "nowhere.keras", None, ClassifierError),
        (tmp_path / "text.keras", None, ClassifierError),
        (tmp_path / "hostile.keras", None, ClassifierError),
        (small.classifier, tmp_path / "samples", CollectionError),
        (small.classifier, tmp_path / "empty", CollectionError),
        (small.classifier, tmp_path / "nowhere", CollectionError),
    ]:
        with pytest.raises(kind):
            export(classifier, format="tflite", output=tmp_path / "x.tflite", samples=samples)
    assert read_tree(tmp_path) == before
