"""Tests `--exclude` and `--include` on every command that lists images, as a person types them."""

import json
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from imgsort.cli import main
from tests.support.classifiers import files_of, put
from tests.support.pictures import plain
from tests.support.trees import make_tree, names, read_tree

LITE = ["--model", "efficientnet-lite0", "--size", "64"]
CNN = ["--model", "cnn", "--size", "32", "--epochs", "1", "--augment", "none"]
TOLD = "left out: 2 system folders (#recycle, Photos.photoslibrary). --include takes them in."
LISTING = ("categorize", "outliers", "check", "classify", "train", "evaluate", "compare", "export")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def notices_of(result):
    return [notice for notice in json.loads(result.stdout)["notices"] if notice.startswith("left out: ")]


@pytest.fixture
def nas(few_photos):
    """Return a folder of photos in which a library and deleted files lie too."""
    for path in ("Photos.photoslibrary/originals/1.jpg", "#recycle/2.jpg"):
        (few_photos / path).parent.mkdir(parents=True)
        shutil.copy2(few_photos / "IMG_0001.jpg", few_photos / path)
    return few_photos


@pytest.fixture
def album(two, tmp_path):
    """Return folders of classes, beside two that no person made."""
    root = Path(shutil.copytree(two, tmp_path / "album"))
    for name in ("#recycle", "Photos.photoslibrary"):
        put(list((two / "cups").iterdir())[:7], root / name)
    return root


@pytest.mark.parametrize("command", LISTING)
def test_every_command_that_lists_images_has_both_options(command):
    """They may be given several times."""
    options = {parameter.name: parameter for parameter in main.commands[command].params}
    assert isinstance(options["exclude"], click.Option)
    assert options["exclude"].multiple and options["include"].multiple


@pytest.mark.parametrize("command", [["categorize", *LITE, "-k", "2"], ["outliers", *LITE, "--max", "2"]])
def test_the_originals_of_a_library_stay(nas, command):
    """`-r` moves nothing out of a library or of a recycle bin. One notice says so, on stderr and in the JSON."""
    before = read_tree(nas)
    result = run(command[0], nas, "-r", *command[1:], "--json")
    assert result.exit_code == 0, result.stdout
    assert notices_of(result) == [TOLD]
    assert result.stderr.count("left out:") == 1
    for path in ("Photos.photoslibrary/originals/1.jpg", "#recycle/2.jpg"):
        assert read_tree(nas)[path] == before[path]


def test_check_leaves_out_too(nas):
    """A duplicate in a recycle bin is no duplicate, and a dry run shows the same as a run."""
    result = run("check", nas, "-r", "--move", "--reason", "duplicate", "--json")
    value = json.loads(result.stdout)
    assert (value["findings"], value["counts"]["images"], notices_of(result)) == ([], 12, [TOLD])
    again = run("check", nas, "-r", "--reason", "duplicate", "--include", "#recycle", "--json")
    assert len(json.loads(again.stdout)["findings"]) == 1
    assert "left out: 1 system folder (Photos.photoslibrary)" in again.stderr


def test_without_recursive_nothing_is_said(nas):
    """No folder would have been looked into, so none was left out."""
    result = run("check", nas, "--json")
    assert notices_of(result) == []


def test_exclude_leaves_files_where_they_are(few_photos):
    """Excluded images are in no plan. Everything else is."""
    result = run("categorize", few_photos, *LITE, "-k", "2", "--exclude", "IMG_000[1-3]*", "--exclude", "x/", "--json")
    value = json.loads(result.stdout)
    assert value["counts"]["images"] == 9
    assert notices_of(result) == ["left out: 3 files by --exclude. --include takes them in."]
    assert sorted(path for path in names(few_photos) if "/" not in path and path.endswith(".jpg")) == [
        "IMG_0001.jpg",
        "IMG_0002.jpg",
        "IMG_0003.jpg",
    ]


def test_update_leaves_out_too(few_photos):
    """An excluded new image is not filed, and the same rules hold for the categories that are learned from."""
    assert run("categorize", few_photos, *LITE, "-k", "2").exit_code == 0
    first = next(few_photos.glob("category_1/*.jpg"))
    for name in ("new.jpg", "draft.jpg"):
        shutil.copy2(first, few_photos / name)
    (few_photos / "new.jpg").write_bytes(first.read_bytes() + b"\0")
    result = run("categorize", few_photos, "--update", "--exclude", "draft*", "--json")
    assert [move["source"] for move in json.loads(result.stdout)["moves"]] == ["new.jpg"]
    assert (few_photos / "draft.jpg").exists()


def test_a_category_renamed_to_a_system_name_is_still_found(few_photos):
    """Sorting again moves nothing into it or out of it because of its name; `--exclude` leaves it alone."""
    assert run("categorize", few_photos, *LITE, "-k", "2").exit_code == 0
    (few_photos / "category_1").rename(few_photos / "thumbs")
    value = json.loads(run("check", few_photos, "--json").stdout)
    assert value["counts"]["images"] == 12
    result = run("check", few_photos, "--exclude", "thumbs", "--json")
    assert json.loads(result.stdout)["counts"]["images"] < 12
    assert notices_of(result) == ["left out: 1 folder by --exclude. --include takes them in."]


def test_a_plan_is_carried_out_whatever_the_rules_say(tmp_path):
    """`apply` files what the plan names, even if `.imgsortignore` names it later, and even in a system folder."""
    root = tmp_path / "in"
    make_tree(root, {"thumbs/a.jpg": plain((9, 9, 9), "JPEG", 80)})
    plan = tmp_path / "plan.csv"
    assert run("check", root, "-r", "--include", "thumbs", "--move", "--plan", plan).exit_code == 0
    make_tree(root, {".imgsortignore": b"*\n"})
    assert run("apply", plan).exit_code == 0
    assert [path for path in names(root) if path.endswith("a.jpg")] == ["Rejected/blank/a.jpg"]
    assert run("undo", root).exit_code == 0
    assert (root / "thumbs" / "a.jpg").exists()


def test_where_all_is_left_out_the_error_says_so(tmp_path):
    """The error names what was left out, for else a person would look for the images in vain."""
    make_tree(tmp_path, {"thumbs/a.jpg": b"\xff\xd8\xff"})
    result = run("check", tmp_path, "-r")
    assert result.exit_code == 1
    assert "no images in this folder. Left out: 1 system folder (thumbs). --include takes them in." in result.stderr


@pytest.mark.parametrize("option", ["--exclude", "--include"])
def test_a_wrong_pattern_is_a_usage_error_before_anything_happens(few_photos, option):
    """Exit code 2, the pattern is named, nothing is touched."""
    before = read_tree(few_photos)
    result = run("categorize", few_photos, *LITE, option, "x[")
    assert (result.exit_code, read_tree(few_photos)) == (2, before)
    assert f"{option} 'x['" in result.stderr


def test_a_wrong_line_of_the_file_is_a_usage_error(few_photos):
    """Exit code 2, the file and the line are named, no image is touched."""
    make_tree(few_photos, {".imgsortignore": b"*.png\nx[\n"})
    before = names(few_photos)
    result = run("categorize", few_photos, *LITE)
    assert (result.exit_code, names(few_photos)) == (2, before)
    assert ".imgsortignore, line 2: 'x['" in result.stderr


def test_train_makes_no_class_of_a_recycle_bin(album, tmp_path):
    """Only a person's folders are classes, unless `--include` names another. The notice comes once, for all folders."""
    tests = Path(shutil.copytree(album, tmp_path / "tests"))
    result = run("train", album, "-o", tmp_path / "c.keras", *CNN, "--test-dir", tests, "--json")
    assert [row["name"] for row in json.loads(result.stdout)["classes"]] == ["cups", "stars"]
    assert notices_of(result) == [TOLD.replace("2 system", "4 system")]
    result = run(
        "train", album, "-o", tmp_path / "d.keras", *CNN, "--include", "#recycle", "--exclude", "cups", "--json"
    )
    assert [row["name"] for row in json.loads(result.stdout)["classes"]] == ["#recycle", "stars"]


def test_a_class_called_thumbs_is_left_out_and_said(album, tmp_path):
    """Its name is that of a system folder. `--include` makes it a class."""
    (album / "cups").rename(album / "thumbs")
    result = run("train", album, "-o", tmp_path / "c.keras", *CNN)
    assert result.exit_code == 1
    assert "Left out: 3 system folders (#recycle, Photos.photoslibrary, thumbs)" in result.stderr
    result = run("train", album, "-o", tmp_path / "c.keras", *CNN, "--include", "thumbs", "--json")
    assert [row["name"] for row in json.loads(result.stdout)["classes"]] == ["stars", "thumbs"]


def test_evaluate_and_compare_leave_out_too(album, of_two):
    """A recycle bin is no unknown class, and its images are not judged."""
    result = run("evaluate", of_two.classifier, album, "--json")
    assert notices_of(result) == [TOLD]
    assert "does not know" not in result.stderr
    assert json.loads(result.stdout)["images"] == len(list(album.glob("[cs]*/*")))
    fewer = run("evaluate", of_two.classifier, album, "--exclude", sorted((album / "cups").iterdir())[0].name, "--json")
    assert json.loads(fewer.stdout)["images"] < json.loads(result.stdout)["images"]
    compared = run("compare", album, "--models", "cnn", *CNN[2:], "--json")
    assert notices_of(compared) == [TOLD]


def test_classify_and_export_leave_out_too(of_two, demo_photos, tmp_path):
    """Neither files nor compares what lies in a recycle bin. Single files need no rule."""
    root = tmp_path / "in"
    put(files_of(demo_photos, "coffee")[:2], root)
    put(files_of(demo_photos, "coffee")[2:4], root / "#recycle")
    result = run("classify", root, "-r", "--classifier", of_two.classifier, "-n", "--json")
    assert len(json.loads(result.stdout)["predictions"]) == 2
    assert notices_of(result) == ["left out: 1 system folder (#recycle). --include takes them in."]
    exported = run(
        "export", of_two.classifier, "--format", "tflite", "-o", tmp_path / "x.tflite", "--samples", root, "--json"
    )
    assert (json.loads(exported.stdout)["samples"], len(notices_of(exported))) == (2, 1)
    one = run("classify", next(root.glob("*.jpg")), "--classifier", of_two.classifier, "--exclude", "x")
    assert one.exit_code == 2
    assert "--exclude needs a folder" in one.stderr


def test_python_takes_both_options_and_the_listener_hears(nas):
    """`extract_features` leaves out the same, and tells its listener."""
    import imgsort
    from imgsort.jobs.listener import Remembering

    hearing = Remembering(None)
    rules = {"exclude": ["IMG_0001.jpg"], "include": ["#recycle"]}
    features = imgsort.extract_features(nas, recursive=True, size=64, listener=hearing, **rules)
    assert len(features.files) == 12
    told = "left out: 1 system folder (Photos.photoslibrary), 1 file by --exclude. --include takes them in."
    assert told in hearing.notices
