"""Tests the filers of `watch`: one batch after another, with a model that stays loaded."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import imgsort
from imgsort.errors import ClassifierError, CollectionError, LockedError, UsageError
from imgsort.filing.journal.locking.lock import locked
from imgsort.jobs.learn.classify import classify
from imgsort.jobs.look.report import report_run
from imgsort.jobs.organize.categorize import categorize
from imgsort.jobs.watch.filer import category_filer, classifier_filer
from tests.jobs.look.test_report import data_of
from tests.support.classifiers import KINDS, LEARNED_OF_EACH, files_of, put, with_classes
from tests.support.trees import make_tree, names, read_tree

LITE = {"model": "efficientnet-lite0", "size": 64}


def by_name(root):
    """Return {image: folder} by the name of each image."""
    return {path.rpartition("/")[2]: path.rpartition("/")[0] for path in names(root)}


@pytest.fixture(scope="module")
def sorted_once(demo_photos, tmp_path_factory):
    """Return a collection with three categories. Tests must copy it, not change it."""
    folder = tmp_path_factory.mktemp("sorted") / "photos"
    put([file for kind in KINDS[:3] for file in files_of(demo_photos, kind)[:LEARNED_OF_EACH]], folder)
    categorize(folder, clusters=3, **LITE)
    return folder


@pytest.fixture
def collection(sorted_once, tmp_path):
    """Return a copy of the collection with three categories."""
    return Path(shutil.copytree(sorted_once, tmp_path / "collection"))


@pytest.fixture
def filer_of(trained, inbox, collection, tmp_path):
    """Return a function that makes the filer of one way: `by class` or `into categories`."""

    def make(way, **options):
        if way == "by class":
            return classifier_filer(
                inbox[0], classifier=trained.classifier, output=tmp_path / "out", confidence=0.5, **options
            )
        return category_filer(inbox[0], into=collection, **options)

    return make


WAYS = ("by class", "into categories")


@pytest.mark.parametrize("way", WAYS)
def test_each_batch_is_a_run_of_its_own(filer_of, inbox, collection, tmp_path, way):
    """Only the named images leave the inbox, with their sidecars. Undo takes each batch back, in any order."""
    folder, kinds = inbox
    first, second = sorted(kinds)[:3], sorted(kinds)[3:5]
    sidecar, other = f"{first[0][:-4]}.xmp", f"{sorted(kinds)[6]}.xmp"
    make_tree(folder, {sidecar: b"goes along", other: b"stays"})
    output = tmp_path / "out" if way == "by class" else collection
    before = (read_tree(folder), names(collection))
    with filer_of(way) as filer:
        results = [filer.file(batch) for batch in (first, [*second, "gone.jpg", "category_1/a.jpg"])]
    assert [(r.command, r.status, r.images) for r in results] == [("watch", "done", 3), ("watch", "done", 2)]
    assert [{move.source for move in result.moves} for result in results] == [{*first, sidecar}, {*second}]
    assert set(names(folder)) == {*kinds, other} - {*first, *second}
    assert {*first, *second, sidecar} <= by_name(output).keys()
    assert [run.command for run in imgsort.history(folder).runs][:2] == ["watch", "watch"]
    imgsort.undo(output, run=results[0].run)
    imgsort.undo(folder)
    assert (read_tree(folder), names(collection)) == before


@pytest.mark.parametrize("way", WAYS)
def test_batches_are_filed_as_the_command_files_them(filer_of, trained, inbox, collection, way):
    """A batch of everything makes the same moves as `classify`, or as `categorize` with `update`."""
    folder, kinds = inbox
    if way == "by class":
        options = {"classifier": trained.classifier, "confidence": 0.5, "output": folder.parent / "out"}
        told = classify(folder, dry_run=True, **options).filing
    else:
        told = categorize(folder, update=True, output=collection, dry_run=True)
    with filer_of(way) as filer:
        done = filer.file(list(kinds))
    assert (done.moves, done.folders, done.model) == (told.moves, told.folders, told.model)
    assert replace(told, command="watch", run=done.run, status="done", dry_run=False, notices=done.notices) == done


@pytest.mark.parametrize("way", WAYS)
def test_the_model_is_loaded_once(filer_of, inbox, way):
    """Only the first batch says how the model runs, because only then it is loaded."""
    with filer_of(way) as filer:
        results = [filer.file([name]) for name in sorted(inbox[1])[:3]]
    assert [any("runs on the" in notice for notice in result.notices) for result in results] == [True, False, False]


@pytest.mark.parametrize("way", WAYS)
def test_the_inbox_is_locked_only_while_a_batch_is_filed(filer_of, inbox, way):
    """Between batches other commands work. A batch that finds the inbox locked leaves it as it is."""
    folder, kinds = inbox
    name, *_ = sorted(kinds)
    before = read_tree(folder)
    with filer_of(way) as filer:
        with locked([folder.resolve()], "categorize"), pytest.raises(LockedError, match="categorize"):
            filer.file([name])
        assert read_tree(folder) == before
        filer.file([name])
        with locked([folder.resolve()], "categorize"):
            pass
        imgsort.undo(folder)
        assert filer.file([name]).status == "done"


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_of_a_batch_without_images(filer_of, inbox, collection, tmp_path, way):
    """If all images are gone by now, nothing is to do, and no run is recorded. An inbox that is gone is an error."""
    folder, _ = inbox
    with filer_of(way) as filer:
        result = filer.file(["gone.jpg"])
        assert (result.status, result.run, result.moves) == ("nothing to do", None, ())
        assert not (folder / ".imgsort").exists()
        shutil.rmtree(folder)
        with pytest.raises(CollectionError, match="no such folder"):
            filer.file(["gone.jpg"])


@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_be_read_stays(filer_of, inbox, way):
    """An unreadable image is a row with its reason. The other images of the batch are filed."""
    folder, kinds = inbox
    make_tree(folder, {"broken.jpg": b"\xff\xd8\xff\xe0 nothing", "drawing.psd": b"8BPS"})
    with filer_of(way) as filer:
        result = filer.file([*kinds, "broken.jpg", "drawing.psd"])
    assert {row.path for row in result.unreadable} == {"broken.jpg", "drawing.psd"} == set(names(folder))
    assert len(result.moves) == len(kinds)


@pytest.mark.parametrize("way", WAYS)
def test_an_inbox_that_is_the_collection_keeps_what_is_filed(trained, collection, demo_photos, way):
    """Only images at the top are filed. Those in class and category folders stay, and so do those in any other."""
    new = files_of(demo_photos, "coffee")[LEARNED_OF_EACH:]
    put(new, collection)
    put(new[:1], collection / "holiday")
    before = names(collection)
    if way == "by class":
        filer = classifier_filer(collection, classifier=trained.classifier, output=collection)
    else:
        filer = category_filer(collection, into=collection)
    with filer:
        result = filer.file([new[0].name, new[1].name])
    assert {move.source for move in result.moves} == {new[0].name, new[1].name}
    left = {path: content for path, content in before.items() if path not in {new[0].name, new[1].name}}
    assert left.items() <= names(collection).items()
    imgsort.undo(collection)
    assert names(collection) == before


def test_a_new_classifier_is_used_from_the_next_batch_on(trained, inbox, tmp_path):
    """A notice says so. A touched file is no news. A file that cannot be read leaves the earlier classifier in use."""
    folder, kinds = inbox
    first, second, third, fourth, fifth = sorted(kinds)[:5]
    path = tmp_path / "in use.keras"
    shutil.copyfile(trained.classifier, path)
    renamed = [f"new {kind}" for kind in KINDS]
    other = with_classes(trained.classifier, tmp_path / "other.keras", renamed)
    with classifier_filer(folder, classifier=path, output=tmp_path / "out", confidence=0) as filer:
        results = [filer.file([first])]
        os.utime(path, ns=(1, 1))
        results.append(filer.file([second]))
        path.write_bytes(other.read_bytes()[:5000])
        results.append(filer.file([third]))
        os.replace(shutil.copyfile(other, tmp_path / "moved.keras"), path)
        results.append(filer.file([fourth]))
        path.unlink()
        results.append(filer.file([fifth]))
    old, new = results[0].model.sha256, results[3].model.sha256
    assert [result.model.sha256 for result in results] == [old, old, old, new, new]
    assert [result.folders[0].name in renamed for result in results] == [False, False, False, True, True]
    told = [[notice for notice in result.notices if str(path) in notice] for result in results]
    assert told[:2] == [[], []]
    assert "this is not a classifier" in told[2][0] and told[2][0].endswith("The classifier read earlier is used.")
    assert told[3] == [f"{path}: this is a new classifier. It is used from now on."]
    assert "no such file" in told[4][0]


def test_a_wrong_classifier_is_an_error_of_the_first_batch(inbox, tmp_path):
    """Nothing is moved then. Options that are not allowed are an error at once."""
    (tmp_path / "wrong.keras").write_bytes(b"wrong")
    before = read_tree(inbox[0])
    filer = classifier_filer(inbox[0], classifier=tmp_path / "wrong.keras", output=tmp_path / "out")
    with pytest.raises(ClassifierError):
        filer.file(list(inbox[1]))
    assert read_tree(inbox[0]) == before
    with pytest.raises(UsageError, match="confidence"):
        classifier_filer(inbox[0], classifier=tmp_path / "wrong.keras", output=tmp_path / "out", confidence=2)


def test_categories_that_a_person_makes_anew_are_used_from_the_next_batch_on(inbox, collection):
    """The centres are read for each batch, and the model is loaded again because the new categories need another."""
    folder, kinds = inbox
    names_of = {kind: sorted(name for name in kinds if kinds[name] == kind) for kind in KINDS[:3]}
    batches = [[names_of[kind][number] for kind in KINDS[:3]] for number in range(2)]
    with category_filer(folder, into=collection) as filer:
        first = filer.file(batches[0])
        categorize(collection, clusters=2, pooling="max", **LITE)
        second = filer.file(batches[1])
    assert (first.model.pooling, second.model.pooling) == ("avg", "max")
    assert {folder.name for folder in second.folders} <= {"category_1", "category_2", "Unsorted"}
    assert any("runs on the" in notice for notice in second.notices)


def test_what_a_person_took_out_of_a_category_is_not_filed_again(inbox, collection):
    """The image is in no list of the result, and a notice says that it stays."""
    folder, _ = inbox
    taken = next(collection.glob("category_1/*.jpg"))
    shutil.move(taken, folder / taken.name)
    with category_filer(folder, into=collection) as filer:
        result = filer.file([taken.name])
    assert (result.moves, result.refused, result.unreadable, result.status) == ((), (), (), "nothing to do")
    assert any("filed before" in notice for notice in result.notices)


def test_the_sidecar_of_an_image_that_waits_is_no_companion_left_behind(filer_of, inbox):
    """It belongs to an image that is still there, although its name begins like that of an image that went."""
    folder, kinds = inbox
    name, other = sorted(kinds)[:2]
    stem = name[:-4]
    (folder / other).rename(folder / f"{stem}-2.jpg")
    make_tree(folder, {f"{stem}-2.xmp": b"of the one that waits", f"{stem}.notes": b"whose is this?"})
    with filer_of("by class") as filer:
        result = filer.file([name])
    told = [notice for notice in result.notices if "companion" in notice]
    assert len(told) == 1 and told[0].startswith("1 file looks") and f"{stem}.notes" in told[0]


@pytest.mark.parametrize(("way", "kind"), [("by class", "class"), ("into categories", "category")])
def test_the_report_of_a_batch_knows_its_folders(filer_of, inbox, tmp_path, way, kind):
    """`imgsort report` of a batch shows its images in classes or categories, as the command of that way does."""
    with filer_of(way) as filer:
        result = filer.file(list(inbox[1]))
    page = report_run(result.destination, result.run, output=tmp_path / "page.html")
    data = data_of(page.file)
    assert (data["command"], data["run"], data["status"]) == ("watch", result.run, "done")
    assert {group["kind"] for group in data["groups"]} - {"unsure", "unsorted"} == {kind}
    assert len(data["images"]["names"]) == 24
