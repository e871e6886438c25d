"""Tests `classify`: it files new photographs with a classifier, as carefully as every other command."""

import csv
import json
import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

import imgsort
from imgsort.errors import ClassifierError, CollectionError, StrictError, UsageError
from imgsort.jobs.learn.classify import classify
from imgsort.jobs.learn.predict import predict
from tests.support.classifiers import KINDS, files_of, put, with_classes
from tests.support.pictures import encode
from tests.support.trees import make_tree, names, read_tree


def everything(*roots):
    """Return the tree of each folder, and whether imgsort keeps anything there."""
    return [(read_tree(root), (root / ".imgsort").exists()) for root in roots]


def by_name(root):
    """Return {image: folder} by the name of each image."""
    return {path.rpartition("/")[2]: path.rpartition("/")[0] for path in names(root)}


def test_new_photographs_find_their_class(trained, inbox):
    """Nearly all images go to the folder of their class, and none to another class. No byte is lost.

    Undo puts every file back.
    """
    folder, kinds = inbox
    before = read_tree(folder)
    result = classify(folder, classifier=trained.classifier)
    found = by_name(folder)
    assert sum(found[name] == kind for name, kind in kinds.items()) >= 22
    assert all(found[name] in (kind, "Unsure") for name, kind in kinds.items())
    assert sorted(names(folder).values()) == sorted(content[0] for content in before.values())
    assert (result.filing.status, result.filing.images, len(result.filing.moves)) == ("done", 24, 24)
    assert result.confidence == trained.confidence
    assert {told.path: told.folder for told in result.predictions} == {move: found[move] for move in kinds}
    assert result.filing.model.sha256
    assert (result.filing.model.name, result.filing.model.precision) == ("efficientnet-lite0", "float32")
    imgsort.undo(folder)
    assert read_tree(folder) == before


def test_the_json_is_that_of_every_filing_command_and_more(trained, inbox):
    """The JSON has moves and counts, and also the confidence and the classes of each image."""
    value = json.loads(json.dumps(classify(inbox[0], classifier=trained.classifier, top=3, dry_run=True).to_json()))
    assert value.keys() >= {"version", "command", "run", "status", "dry_run", "collection", "output", "model", "counts",
                            "folders", "moves", "unreadable", "notices", "confidence", "predictions"}  # fmt: skip
    assert (value["command"], value["status"], value["run"]) == ("classify", "planned", None)
    assert value["counts"]["images"] == len(value["predictions"]) == 24
    told = value["predictions"][0]
    assert told.keys() == {"path", "class", "confidence", "distance", "folder", "classes"}
    assert told["classes"][0] == {"class": told["class"], "confidence": told["confidence"]}
    confidences = [guess["confidence"] for guess in told["classes"]]
    assert len(confidences) == 3
    assert confidences == sorted(confidences, reverse=True)
    moves = {move["source"]: move for move in value["moves"]}
    assert {path: move["distance"] for path, move in moves.items()} == {
        row["path"]: row["distance"] for row in value["predictions"]
    }


def test_a_dry_run_touches_nothing_and_is_what_is_done(trained, inbox):
    """A dry run makes no folder. The real run then makes exactly the same moves."""
    folder, _ = inbox
    before = everything(folder)
    shown = classify(folder, classifier=trained.classifier, dry_run=True)
    assert everything(folder) == before
    assert classify(folder, classifier=trained.classifier).filing.moves == shown.filing.moves
    assert set(names(folder)) == {move.target for move in shown.filing.moves}


def test_a_plan_is_saved_and_applied(trained, inbox, tmp_path):
    """`plan` only writes a new file. `apply` then makes the moves, and `undo` takes them back."""
    folder, _ = inbox
    before = everything(folder)
    shown = classify(folder, classifier=trained.classifier, plan=tmp_path / "plan.csv")
    assert everything(folder) == before
    with pytest.raises(UsageError, match="exists"):
        classify(folder, classifier=trained.classifier, plan=tmp_path / "plan.csv")
    done = imgsort.apply(tmp_path / "plan.csv")
    assert {move.target for move in done.moves} == {move.target for move in shown.filing.moves} == set(names(folder))
    imgsort.undo(folder)
    assert read_tree(folder) == before[0][0]


def test_taken_names_get_a_number(trained, inbox):
    """A file in a class folder stays as it is. A new file with the same name gets a number."""
    folder, kinds = inbox
    name = next(name for name, kind in kinds.items() if kind == "coffee")
    make_tree(folder, {f"coffee/{name}": b"another file", f"{name[:-4]} (2).jpg": (folder / name).read_bytes()})
    classify(folder, classifier=trained.classifier, confidence=0)
    found = names(folder)
    assert found[f"coffee/{name}"] == b"another file"
    assert {f"coffee/{name[:-4]} (2).jpg", f"coffee/{name[:-4]} (3).jpg"} <= found.keys()


def test_what_a_person_put_in_a_class_stays(trained, inbox, demo_photos):
    """Images that are already in a class folder stay there, also in its subfolders.

    With `recursive`, images in other folders are filed.
    """
    folder, _ = inbox
    rockets = files_of(demo_photos, "rocket")[:3]
    put(rockets[:1], folder / "coffee")
    put(rockets[1:2], folder / "coffee/best")
    put(rockets[2:], folder / "new/from a friend")
    result = classify(folder, classifier=trained.classifier, confidence=0, recursive=True)
    found = by_name(folder)
    assert [found[file.name] for file in rockets] == ["coffee", "coffee/best", "rocket"]
    assert result.filing.images == 25
    again = classify(folder, classifier=trained.classifier, confidence=0, recursive=True)
    assert (again.filing.status, again.filing.moves, again.predictions) == ("nothing to do", (), ())
    with pytest.raises(CollectionError, match="--recursive"):
        classify(folder, classifier=trained.classifier)


@pytest.mark.parametrize(("confidence", "folders"), [(1.0, {"Unsure"}), (0.0, set(KINDS))])
def test_what_it_is_not_sure_of(trained, inbox, confidence, folders):
    """With a confidence of 1 all images go to Unsure, with 0 none does. Later runs leave out Unsure."""
    folder, _ = inbox
    result = classify(folder, classifier=trained.classifier, confidence=confidence)
    assert set(by_name(folder).values()) == folders
    assert result.confidence == confidence
    assert {row.name for row in result.filing.folders} == folders
    if folders == {"Unsure"}:
        with pytest.raises(CollectionError):
            classify(folder, classifier=trained.classifier, recursive=True)


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
def test_copies_and_links_go_to_the_output(trained, inbox, tmp_path, mode):
    """The collection does not change and gets no journal. Undo empties the output."""
    folder, _ = inbox
    before = everything(folder)
    output = tmp_path / "out"
    classify(folder, classifier=trained.classifier, confidence=0, output=output, mode=mode)
    assert everything(folder) == before
    filed = {path: (output / path).read_bytes() for path in read_tree(output) if (output / path).is_file()}
    assert sorted(filed.values()) == sorted(names(folder).values())
    assert {path.partition("/")[0] for path in filed} <= set(KINDS)
    imgsort.undo(output)
    assert everything(folder) == before
    assert read_tree(output) == {}


def test_moves_to_an_output_outside(trained, inbox, tmp_path, classes):
    """The output has the new images beside the old ones. Undo restores both folders."""
    folder, kinds = inbox
    output = shutil.copytree(classes, tmp_path / "sorted")
    before = read_tree(folder), read_tree(output)
    classify(folder, classifier=trained.classifier, confidence=0, output=output)
    assert names(folder) == {}
    assert set(kinds) <= set(by_name(output))
    assert len(names(output)) == 72 + 24
    assert {path: facts for path, facts in read_tree(output).items() if path in before[1] and "/" in path} == {
        path: facts for path, facts in before[1].items() if "/" in path
    }
    imgsort.undo(output)
    assert (read_tree(folder), read_tree(output)) == before


def test_sidecars_go_along(trained, inbox):
    """Sidecars are filed with their images. With `sidecars=False` they stay."""
    folder, kinds = inbox
    first, second = sorted(kinds)[:2]
    make_tree(folder, {f"{first}.xmp": b"<xmp/>", f"{second[:-4]}.xmp": b"<xmp/>", "readme.txt": b"nobody's"})
    before = read_tree(folder)
    result = classify(folder, classifier=trained.classifier)
    found = by_name(folder)
    assert found[f"{first}.xmp"] == found[first]
    assert found[f"{second[:-4]}.xmp"] == found[second]
    assert (found["readme.txt"], result.filing.sidecars) == ("", 2)
    imgsort.undo(folder)
    assert read_tree(folder) == before
    classify(folder, classifier=trained.classifier, sidecars=False)
    assert by_name(folder)[f"{first}.xmp"] == ""


def test_what_cannot_be_read_is_a_row_and_stays(trained, inbox):
    """An unreadable image is reported and stays, and the others are filed.

    With `strict` it is an error with exit code 3, and nothing moves.
    """
    folder, kinds = inbox
    whole = (folder / next(iter(kinds))).read_bytes()
    make_tree(folder, {"text.jpg": b"hello", "half.jpg": whole[: len(whole) // 2]})
    before = everything(folder)[0][0]
    with pytest.raises(StrictError, match=r"half\.jpg") as caught:
        classify(folder, classifier=trained.classifier, strict=True)
    assert (caught.value.exit_code, read_tree(folder)) == (3, before)
    result = classify(folder, classifier=trained.classifier)
    assert [row.path for row in result.filing.unreadable] == ["half.jpg", "text.jpg"]
    assert all(row.reason for row in result.filing.unreadable)
    found = by_name(folder)
    assert (found["text.jpg"], found["half.jpg"], len(result.filing.moves)) == ("", "", 24)


def test_nothing_that_can_be_read(trained, tmp_path):
    """If no image is readable, nothing is filed, every image is reported, and the table has only its header."""
    make_tree(tmp_path, {"in/text.jpg": b"hello"})
    result = classify(tmp_path / "in", classifier=trained.classifier, csv=tmp_path / "told.csv")
    assert (result.predictions, result.filing.moves, len(result.filing.unreadable)) == ((), (), 1)
    assert len((tmp_path / "told.csv").read_text("utf-8-sig").splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize("kind", ["link", "dangling", "file"])
def test_a_class_folder_that_is_none(trained, inbox, tmp_path, kind):
    """A link or a file in the place of a class folder is an error that names it.

    Nothing moves, neither inside the collection nor outside.
    """
    folder, _ = inbox
    (tmp_path / "outside").mkdir()
    if kind == "file":
        (folder / "coffee").write_bytes(b"a file")
    else:
        (folder / "coffee").symlink_to(tmp_path / ("outside" if kind == "link" else "nowhere"))
    before = read_tree(tmp_path)
    for options in ({}, {"recursive": True}, {"output": folder}, {"dry_run": True}):
        with pytest.raises(UsageError, match="coffee: imgsort needs a folder with this name"):
            classify(folder, classifier=trained.classifier, confidence=0, **options)
    with pytest.raises(UsageError, match="coffee"):
        classify(put(folder.glob("*.jpg"), tmp_path / "other"), classifier=trained.classifier, output=folder)
    shutil.rmtree(tmp_path / "other")
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    ["../x", "..", ".", "/tmp/x", "a/b", "a\\b", ".imgsort", "", " ", "new\nline", "nul\0", "\udcff", "x" * 256, 7],
)
def test_a_hostile_classifier_writes_nowhere(trained, inbox, tmp_path, name):
    """A class name that leads out of the folder or is invalid is refused before any image is read."""
    folder, _ = inbox
    hostile = with_classes(trained.classifier, tmp_path / "hostile.keras", [name])
    before = read_tree(tmp_path)
    with pytest.raises(ClassifierError, match="not a classifier"):
        classify(folder, classifier=hostile, confidence=0)
    with pytest.raises(ClassifierError, match="not a classifier"):
        predict([next(folder.iterdir())], classifier=hostile)
    assert read_tree(tmp_path) == before


@pytest.mark.skipif(sys.platform != "linux", reason="such names are none elsewhere")
def test_names_that_are_not_utf8(trained, inbox, tmp_path):
    """Files with names that are not UTF-8 are filed, and undo restores them.

    The table and the ASCII JSON show the names.
    """
    folder, kinds = inbox
    odd, name = os.fsdecode(b"\xff.jpg"), next(name for name, kind in kinds.items() if kind == "coffee")
    os.rename(folder / name, folder / odd)
    before = read_tree(folder)
    result = classify(folder, classifier=trained.classifier, confidence=0, csv=tmp_path / "told.csv")
    assert (folder / "coffee" / odd).exists()
    text = json.dumps(result.to_json())
    assert text.isascii()
    assert odd in [row["path"] for row in json.loads(text)["predictions"]]
    assert "%FF.jpg,coffee," in (tmp_path / "told.csv").read_text("utf-8-sig")
    assert predict([folder / "coffee" / odd], classifier=trained.classifier).predictions[0].guesses[0].name == "coffee"
    imgsort.undo(folder)
    assert read_tree(folder) == before


def test_a_table_of_what_images_show(trained, inbox, tmp_path):
    """The table has a line for each image, with class, confidence, distance, folder and more classes.

    No file is overwritten.
    """
    folder, _ = inbox
    table = tmp_path / "told.csv"
    result = classify(folder, classifier=trained.classifier, csv=table, top=2, dry_run=True)
    rows = list(csv.reader(table.read_text("utf-8-sig").splitlines()))
    assert rows[0] == ["file", "class", "confidence", "distance", "folder", "class 2", "confidence 2"]
    assert rows[1:] == [
        [
            told.path,
            first.name,
            str(first.confidence),
            str(told.distance),
            told.folder,
            second.name,
            str(second.confidence),
        ]
        for told in result.predictions
        for first, second in [told.guesses]
    ]
    before = read_tree(tmp_path)
    with pytest.raises(UsageError, match="exists"):
        classify(folder, classifier=trained.classifier, csv=table)
    with pytest.raises(UsageError, match="exists"):
        predict([next(folder.iterdir())], classifier=trained.classifier, csv=table)
    assert read_tree(tmp_path) == before


def noise(folder, count):
    """Write pictures of random noise."""
    random = np.random.default_rng(0)
    pictures = (random.integers(0, 256, (96, 96, 3), dtype=np.uint8) for _ in range(count))
    make_tree(folder, {f"noise {number}.png": encode(picture, "PNG") for number, picture in enumerate(pictures)})
    return folder


def test_images_quite_unlike_are_told_of(trained, inbox, tmp_path):
    """With twelve pictures of noise, a notice says that the classifier may need training again.

    There is no such notice for photographs like those that it learned from, nor for only nine pictures of noise.
    """
    result = classify(noise(tmp_path / "noise", 12), classifier=trained.classifier, dry_run=True)
    assert any("train it again with images like these" in notice for notice in result.filing.notices)
    photographs = classify(inbox[0], classifier=trained.classifier, dry_run=True)
    assert not any("training again" in notice for notice in photographs.filing.notices)
    few = classify(noise(tmp_path / "few", 9), classifier=trained.classifier, dry_run=True)
    assert not any("training again" in notice for notice in few.filing.notices)


def test_a_network_that_was_trained_is_used_itself(small, of_two, inbox):
    """Without a backbone whose features are cached, the network in the file makes the predictions."""
    folder, _ = inbox
    for result in (small, of_two):
        classes = {row.name for row in result.classes}
        told = classify(folder, classifier=result.classifier, confidence=0, top=99, dry_run=True)
        assert {prediction.folder for prediction in told.predictions} <= classes
        for prediction in told.predictions:
            assert {guess.name for guess in prediction.guesses} == classes
            assert sum(guess.confidence for guess in prediction.guesses) == pytest.approx(1, abs=1e-4)


def test_single_files_are_told_of_and_left(trained, inbox, tmp_path):
    """Each file gets five classes under its given name, also if it is a link.

    Nothing moves, and unreadable files are reported.
    """
    folder, kinds = inbox
    chosen = [folder / name for name in sorted(kinds)[:3]]
    (tmp_path / "link.jpg").symlink_to(chosen[0])
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    before = everything(folder, tmp_path)
    result = predict([*chosen, tmp_path / "link.jpg", tmp_path / "bad.jpg"], classifier=trained.classifier)
    assert everything(folder, tmp_path) == before
    told = {prediction.path: prediction for prediction in result.predictions}
    assert [*told] == [*(str(path) for path in chosen), str(tmp_path / "link.jpg")]
    assert all(len(prediction.guesses) == 5 and prediction.folder is None for prediction in told.values())
    assert [told[str(path)].guesses[0].name for path in chosen] == [kinds[path.name] for path in chosen]
    assert [row.path for row in result.unreadable] == [str(tmp_path / "bad.jpg")]
    value = json.loads(json.dumps(result.to_json()))
    assert value.keys() == {"version", "command", "status", "classifier", "confidence", "predictions", "unreadable",
                            "notices"}  # fmt: skip
    assert value["predictions"][0].keys() == {"path", "class", "confidence", "distance", "classes"}


def test_an_image_turned_by_its_camera(trained, demo_photos, tmp_path):
    """The orientation that a camera writes is used, so the classifier sees the picture as a person sees it."""
    cup = files_of(demo_photos, "coffee")[0]
    with Image.open(cup) as image:
        turned = encode(image.transpose(Image.Transpose.ROTATE_90), "JPEG", orientation=6, quality=95)
    make_tree(tmp_path, {"turned.jpg": turned})
    told = predict([cup, tmp_path / "turned.jpg"], classifier=trained.classifier).predictions
    assert told[1].guesses[0].name == "coffee"
    assert told[1].guesses[0].confidence == pytest.approx(told[0].guesses[0].confidence, abs=0.1)


def test_files_and_numbers_that_will_not_do(trained, inbox, tmp_path):
    """Each missing file, folder or classifier and each number out of range is one clear error. Nothing changes."""
    folder, _ = inbox
    before = read_tree(tmp_path)
    file = next(folder.iterdir())
    with pytest.raises(CollectionError, match=r"nowhere\.jpg"):
        predict([file, tmp_path / "nowhere.jpg"], classifier=trained.classifier)
    with pytest.raises(CollectionError, match="no such folder"):
        classify(tmp_path / "nowhere", classifier=trained.classifier)
    with pytest.raises(ClassifierError, match="no such file"):
        classify(folder, classifier=tmp_path / "nowhere.keras")
    for options in ({"confidence": -0.1}, {"confidence": 1.1}, {"confidence": float("nan")}, {"top": 0}):
        with pytest.raises(UsageError, match="must be from 0 to 1, the second at least 1"):
            classify(folder, classifier=trained.classifier, **options)
    for options in ({"mode": "copy"}, {"mode": "copy", "output": folder / "in"}, {"mode": "shred"}):
        with pytest.raises(UsageError):
            classify(folder, classifier=trained.classifier, **options)
    with pytest.raises(TypeError, match="clusters"):
        classify(folder, classifier=trained.classifier, clusters=3)
    assert read_tree(tmp_path) == before
