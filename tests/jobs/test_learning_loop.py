"""Tests the whole loop: imgsort sorts, a person corrects, imgsort learns, and files new photographs the same way."""

import csv
import os
import shutil

import imgsort
from imgsort.jobs.learn.classify import classify
from imgsort.jobs.learn.train import train
from tests.support.classifiers import LITE
from tests.support.trees import names, read_tree


def photograph_of(folder):
    """Return {file: photograph} from `labels.csv`."""
    with (folder / "labels.csv").open(encoding="utf-8") as handle:
        return {row["file"]: row["photograph"] for row in csv.DictReader(handle)}


def correct(folder, labels):
    """Do what a person does: rename each category to what most of its images show, and move the others by hand."""
    for category in sorted(path for path in folder.iterdir() if path.name.startswith("category_")):
        kinds = [labels[file.name] for file in category.iterdir()]
        target = folder / max(sorted(set(kinds)), key=kinds.count)
        if target.exists():
            for file in list(category.iterdir()):
                file.rename(target / file.name)
            category.rmdir()
        else:
            category.rename(target)
    for file in list(folder.glob("*/*.jpg")):
        kind = labels[file.name]
        if file.parent.name != kind:
            place = folder / ("Rejected" if kind.startswith("odd") else kind)
            place.mkdir(exist_ok=True)
            file.rename(place / file.name)


def test_sort_correct_learn_file_undo(photos, tmp_path):
    """New photographs go to the folder of their kind. No byte is lost. Undo takes the last step back."""
    labels = photograph_of(photos)
    contents = sorted(content for path, content in names(photos).items() if path.endswith(".jpg"))
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name in sorted(labels)[::3]:
        shutil.move(photos / name, inbox / name)
    new = {name: labels[name] for name in os.listdir(inbox) if not labels[name].startswith("odd")}
    imgsort.categorize(photos, clusters=8, **LITE)
    correct(photos, labels)
    sorted_before = read_tree(photos)

    result = train(photos, output=tmp_path / "photos.keras", **LITE)
    assert {row.name for row in result.classes} == {kind for kind in labels.values() if not kind.startswith("odd")}
    assert result.evaluation.accuracy >= 0.9
    assert read_tree(photos) == sorted_before

    before = read_tree(inbox), read_tree(photos)
    filed = classify(inbox, classifier=result.classifier, output=photos).filing
    found = {path.rpartition("/")[2]: path.rpartition("/")[0] for path in names(photos)}
    assert sum(found[name] == kind for name, kind in new.items()) >= 0.85 * len(new)
    assert sum(found[name] not in (kind, "Unsure") for name, kind in new.items()) <= 1
    assert names(inbox) == {}
    assert sorted(content for path, content in names(photos).items() if path.endswith(".jpg")) == contents
    assert {path: facts for path, facts in read_tree(photos).items() if path in sorted_before and "." in path} == {
        path: facts for path, facts in sorted_before.items() if "." in path
    }
    assert (filed.status, filed.refused, len(filed.moves)) == ("done", (), 34)

    imgsort.undo(photos)
    assert (read_tree(inbox), read_tree(photos)) == before
