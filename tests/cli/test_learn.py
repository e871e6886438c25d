"""Tests `train`, `evaluate`, `compare`, `classify`, `explain` and `export` as a person or a script types them."""

import json
import os
import sys

import pytest
from click.testing import CliRunner

from imgsort.cli import main
from imgsort.cli.terminal import TerminalListener
from imgsort.features.models.backbones import BACKBONES
from imgsort.jobs.learn.compare import DEFAULT_MODELS
from imgsort.jobs.learn.steps.settings import DEFAULT_SPLIT, LearnSettings
from imgsort.learning.network.networks import SMALL_NETWORK
from tests.support.classifiers import KINDS, files_of, put, with_classes
from tests.support.trees import make_tree, names, read_tree

CNN = ["--model", "cnn", "--size", "32", "--epochs", "1", "--augment", "none"]
COMMANDS = ("train", "evaluate", "compare", "classify", "explain", "export")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_names_and_defaults_are_those_of_the_library():
    """The command line repeats the library's names and defaults, so that it starts quickly. Both are the same."""
    train = {parameter.name: parameter for parameter in main.commands["train"].params}
    assert set(train["model"].type.choices) == {*BACKBONES, SMALL_NETWORK}
    assert train["model"].default == train["model"].type.choices[0] == LearnSettings.model
    defaults = {parameter.name: parameter.default for parameter in main.commands["compare"].params}
    assert tuple(defaults["models"].split(",")) == DEFAULT_MODELS
    assert tuple(map(float, defaults["split"].split("/"))) == DEFAULT_SPLIT


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    """Each command says what it does and what it takes. The list of commands has a short line for it."""
    result = run(command, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"Usage: main {command} " in result.stdout
    assert "--json" in result.stdout
    assert f"  {command}" in run("--help").stdout


def test_train_prints_classes_figures_and_where_it_is(two, tmp_path):
    """`train` prints a table of classes, a table of figures, and a sentence with the file and the report."""
    make_tree(tmp_path, {"in/cups/bad.jpg": b"no image"})
    for name in os.listdir(two):
        put((two / name).iterdir(), tmp_path / "in" / name)
    put(files := list((two / "cups").iterdir())[:1], tmp_path / "in")
    result = run("train", tmp_path / "in", "-o", tmp_path / "c.keras", *CNN)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0, result.stderr
    assert lines[0].split() == ["class", "train", "validation", "test"]
    assert [line.split()[0] for line in lines[1:3]] == ["cups", "stars"]
    assert any(line.split() == ["class", "precision", "recall", "F1", "images"] for line in lines)
    assert any(line.startswith("accuracy ") and "ROC AUC" in line for line in lines)
    assert any(line.startswith("unreadable: cups/bad.jpg: ") for line in lines)
    assert f"{tmp_path / 'c.keras'}: cnn at 32 px, trained in" in lines[-1]
    assert lines[-1].endswith(f"more in {tmp_path / 'c_training'}.")
    assert f"{len(files)} images are in no class folder and are left out." in result.stderr


def test_ctrl_c_while_training_exits_130(two, tmp_path, monkeypatch):
    """The best epoch is kept. The one object on stdout and the exit code say that training was interrupted."""

    def press(listener, row, total):
        raise KeyboardInterrupt

    monkeypatch.setattr(TerminalListener, "trained", press)
    result = run("train", two, "-o", tmp_path / "c.keras", *CNN, "--epochs", "9", "--json")
    value = json.loads(result.stdout)
    assert (result.exit_code, value["command"], value["status"]) == (130, "train", "interrupted")
    assert value["classifier"] == str(tmp_path / "c.keras")
    assert value["report"] == str(tmp_path / "c_training")
    assert len(value["history"]) == 1
    assert "The best epoch so far is kept" in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["c.keras", "c_training"]
    monkeypatch.undo()
    assert run("classify", next((two / "cups").iterdir()), "--classifier", tmp_path / "c.keras").exit_code == 0


def test_evaluate_prints_and_has_json(of_two, two, tmp_path):
    """`evaluate` prints figures, matrix and mistakes as tables.

    With --json, accuracy, macro F1 and matrix are at the top level.
    """
    result = run("evaluate", of_two.classifier, two, "-o", tmp_path / "report")
    assert result.exit_code == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["class", "precision", "recall", "F1", "images"] in rows
    assert ["is", "/", "taken", "for", "cups", "stars"] in rows
    assert result.stdout.endswith(f"more in {tmp_path / 'report'}.\n")
    assert "so the figures are too good" in result.stderr
    again = run("evaluate", of_two.classifier, two, "--json", "-q")
    value = json.loads(again.stdout)
    assert value.keys() >= {"accuracy", "macro_f1", "per_class", "confusion_matrix", "roc_auc"}
    assert again.stderr == ""
    assert run("evaluate", of_two.classifier, two, "-o", tmp_path / "report").exit_code == 2


def test_compare_prints_a_row_each(two, tmp_path):
    """A model that is not available has an empty row and a line with the reason. --json prints one object."""
    options = ["--models", "resnet50v2, cnn", *CNN[2:]]
    result = run("compare", two, *options, "-o", tmp_path / "report", "--json")
    value = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    assert [row["model"] for row in value["models"]] == ["resnet50v2", "cnn"]
    assert value["models"][0]["error"] and not value["models"][1]["error"]
    assert sorted(os.listdir(tmp_path / "report")) == ["comparison.csv", "comparison.json", "comparison.png"]
    shown = run("compare", two, "--models", "resnet50v2", *CNN[2:])
    lines = shown.stdout.splitlines()
    assert lines[0].split() == ["model", "accuracy", "loss", "F1", "parameters", "seconds", "images/s"]
    assert lines[1] == "resnet50v2"
    assert lines[2].startswith("resnet50v2: ")


def test_classify_files_and_undo(trained, inbox, tmp_path):
    """`classify` prints a table of folders and how to undo. -n -v shows what each image is.

    --plan, apply and undo work together.
    """
    folder, _ = inbox
    before = read_tree(folder)
    shown = run("classify", folder, "--classifier", trained.classifier, "-n", "-v")
    assert shown.stdout.count("->") == 24
    assert "Nothing was touched" in shown.stdout
    assert read_tree(folder) == before
    plan = tmp_path / "plan.csv"
    assert run("classify", folder, "--classifier", trained.classifier, "--plan", plan).exit_code == 0
    assert read_tree(folder) == before
    assert run("apply", plan).exit_code == 0
    assert {path.partition("/")[0] for path in names(folder)} <= {*KINDS, "Unsure"}
    assert run("undo", folder).exit_code == 0
    assert read_tree(folder) == before
    done = run("classify", folder, "--classifier", trained.classifier, "--confidence", "1")
    assert "24 files moved. `imgsort undo" in done.stdout
    assert {path.partition("/")[0] for path in names(folder)} == {"Unsure"}


def test_classify_json_is_one_object(trained, inbox, tmp_path):
    """For a folder, the JSON is that of every filing command, with the classes of each image.

    For files, it has only their classes.
    """
    folder, _ = inbox
    options = ["--classifier", trained.classifier, "--json", "-q"]
    result = run("classify", folder, *options, "-n", "--top", "2", "--csv", tmp_path / "told.csv")
    value = json.loads(result.stdout)
    assert (value["command"], value["counts"]["images"], result.stderr) == ("classify", 24, "")
    assert {len(row["classes"]) for row in value["predictions"]} == {2}
    assert len((tmp_path / "told.csv").read_text("utf-8-sig").splitlines()) == 25
    files = sorted(folder.iterdir())[:2]
    value = json.loads(run("classify", *files, *options).stdout)
    assert [row["path"] for row in value["predictions"]] == [str(file) for file in files]
    assert {len(row["classes"]) for row in value["predictions"]} == {5}


@pytest.mark.skipif(sys.platform != "linux", reason="such names are none elsewhere")
def test_names_that_are_not_utf8(trained, inbox):
    """Names that are not UTF-8 are escaped in ASCII, in JSON and on the terminal.

    Python reads them back from JSON.
    """
    folder, kinds = inbox
    odd = folder / os.fsdecode(b"\xff.jpg")
    os.rename(folder / next(iter(kinds)), odd)
    result = run("classify", odd, "--classifier", trained.classifier, "--json")
    assert result.stdout.isascii()
    assert json.loads(result.stdout)["predictions"][0]["path"] == str(odd)
    assert "\\udcff.jpg" in run("classify", odd, "--classifier", trained.classifier).stdout
    assert run("classify", folder, "--classifier", trained.classifier).exit_code == 0


def test_single_files_are_told_of_and_left(trained, inbox, tmp_path):
    """Each file has a line with its likeliest classes, and an unreadable file a line with its reason.

    Nothing moves.
    """
    folder, kinds = inbox
    make_tree(folder, {"bad.jpg": b"no image"})
    before = read_tree(folder)
    name = next(name for name, kind in kinds.items() if kind == "coffee")
    result = run("classify", folder / name, folder / "bad.jpg", "--classifier", trained.classifier, "--top", "2")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.split()[:2] == [str(folder / name), "coffee"]
    assert second.startswith(f"unreadable: {folder / 'bad.jpg'}: ")
    assert read_tree(folder) == before


@pytest.mark.parametrize(
    "option",
    "--output=x --copy --hardlink --symlink -n --plan=x.csv -r --no-sidecars --sidecar={stem}.x --strict "
    "--confidence=0.5".split(),
)
def test_files_and_options_that_file_do_not_go_together(trained, inbox, option):
    """Single files are not filed, so an option for filing is a usage error. A folder among files is one too."""
    folder, _ = inbox
    before = read_tree(folder)
    file = next(folder.iterdir())
    result = run("classify", file, "--classifier", trained.classifier, option)
    assert result.exit_code == 2
    assert run("classify", file, folder, "--classifier", trained.classifier).exit_code == 2
    assert run("classify", folder, folder, "--classifier", trained.classifier).exit_code == 2
    assert read_tree(folder) == before


def test_strict_exits_3_and_nothing_moved(trained, inbox):
    """--strict with an unreadable image gives exit code 3, and nothing moves. The JSON has the code too."""
    folder, _ = inbox
    make_tree(folder, {"bad.jpg": b"no image"})
    before = read_tree(folder)
    result = run("classify", folder, "--classifier", trained.classifier, "--strict", "--json")
    assert result.exit_code == json.loads(result.stdout)["error"]["exit_code"] == 3
    assert read_tree(folder) == before


def test_a_hostile_classifier_exits_1(trained, inbox, tmp_path):
    """A hostile classifier gives one line, or one object with --json. Nothing is written anywhere."""
    folder, _ = inbox
    hostile = with_classes(trained.classifier, tmp_path / "hostile.keras", ["../x"])
    before = read_tree(tmp_path)
    for arguments in (["classify", folder, "--classifier", hostile], ["evaluate", hostile, folder]):
        result = run(*arguments)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
        assert json.loads(run(*arguments, "--json").stdout)["error"]["type"] == "ClassifierError"
    assert read_tree(tmp_path) == before


def test_explain_says_what_it_shows(small, demo_photos, tmp_path):
    """`explain` prints the class, the confidence and the place of the picture. --json prints one object.

    --class asks for another class.
    """
    photograph = files_of(demo_photos, "coffee")[0]
    options = [photograph, "--classifier", small.classifier]
    result = run("explain", *options, "-o", tmp_path / "e.png", "--class", "rocket")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(f"{photograph}: rocket 0.")
    assert result.stdout.endswith(f"; see {tmp_path / 'e.png'}.\n")
    value = json.loads(run("explain", *options, "-o", tmp_path / "f.png", "--json").stdout)
    assert (value["command"], value["picture"]) == ("explain", str(tmp_path / "f.png"))
    assert run("explain", *options, "-o", tmp_path / "f.png").exit_code == 2
    assert run("explain", *options, "-o", tmp_path / "g.png", "--class", "dogs").exit_code == 2
    assert sorted(os.listdir(tmp_path)) == ["e.png", "f.png"]


@pytest.mark.parametrize("kind", ["savedmodel", "onnx", "tflite"])
def test_export_says_how_well_it_agrees(small, tmp_path, kind, capfd):
    """`export` prints a sentence or one JSON object. It overwrites nothing.

    Messages of the converters are not shown, not even those that bypass Python.
    """
    output = tmp_path / ("model" if kind == "savedmodel" else f"model.{kind}")
    capfd.readouterr()
    result = run("export", small.classifier, "--format", kind, "-o", output, "--json")
    value = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, value["format"], value["exported"]) == (0, "", kind, str(output))
    assert capfd.readouterr() == ("", "")
    before = read_tree(tmp_path)
    assert run("export", small.classifier, "--format", kind, "-o", output).exit_code == 2
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "FOLDER"],
        ["train", "FOLDER", "-o", ""],
        ["train", "", "-o", "c.keras"],
        ["train", "FOLDER", "-o", "c.keras", "--model", "vgg99"],
        ["train", "FOLDER", "-o", "c.h5"],
        ["train", "FOLDER", "-o", "c.keras", "--split", "70/30"],
        ["train", "FOLDER", "-o", "c.keras", "--split", "70/15/15/5"],
        ["train", "FOLDER", "-o", "c.keras", "--split", "most/some/few"],
        ["train", "FOLDER", "-o", "c.keras", "--split", "0/50/50"],
        ["train", "FOLDER", "-o", "c.keras", "--split", "nan/50/50"],
        ["train", "FOLDER", "-o", "c.keras", "--size", "31"],
        ["train", "FOLDER", "-o", "c.keras", "--epochs", "0"],
        ["train", "FOLDER", "-o", "c.keras", "--learning-rate", "0"],
        ["train", "FOLDER", "-o", "c.keras", "--model", "cnn", "--fine-tune"],
        ["compare", "FOLDER", "--models", "cnn,vgg99"],
        ["compare", "FOLDER", "--models", "cnn,cnn"],
        ["compare", "FOLDER", "--models", ""],
        ["compare", "FOLDER", "--split", "80/20/0"],
        ["classify", "--classifier", "CLASSIFIER"],
        ["classify", "FOLDER"],
        ["classify", "", "--classifier", "CLASSIFIER"],
        ["classify", "FOLDER", "--classifier", "CLASSIFIER", "--confidence", "1.1"],
        ["classify", "FOLDER", "--classifier", "CLASSIFIER", "--confidence", "nan"],
        ["classify", "FOLDER", "--classifier", "CLASSIFIER", "--copy"],
        ["classify", "FOLDER", "--classifier", "CLASSIFIER", "--copy", "--symlink", "--output", "x"],
        ["classify", "FOLDER", "--classifier", "CLASSIFIER", "-n", "--plan", "x.csv"],
        ["export", "CLASSIFIER", "--format", "pdf"],
        ["export", "CLASSIFIER"],
        ["export", "CLASSIFIER", "--format", "onnx", "-o", "x.tflite"],
    ],
)
def test_usage_errors(two, of_two, tmp_path, monkeypatch, arguments):
    """Wrong usage gives exit code 2, in JSON too, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    given = [{"FOLDER": two, "CLASSIFIER": of_two.classifier}.get(argument, argument) for argument in arguments]
    assert run(*given).exit_code == 2
    result = run(*given, "--json")
    assert result.exit_code == json.loads(result.stdout)["error"]["exit_code"] == 2
    assert os.listdir(tmp_path) == []
    assert set(os.listdir(two)) == {"cups", "stars"}


@pytest.mark.parametrize("arguments", [["train", "nowhere", "-o", "c.keras"], ["compare", "nowhere"]])
def test_a_missing_folder_exits_1(tmp_path, monkeypatch, arguments):
    """A missing folder is an expected error: exit code 1 and one line."""
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "no such folder" in result.stderr
