"""Tests the commands that organize a collection, as a person or a script types them."""

import json
import os
import sys

import pytest
from click.testing import CliRunner

from imgsort.cli import main
from tests.support.desk import file_by
from tests.support.trees import make_tree, names, read_tree

LITE = ["--model", "efficientnet-lite0", "--size", "64", "--clusters", "3"]


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_table_of_folders_and_what_was_done(few_photos):
    """The output has the folders with their counts, and a sentence that names undo. Notices are on stderr."""
    result = run("categorize", few_photos, *LITE)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines[:3]] == ["category_1", "category_2", "category_3"]
    assert sum(int(line.split()[1]) for line in lines[:3]) == 12
    assert lines[-1].startswith("12 images; 12 files moved. `imgsort undo")
    assert "runs on" in result.stderr


def test_verbose_shows_every_move_and_dry_run_does_none(few_photos):
    """-n -v lists each file with its new place. Nothing changes."""
    before = os.listdir(few_photos)
    result = run("categorize", few_photos, *LITE, "-n", "-v")
    assert result.stdout.count("->") == 12
    assert "Nothing was touched" in result.stdout
    assert os.listdir(few_photos) == before


def test_json_is_one_object_with_every_key(few_photos):
    """stdout is one JSON object and nothing else. It has the keys that scripts rely on."""
    make_tree(few_photos, {"bad.jpg": b"no image"})
    result = run("categorize", few_photos, *LITE, "--json")
    value = json.loads(result.stdout)
    assert value.keys() >= {"version", "command", "run", "status", "dry_run", "collection", "output", "model", "counts",
                            "folders", "moves", "unreadable", "notices"}  # fmt: skip
    assert value["model"].keys() >= {"name", "weights", "sha256", "fallback", "precision"}
    assert (value["version"], value["command"], value["status"]) == (1, "categorize", "done")
    assert value["counts"] == {"images": 12, "moves": 12, "sidecars": 0, "refused": 0, "unreadable": 1}
    assert value["folders"][0].keys() == {"name", "count"}
    assert value["moves"][0].keys() == {"source", "target", "distance"}
    assert [row["path"] for row in value["unreadable"]] == ["bad.jpg"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are always Unicode")
def test_names_that_are_not_utf8_in_json(few_photos):
    """A name that is not UTF-8 is escaped in ASCII. Python reads it back as it was."""
    os.rename(sorted(few_photos.iterdir())[0], few_photos / "bad\udcff.jpg")
    result = run("categorize", few_photos, *LITE, "-n", "--json")
    assert result.stdout.isascii()
    assert "bad\udcff.jpg" in [move["source"] for move in json.loads(result.stdout)["moves"]]


def test_outliers_shows_each_ones_distance(few_photos):
    """The table has the distance of each outlier, with the oddest outlier first."""
    result = run("outliers", few_photos, "--model", "efficientnet-lite0", "--size", "64", "--max", "2")
    rows = [line.split() for line in result.stdout.splitlines() if ".jpg" in line]
    assert 1 <= len(rows) <= 2
    assert [float(row[1]) for row in rows] == sorted((float(row[1]) for row in rows), reverse=True)


def test_the_candidates_are_shown(few_photos):
    """--clusters auto prints a line for each number that it judged. --json has these numbers too."""
    options = [*LITE[:4], "--clusters", "auto", "--max-clusters", "4", "-n"]
    lines = run("categorize", few_photos, *options).stdout.splitlines()
    assert lines[0].split() == ["categories", "silhouette", "stability"]
    assert [line.split()[0] for line in lines[1:4]] == ["2", "3", "4"]
    value = json.loads(run("categorize", few_photos, *options, "--json").stdout)
    assert [row["clusters"] for row in value["candidates"]] == [2, 3, 4]


def test_outliers_are_explained(few_photos):
    """With neighbours, the table also has the score and the nearest image. A threshold is a number or auto."""
    options = ["--model", "efficientnet-lite0", "--size", "64", "--method", "knn", "-n"]
    lines = run("outliers", few_photos, *options, "--max", "2").stdout.splitlines()
    assert lines[1].split() == ["file", "distance", "score", "nearest"]
    assert run("outliers", few_photos, *options, "--threshold", "auto").exit_code == 0
    assert "Outlayers" in run("outliers", few_photos, *options, "--threshold", "0.01").stdout
    assert run("outliers", few_photos, *options, "--threshold", "high").exit_code == 2


def test_a_plan_is_saved_and_applied(few_photos, tmp_path):
    """--plan changes nothing and says what to do next. `apply` carries out the plan, or prints an error a line."""
    plan, before = tmp_path / "plan.csv", read_tree(few_photos)
    shown = run("categorize", few_photos, *LITE, "--plan", plan)
    assert f"`imgsort apply {plan}` carries it out" in shown.stdout
    assert read_tree(few_photos) == before
    assert run("categorize", few_photos, *LITE, "--plan", plan).exit_code == 2  # nothing is overwritten
    assert "Nothing was touched" in run("apply", plan, "--dry-run").stdout
    done = run("apply", plan, "--json")
    assert json.loads(done.stdout)["counts"]["moves"] == 12
    again = run("apply", plan)
    assert again.exit_code == 1
    assert len([line for line in again.stderr.splitlines() if line.startswith("  line ")]) == 12
    assert run("undo", few_photos).exit_code == 0
    assert read_tree(few_photos) == before


def test_update_from_the_command_line(few_photos):
    """--update files images that came later. If there are no categories, it says what to do."""
    first = run("categorize", few_photos, *LITE[:4], "--update")
    assert first.exit_code == 1
    assert "without --update first" in first.stderr
    run("categorize", few_photos, *LITE)
    assert "nothing to do" in run("categorize", few_photos, "--update").stdout


def test_history_and_undo(few_photos):
    """`history` lists a run with its state, and `undo` takes it back. A second undo is an error."""
    before = read_tree(few_photos)
    assert "no runs" in run("history", few_photos).stdout
    run("categorize", few_photos, *LITE)
    assert run("history", few_photos).stdout.splitlines()[1].split()[-1] == "done"
    result = run("undo", few_photos)
    assert result.exit_code == 0
    assert result.stdout.startswith("12 files taken back from categorize")
    assert read_tree(few_photos) == before
    assert json.loads(run("history", few_photos, "--json").stdout)["runs"][0]["status"] == "undone"
    assert run("undo", few_photos).exit_code == 1


def test_undo_that_refuses_exits_4(tmp_path):
    """A file that was changed after the run is named, and the others go back. The exit code is 4, in JSON too."""
    make_tree(tmp_path, {"a.jpg": b"1", "b.jpg": b"2"})
    file_by(tmp_path, lambda path: "category_1")
    (tmp_path / "category_1/a.jpg").write_bytes(b"edited")
    result = run("undo", tmp_path)
    assert result.exit_code == 4
    assert "left alone: category_1/a.jpg was changed" in result.stdout
    assert names(tmp_path) == {"category_1/a.jpg": b"edited", "b.jpg": b"2"}
    run_id = json.loads(run("history", tmp_path, "--json").stdout)["runs"][0]["id"]
    again = run("undo", tmp_path, run_id, "--json")
    assert again.exit_code == 4
    assert json.loads(again.stdout)["refused"][0]["path"] == "category_1/a.jpg"


def test_a_stop_in_the_middle_exits_4_with_the_result(few_photos, monkeypatch):
    """If a run stops part way, its JSON has the result so far and the error."""
    from imgsort.filing.moving import apply

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(apply, "_bring", fail)
    result = run("categorize", few_photos, *LITE, "--json")
    value = json.loads(result.stdout)
    assert result.exit_code == value["error"]["exit_code"] == 4
    assert value["status"] == "stopped"
    assert value["run"]
    assert run("categorize", few_photos, *LITE).exit_code == 4


def test_strict_exits_3(few_photos):
    """--strict with an unreadable image gives exit code 3, and nothing moves."""
    make_tree(few_photos, {"bad.jpg": b"no image"})
    before = read_tree(few_photos)
    assert run("categorize", few_photos, *LITE, "--strict").exit_code == 3
    assert read_tree(few_photos) == before


@pytest.mark.parametrize("option", ["--copy", "--hardlink", "--symlink"])
def test_modes(few_photos, tmp_path, option):
    """Copies and links go to the output. The message names the `undo` of the output."""
    result = run("categorize", few_photos, *LITE, option, "--output", tmp_path / "out")
    assert result.exit_code == 0
    assert f"imgsort undo {(tmp_path / 'out').resolve()}" in result.stdout
    assert run("undo", tmp_path / "out").exit_code == 0


def test_quiet_says_nothing_but_the_result(few_photos):
    """With -q stderr is empty."""
    assert run("categorize", few_photos, *LITE, "-n", "-q").stderr == ""


def test_empty_paths_and_two_modes_are_usage_errors(few_photos):
    """An empty path is a usage error and not the current folder. A script gives one if a variable is unset.

    Two modes are a usage error too: the last one does not win.
    """
    assert run("categorize", "").exit_code == 2
    assert run("categorize", few_photos, "--output", "").exit_code == 2
    assert run("categorize", few_photos, "--copy", "--symlink", "--output", few_photos / "x").exit_code == 2
    assert run("categorize", few_photos, "--seed", "-1").exit_code == 2


def test_a_strangers_history_cannot_write_to_the_terminal(tmp_path):
    """Control characters in an untrusted journal are shown escaped."""
    make_tree(tmp_path, {"a.jpg": b"1"})
    file_by(tmp_path, lambda path: "category_1")
    path = next((tmp_path / ".imgsort/runs").iterdir())
    path.write_bytes(path.read_bytes().replace(b'"command":"test"', b'"command":"\\u001b[2Jfake\\nline"'))
    shown = run("history", tmp_path).stdout
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2


def test_a_moved_collection_keeps_its_history(tmp_path):
    """A run to another folder records the names of both folders. After a rename, `history` says what to do."""
    make_tree(tmp_path / "in", {"a.jpg": b"1"})
    file_by(tmp_path / "in", lambda path: "category_1", tmp_path / "out")
    (tmp_path / "in").rename(tmp_path / "renamed")
    result = run("history", tmp_path / "renamed")
    assert result.exit_code == 0
    assert "moved since" in result.stdout
    assert "move the folders back" in result.stdout
    assert run("undo", tmp_path / "renamed").exit_code == 1
    (tmp_path / "renamed").rename(tmp_path / "in")
    assert run("undo", tmp_path / "in").exit_code == 0
