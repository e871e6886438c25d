"""Tests `train` on real photographs, with a head on EfficientNet-Lite0 and with the small network.

The small network is for tests that do not need a good one.
"""

import json
import os
import shutil
import sys
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from imgsort.cli import main
from imgsort.csv_file import read_csv
from imgsort.errors import CollectionError, TooFewImagesError, UsageError
from imgsort.images.decoding.decode import ReadSettings, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import find_images
from imgsort.jobs.learn.evaluate import evaluate
from imgsort.jobs.learn.predict import predict
from imgsort.jobs.learn.train import train
from imgsort.jobs.listener import Listener
from tests.support.classifiers import KINDS, LITE, SMALL, files_of, put
from tests.support.drawings import form
from tests.support.pictures import encode
from tests.support.trees import make_tree, names, read_tree

ONE_EPOCH = {**SMALL, "epochs": 1, "augment": "none"}
SPLIT_HEADER = ("folder", "file", "class", "part", "content")


class Hearing(Listener):
    """Keeps what it hears. After `epochs` epochs it acts as if a person presses Ctrl-C."""

    def __init__(self, epochs=None):
        self.notices, self.rows, self.totals, self.epochs = [], [], set(), epochs

    def notice(self, text):
        self.notices.append(text)

    def trained(self, row, total):
        self.rows.append(row)
        self.totals.add(total)
        if len(self.rows) == self.epochs:
            raise KeyboardInterrupt


def split_of(result):
    """Return the rows of split.csv."""
    return [row for _, row in read_csv(result.report / "split.csv", SPLIT_HEADER)]


def table(path):
    """Return the cells of a table, without its header."""
    return [line.split(",") for line in path.read_text("utf-8-sig").splitlines()[1:]]


@pytest.fixture
def own(two, tmp_path):
    """Return a copy of the folder of two classes. A test may change it."""
    return shutil.copytree(two, tmp_path / "own")


def test_photographs_are_learned(trained, classes):
    """The classifier knows all test images. Each class has images in each part. No image changes."""
    assert trained.evaluation.accuracy == 1.0
    assert [row.name for row in trained.classes] == list(KINDS)
    assert all(row.train + row.validation + row.test == 9 and row.train >= 5 for row in trained.classes)
    assert all(row.validation and row.test for row in trained.classes)
    assert (trained.status, trained.model, trained.size_px, trained.unreadable) == ("done", LITE["model"], 64, ())
    assert trained.collection == classes
    assert len(names(classes)) == 72
    assert set(os.listdir(classes)) == set(KINDS)


def test_beside_the_classifier_lies_what_there_is_to_tell(trained):
    """The report has the history, the split, the figures and the pictures. They agree with the result."""
    assert trained.report == trained.classifier.with_name("photos_training")
    figures = {"evaluation.json", "confusion_matrix.csv", "confusion_matrix.png", "mistakes.csv"}
    assert set(os.listdir(trained.report)) == {"history.csv", "split.csv", "curves.png", *figures}
    assert sorted(os.listdir(trained.classifier.parent)) == ["photos.keras", "photos_training"]
    history = table(trained.report / "history.csv")
    assert history == [[str(value) for value in vars(row).values()] for row in trained.history]
    assert [row.step for row in trained.history] == list(range(1, len(history) + 1))
    evaluation = json.loads((trained.report / "evaluation.json").read_text())
    assert evaluation == {**trained.evaluation.to_json(), "mistakes": []}
    matrix = [[int(cell) for cell in row[1:]] for row in table(trained.report / "confusion_matrix.csv")]
    assert matrix == evaluation["confusion_matrix"]
    assert table(trained.report / "mistakes.csv") == []
    for picture in ("curves.png", "confusion_matrix.png"):
        with Image.open(trained.report / picture) as image:
            assert (image.format, min(image.size) > 200) == ("PNG", True)
            assert len(image.convert("RGB").getcolors(1 << 24)) > 10


def test_the_split_is_on_record(trained, classes):
    """Every image is in one part, with its class and the hash of its bytes. The counts agree with the result."""
    rows = split_of(trained)
    assert sorted(row["file"] for row in rows) == sorted(names(classes))
    assert all(row["file"].partition("/")[0] == row["class"] and row["folder"] == str(classes) for row in rows)
    counts = Counter((row["class"], row["part"]) for row in rows)
    for row in trained.classes:
        assert [counts[row.name, part] for part in ("train", "validation", "test")] == [
            *(row.train, row.validation),
            row.test,
        ]
    assert sum(row["part"] == "test" for row in rows) == trained.evaluation.images
    assert len({row["content"] for row in rows}) == 72


def test_the_json_has_the_keys_that_scripts_rely_on(trained):
    """Paths are text, and the result survives writing and reading as JSON."""
    value = json.loads(json.dumps(trained.to_json()))
    assert value.keys() == {"version", "command", "status", "collection", "classifier", "report", "model", "classes",
                            "history", "evaluation", "mistakes", "confidence", "seconds", "unreadable",
                            "notices"}  # fmt: skip
    assert (value["version"], value["command"]) == (1, "train")
    assert value["model"] == {"name": "efficientnet-lite0", "size_px": 64}
    assert value["classes"][0].keys() == {"name", "train", "validation", "test"}
    assert value["history"][0].keys() == {"stage", "step", "loss", "accuracy", "validation_loss", "validation_accuracy"}
    assert value["evaluation"]["confusion_matrix"] == [list(row) for row in trained.evaluation.confusion_matrix]
    assert value["confidence"] == trained.confidence


def test_a_second_training_reads_no_image(trained, classes, tmp_path, monkeypatch):
    """Perceptual hashes and features are cached. A second training says so and opens no file.

    Its result is the same.
    """
    monkeypatch.setattr("imgsort.features.engine.bytes_of", lambda *_: pytest.fail("a file was read"))
    monkeypatch.setattr("imgsort.learning.data.looks.read_image", lambda *_: pytest.fail("a file was read"))
    again = train(classes, output=tmp_path / "again.keras", **LITE)
    assert "the features of 72 of 72 images were in the cache." in again.notices
    assert (again.history, again.evaluation, again.confidence) == (
        *(trained.history, trained.evaluation),
        trained.confidence,
    )


def test_the_default_confidence(trained, small, classes):
    """At or above the default confidence, 95 % of the validation images are right.

    `classify` uses this confidence. A poor classifier has a higher one.
    """
    for result in (trained, small):
        # A poor classifier may have 2, which no image reaches: at no confidence are enough of its images right.
        assert 0 < result.confidence <= 1 or result.confidence == 2
        validation = [classes / row["file"] for row in split_of(result) if row["part"] == "validation"]
        answers = predict(validation, classifier=result.classifier)
        assert answers.confidence == result.confidence
        sure = [told for told in answers.predictions if told.guesses[0].confidence >= round(result.confidence, 6)]
        right = [told for told in sure if f"{os.sep}{told.guesses[0].name}{os.sep}" in told.path]
        assert len(right) >= 0.95 * len(sure)


def test_what_is_nothing_to_learn_from(two, demo_photos, tmp_path):
    """A missing folder, a file, no class, one class, and a class with too few readable images are errors."""
    cup, star = files_of(demo_photos, "coffee")[:1], files_of(demo_photos, "hubble_deep_field")
    make_tree(tmp_path, {"file.jpg": b"x", "empty": None, "torn/b/1.jpg": b"no image", "torn/b/2.jpg": b""})
    put(star, tmp_path / "one/stars")
    for name in ("few", "torn"):
        put(star, tmp_path / name / "a")
    put(cup, tmp_path / "few/cups")
    put(cup, tmp_path / "loose")
    make_tree(tmp_path, {"no image/a/1.jpg": b"no image", "no image/b/1.jpg": b"no image"})
    before = read_tree(tmp_path)
    for name, kind, words in [
        ("nowhere", CollectionError, "no such folder"),
        ("file.jpg", CollectionError, "this is a file"),
        ("empty", CollectionError, "no subfolder holds images"),
        ("loose", CollectionError, "no subfolder holds images"),
        ("one", TooFewImagesError, "'stars'"),
        ("few", TooFewImagesError, r"few/cups: 1 readable images.* too few"),
        ("torn", TooFewImagesError, r"torn/b: 0 readable images.* too few"),
        ("no image", TooFewImagesError, r"0 readable images.* too few"),
    ]:
        with pytest.raises(kind, match=words):
            train(tmp_path / name, output=tmp_path / "c.keras", **ONE_EPOCH)
    assert read_tree(tmp_path) == before


def test_what_is_not_learned_from(own):
    """Special folders are no classes. A notice counts loose images, and unreadable ones are rows with reasons."""
    picture = next((own / "cups").iterdir())
    for name in ("Outlayers", "Rejected", "Unsorted", "Unsure", ".imgsort", ".hidden", "."):
        put([picture], own / name)
    whole = picture.read_bytes()
    make_tree(own, {"cups/half.jpg": whole[: len(whole) // 2], "cups/text.jpg": b"hello", "stars/none.png": b""})
    before, hearing = read_tree(own), Hearing()
    result = train(own, output=own.parent / "c.keras", listener=hearing, **ONE_EPOCH)
    assert [(row.name, row.train + row.validation + row.test) for row in result.classes] == [("cups", 9), ("stars", 9)]
    assert "1 images are in no class folder and are left out." in result.notices
    assert tuple(hearing.notices) == result.notices
    assert sorted(row.path for row in result.unreadable) == ["cups/half.jpg", "cups/text.jpg", "stars/none.png"]
    assert all(row.reason for row in result.unreadable)
    assert not {row.path for row in result.unreadable} & {row["file"] for row in split_of(result)}
    assert {row["class"] for row in split_of(result)} == {"cups", "stars"}
    assert read_tree(own) == before


def test_near_duplicates_are_never_on_two_sides(two, tmp_path):
    """The same picture in other qualities and sizes is in one part.

    Otherwise the figures would be too good.
    """
    by_class = sorted(find_images(two, recursive=True).files, key=lambda file: file.path)
    for file in (*by_class[:5], *by_class[-5:]):
        stem = tmp_path / "in" / file.path.removesuffix(".jpg")
        stem.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(two / file.path) as image:
            image.save(f"{stem}-a.jpg", quality=95)
            image.save(f"{stem}-b.jpg", quality=40)
            image.resize((image.width * 2 // 3, image.height * 2 // 3)).save(f"{stem}-c.jpg")
    result = train(tmp_path / "in", output=tmp_path / "c.keras", **ONE_EPOCH)
    parts = {}
    for row in split_of(result):
        parts.setdefault(row["file"][: -len("-a.jpg")], set()).add(row["part"])
    assert len(parts) == 10
    assert all(len(found) == 1 for found in parts.values())
    assert set.union(*parts.values()) == {"train", "validation", "test"}


def test_judged_by_a_folder_of_its_own(two, demo_photos, tmp_path):
    """With --test-dir, all images of FOLDER serve for training. A class may have no test image.

    A notice counts the test images that are also learned from.
    """
    test = put(files_of(demo_photos, "coffee")[7:], tmp_path / "test" / "cups").parent
    result = train(two, output=tmp_path / "c.keras", test_dir=test, **ONE_EPOCH)
    assert [(row.train + row.validation, row.test) for row in result.classes] == [(9, 5), (9, 0)]
    assert result.evaluation.images == 5
    assert any(notice.startswith("2 images of") and "also used for training" in notice for notice in result.notices)
    assert {row["folder"] for row in split_of(result) if row["part"] == "test"} == {str(test)}


def test_folders_to_be_judged_by_that_will_not_do(two, tmp_path):
    """An unknown class, a missing folder or no readable image is an error. No classifier is written."""
    make_tree(tmp_path, {"other/dogs/1.jpg": b"x", "torn/cups/1.jpg": b"x", "empty": None})
    for name, kind, words in [
        ("other", UsageError, "dogs: these are not among the classes to learn, cups, stars"),
        ("torn", CollectionError, "none of its images can be read"),
        ("empty", CollectionError, "no subfolder"),
        ("nowhere", CollectionError, "no such folder"),
    ]:
        with pytest.raises(kind, match=words):
            train(two, output=tmp_path / "c.keras", test_dir=tmp_path / name, **ONE_EPOCH)
    assert not (tmp_path / "c.keras").exists()


def test_without_a_third_share_nothing_is_judged(two, tmp_path):
    """With a split of 80/20/0 all images serve for training and validation. There are no test figures.

    TensorBoard gets the logs of these two parts.
    """
    result = train(two, output=tmp_path / "c.keras", split=(80, 20, 0), tensorboard=tmp_path / "logs", **ONE_EPOCH)
    assert (result.evaluation, result.mistakes, result.to_json()["evaluation"]) == (None, (), None)
    assert {row.test for row in result.classes} == {0}
    assert sorted(os.listdir(result.report)) == ["curves.png", "history.csv", "split.csv"]
    assert sorted(os.listdir(tmp_path / "logs")) == ["train", "validation"]
    assert all(os.listdir(tmp_path / "logs" / part) for part in ("train", "validation"))


def test_nothing_is_overwritten(two, tmp_path):
    """A taken name, for the file or for the report, is a usage error. What has this name stays as it is."""
    make_tree(tmp_path, {"c.keras": b"precious", "d_training/notes.txt": b"mine", "e_training": b"a file"})
    make_tree(tmp_path, {"f.keras": None})
    (tmp_path / "g.keras").symlink_to(tmp_path / "nowhere")
    (tmp_path / "h_training").symlink_to(tmp_path / "nowhere")
    before = read_tree(tmp_path)
    for name in "cdefgh":
        with pytest.raises(UsageError, match="exists"):
            train(two, output=tmp_path / f"{name}.keras", **ONE_EPOCH)
    for name, words in [("x.h5", "ends in .keras"), ("x", "ends in .keras"), ("nowhere/x.keras", "Make it first")]:
        with pytest.raises(UsageError, match=words):
            train(two, output=tmp_path / name, **ONE_EPOCH)
    assert read_tree(tmp_path) == before


def test_a_classifier_among_its_classes_adds_none(own):
    """If the classifier is written into FOLDER itself, the pictures of the report do not become a class."""
    try:
        result = train(own, output=own / "c.keras", **ONE_EPOCH)
    except UsageError:
        return  # it may also refuse this
    again = train(own, output=own / "d.keras", **ONE_EPOCH)
    assert [row.name for row in again.classes] == [row.name for row in result.classes] == ["cups", "stars"]


def test_the_same_seed_makes_the_same_classifier(small, classes, tmp_path):
    """Two trainings with one seed give the same history, split, figures and confidence."""
    again = train(classes, output=tmp_path / "again.keras", **SMALL)
    assert (again.history, again.evaluation) == (small.history, small.evaluation)
    assert (again.confidence, split_of(again)) == (small.confidence, split_of(small))
    with pytest.raises(TypeError, match="colour"):
        train(classes, output=tmp_path / "d.keras", colour="red")


def test_odd_names_are_learned(tmp_path, demo_photos):
    """Classes may look like formulas, and names may not be UTF-8. Tables and JSON show them correctly."""
    is_free = sys.platform == "linux"
    odd = [os.fsdecode(b"\xff.jpg"), "new\nline.jpg", "=1+1;.jpg"] if is_free else ["=1+1;.jpg"]
    folder = tmp_path / (os.fsdecode(b"\xfe") if is_free else "folder")
    root = folder / "in"
    for name, kind in (("$x^$ 猫", "coffee"), ("=1+1", "hubble_deep_field")):
        put(files_of(demo_photos, kind), root / name)
        for new, old in zip(odd, sorted(os.listdir(root / name)), strict=False):
            os.rename(root / name / old, root / name / new)
    result = train(root, output=folder / "c.keras", **ONE_EPOCH)
    assert sorted(os.listdir(folder)) == ["c.keras", "c_training", "in"]
    text = json.dumps(result.to_json())
    assert text.isascii()
    assert [row["name"] for row in json.loads(text)["classes"]] == ["$x^$ 猫", "=1+1"]
    assert {row["file"] for row in split_of(result)} == set(names(root))
    told = predict([root / "=1+1" / name for name in odd], classifier=result.classifier)
    assert [prediction.path for prediction in told.predictions] == [str(root / "=1+1" / name) for name in odd]
    # A spreadsheet must not take a class for a formula, not even in the first line.
    assert (result.report / "confusion_matrix.csv").read_text("utf-8-sig").splitlines()[0] == "is,$x^$ 猫,%3D1+1"


def test_ctrl_c_keeps_the_best_epoch_so_far(classes, tmp_path):
    """The classifier is complete and belongs to the last row of the history. The status says `interrupted`."""
    hearing = Hearing(epochs=1)
    settings = {**SMALL, "epochs": 30, "learning_rate": 0.01}
    result = train(classes, output=tmp_path / "c.keras", listener=hearing, **settings)
    assert (result.status, len(result.history), hearing.totals) == ("interrupted", 1, {30})
    assert any("interrupted" in notice for notice in result.notices)
    assert len(table(result.report / "history.csv")) == 1
    assert json.loads((result.report / "evaluation.json").read_text())["images"] == result.evaluation.images
    for row in split_of(result):
        if row["part"] == "validation":
            put([classes / row["file"]], tmp_path / "validation" / row["class"])
    judged = evaluate(result.classifier, tmp_path / "validation").evaluation
    assert judged.loss == pytest.approx(result.history[0].validation_loss, abs=1e-3)


def test_ctrl_c_before_an_epoch_is_done(two, tmp_path, monkeypatch):
    """There is either nothing or a classifier with its report. There is no stack trace."""
    import keras

    def press(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "fit", press)
    try:
        result = train(two, output=tmp_path / "c.keras", **ONE_EPOCH)
    except KeyboardInterrupt:
        assert os.listdir(tmp_path) == []
    else:
        assert result.status == "interrupted"
        assert {"history.csv", "split.csv"} <= set(os.listdir(result.report))


@pytest.mark.parametrize("which", ["trained", "of_two"])
def test_plain_keras_says_the_same(request, which, classes, two):
    """`keras.models.load_model` needs nothing of imgsort, and gives the same probabilities as `classify`."""
    import keras

    result = request.getfixturevalue(which)
    root = classes if which == "trained" else two
    network = keras.models.load_model(result.classifier)
    files = find_images(root, recursive=True).files[:3]
    square = Square(result.size_px)
    squares = [square.fill(read_image(root, file, ReadSettings(), square).pixels) for file in files]
    outputs = network.predict_on_batch(np.stack(squares).astype(np.float32))
    probabilities = np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs
    told = predict([root / file.path for file in files], classifier=result.classifier, top=99).predictions
    names_in_order = [row.name for row in result.classes]
    for prediction, row in zip(told, probabilities, strict=True):
        said = {guess.name: guess.confidence for guess in prediction.guesses}
        assert [said[name] for name in names_in_order] == pytest.approx(row.tolist(), abs=2e-3)


def test_the_steps_of_a_head_are_logged_for_tensorboard(classes, tmp_path):
    """If there is no network to train, --tensorboard logs the steps of the head."""
    train(classes, output=tmp_path / "c.keras", size=64, tensorboard=tmp_path / "logs")
    assert {path.parent.name for path in (tmp_path / "logs").rglob("events*")} == {"train", "validation"}


def test_one_image_in_two_classes_is_named(own, tmp_path, monkeypatch):
    """`train`, `compare` and `evaluate` name both paths of an image in two classes, and count further ones."""
    here, there = sorted(os.listdir(own))
    first, second = sorted(os.listdir(own / here))[:2]
    shutil.copy2(own / here / first, own / there / "copy.jpg")
    notice = f"imgsort: {here}/{first} and {there}/copy.jpg are the same image, in two classes"
    monkeypatch.chdir(tmp_path)
    training = "--size 32 --epochs 1 --split 60/20/20"
    done = CliRunner().invoke(main, f"train own --model cnn {training} -o new.keras".split())
    assert (done.exit_code, done.stderr.count("the same image")) == (0, 1)
    assert f"{notice}. Keep" in done.stderr
    shutil.copy2(own / here / second, own / there / "other.jpg")
    for line in (f"compare own --models cnn {training}", "evaluate new.keras own"):
        assert f"{notice}, and so is 1 more image. Keep" in CliRunner().invoke(main, line.split()).stderr


def test_classes_of_forms_and_of_frames_are_learned(demo_photos, tmp_path):
    """Forms are different images. Frames of one video are near duplicates, and are divided one by one with a notice."""
    folder, hearing = tmp_path / "classes", Hearing()
    (cup,) = files_of(demo_photos, "coffee")[:1]
    with Image.open(cup) as image:
        video = image.convert("RGB").resize((320, 240))
    make_tree(folder, {f"forms/{seed}.png": encode(form(seed), "PNG") for seed in range(12)})
    make_tree(folder, {f"frames/{n}.jpg": encode(video, "JPEG", quality=60 + 2 * n) for n in range(12)})
    result = train(folder, output=tmp_path / "c.keras", listener=hearing, **ONE_EPOCH)
    assert all(min(row.train, row.validation, row.test) >= 1 for row in result.classes)
    (told,) = [notice for notice in hearing.notices if "near duplicates" in notice]
    assert told.startswith("frames: ")
    assert told in result.notices
