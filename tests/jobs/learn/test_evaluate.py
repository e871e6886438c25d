"""Tests `evaluate` on real photographs that the classifier has not seen."""

import json
import os

import pytest
from PIL import Image

from imgsort.csv_file import read_csv
from imgsort.errors import ClassifierError, CollectionError, UsageError
from imgsort.jobs.learn.evaluate import evaluate
from tests.support.classifiers import KINDS, LEARNED_OF_EACH, files_of, put, with_classes
from tests.support.trees import make_tree, names, read_tree

KEYS = {
    *("version", "command", "status", "collection", "classifier", "images", "accuracy", "loss"),
    *("macro_precision", "macro_recall", "macro_f1", "weighted_f1", "calibration_error", "binary_accuracy"),
    *("roc_auc", "top5_accuracy", "per_class", "confusion_matrix", "classes", "mistakes", "learned_from", "report"),
    *("unreadable", "notices"),
}


@pytest.fixture(scope="module")
def unseen(demo_photos, tmp_path_factory):
    """Return a folder with three pictures of each class that no classifier was trained with."""
    root = tmp_path_factory.mktemp("unseen")
    for kind in KINDS:
        put(files_of(demo_photos, kind)[LEARNED_OF_EACH:], root / kind)
    return root


def test_unseen_photographs_are_known(trained, unseen, tmp_path):
    """Nearly all predictions are right. No image changes.

    The figures agree with each other and with the report.
    """
    before = read_tree(unseen)
    result = evaluate(trained.classifier, unseen, output=tmp_path / "report")
    found = result.evaluation
    assert found.images == 24
    assert found.accuracy >= 0.9
    assert sum(map(sum, found.confusion_matrix)) == 24
    assert found.accuracy == sum(row[n] for n, row in enumerate(found.confusion_matrix)) / 24
    assert [sum(row) for row in found.confusion_matrix] == [row.support for row in found.per_class] == [3] * 8
    assert (found.top5_accuracy, found.roc_auc, found.binary_accuracy) == (1.0, None, None)
    assert (result.learned_from, result.report, result.unreadable) == (0, tmp_path / "report", ())
    assert sorted(os.listdir(result.report)) == [
        *("confusion_matrix.csv", "confusion_matrix.png", "evaluation.json", "mistakes.csv")
    ]
    value = json.loads((result.report / "evaluation.json").read_text())
    assert value == {**found.to_json(), "mistakes": [vars(row) for row in result.mistakes]}
    table = read_csv(result.report / "confusion_matrix.csv", ("is", *KINDS))
    assert [[int(row[kind]) for kind in KINDS] for _, row in table] == value["confusion_matrix"]
    with Image.open(result.report / "confusion_matrix.png") as image:
        image.load()
    assert read_tree(unseen) == before


def test_figures_are_at_the_top_of_the_json(trained, unseen):
    """Accuracy, macro F1, the figures of each class and the matrix are at the top level of the JSON."""
    value = json.loads(json.dumps(evaluate(trained.classifier, unseen).to_json()))
    assert value.keys() == KEYS
    assert (value["version"], value["command"], value["status"]) == (1, "evaluate", "done")
    assert value["classes"] == list(KINDS)
    assert value["per_class"][0].keys() == {"name", "precision", "recall", "f1", "support"}
    assert value["report"] is None


def test_mistakes_are_named_the_worst_first(trained, demo_photos, tmp_path):
    """Cups in the folder of cats are mistakes, in the list of files and in the matrix."""
    cups = files_of(demo_photos, "coffee")[LEARNED_OF_EACH:]
    put(cups, tmp_path / "chelsea")
    put(files_of(demo_photos, "china")[LEARNED_OF_EACH:], tmp_path / "china")
    result = evaluate(trained.classifier, tmp_path)
    assert sorted(row.path for row in result.mistakes) == sorted(f"chelsea/{file.name}" for file in cups)
    assert {(row.is_of, row.taken_for) for row in result.mistakes} == {("chelsea", "coffee")}
    assert result.evaluation.accuracy == 0.5
    assert result.evaluation.confusion_matrix[KINDS.index("chelsea")][KINDS.index("coffee")] == 3
    assert [row.support for row in result.evaluation.per_class] == [0, 3, 3, 0, 0, 0, 0, 0]
    assert result.evaluation.macro_recall == 0.5  # the mean over the classes that have images


def test_two_classes_have_an_area_under_the_curve(of_two, two):
    """With two classes there are ROC AUC and binary accuracy, but no top-5 accuracy."""
    found = evaluate(of_two.classifier, two).evaluation
    assert (found.binary_accuracy, found.top5_accuracy) == (found.accuracy, None)
    assert 0.5 < found.roc_auc <= 1


def test_images_that_it_learned_from_are_counted(trained, classes, unseen):
    """Images of training and validation make the figures too good. They are found by their bytes.

    A notice says how many they are.
    """
    learned = sum(row.train + row.validation for row in trained.classes)
    result = evaluate(trained.classifier, classes)
    assert result.learned_from == learned
    assert f"the classifier was trained with {learned} of these images, so the figures are too good." in result.notices
    assert not any("flatter" in notice for notice in evaluate(trained.classifier, unseen).notices)


def test_other_folders_are_left_out(trained, unseen, tmp_path):
    """Unknown classes are named, loose images and special folders are left out, and bad files are reported."""
    for name in ("coffee", "dogs", "Unsure", "."):
        put((unseen / "coffee").iterdir(), tmp_path / name)
    make_tree(tmp_path, {"coffee/bad.jpg": b"no image"})
    result = evaluate(trained.classifier, tmp_path)
    assert result.evaluation.images == 3
    assert any("does not know these classes: dogs." in notice for notice in result.notices)
    assert [row.path for row in result.unreadable] == ["coffee/bad.jpg"]


def test_folders_that_will_not_do(trained, unseen, tmp_path):
    """No known class, no class, no readable image or no folder is an error. No report is written."""
    put((unseen / "coffee").iterdir(), tmp_path / "unknown/dogs")
    put((unseen / "coffee").iterdir(), tmp_path / "loose")
    make_tree(tmp_path, {"torn/coffee/1.jpg": b"no image", "empty": None})
    for name, kind, words in [
        ("unknown", ClassifierError, "none of its folders is a class"),
        ("loose", CollectionError, "no subfolder"),
        ("torn", CollectionError, "none of its images can be read"),
        ("empty", CollectionError, "no subfolder"),
        ("nowhere", CollectionError, "no such folder"),
    ]:
        with pytest.raises(kind, match=words):
            evaluate(trained.classifier, tmp_path / name, output=tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_nothing_is_overwritten(trained, unseen, tmp_path):
    """A report goes to a new or empty folder. A file, a link or a folder with content is an error and stays."""
    make_tree(tmp_path, {"file": b"mine", "full/notes.txt": b"mine", "empty": None})
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    before = read_tree(tmp_path)
    for name in ("file", "full", "link"):
        with pytest.raises(UsageError, match="exists"):
            evaluate(trained.classifier, unseen, output=tmp_path / name)
    assert read_tree(tmp_path) == before
    assert evaluate(trained.classifier, unseen, output=tmp_path / "empty").report == tmp_path / "empty"
    assert len(names(tmp_path / "empty")) == 4


def test_files_that_are_no_classifier(trained, unseen, tmp_path):
    """A missing file, a text and a file whose class name could lead elsewhere are one clear error each."""
    make_tree(tmp_path, {"text.keras": b"hello"})
    with_classes(trained.classifier, tmp_path / "hostile.keras", ["../x"])
    for name, words in [
        ("nowhere.keras", "no such file"),
        ("text.keras", "not a classifier"),
        ("hostile.keras", "not a classifier"),
    ]:
        with pytest.raises(ClassifierError, match=words):
            evaluate(tmp_path / name, unseen)


def test_names_in_the_order_of_another_training(trained, unseen, tmp_path):
    """Rows belong to names, not to positions. If two classes exchange their names, their images are mistakes."""
    exchanged = with_classes(trained.classifier, tmp_path / "c.keras", ["chelsea", "astronaut"])
    matrix = evaluate(exchanged, unseen).evaluation.confusion_matrix
    assert matrix[0][:2] == (0, 3)
    assert matrix[1][:2] == (3, 0)
