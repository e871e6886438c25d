"""Runs `imgsort find` as a person does."""

import json
import re

import pytest
from click.testing import CliRunner

from imgsort.cli import main
from tests.support.trees import read_tree

LITE = ["--model", "efficientnet-lite0", "--size", "64", "--precision", "float32"]


def imgsort(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_table_lists_the_most_alike_first(few_photos):
    """Each line has a distance and a path, distances rise, and the last line counts."""
    done = imgsort("find", few_photos / "IMG_0001.jpg", "--in", few_photos, "--top", 5, *LITE)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["distance", "file"]
    distances = [float(line.split()[0]) for line in lines[1:6]]
    assert distances == sorted(distances)
    assert lines[-1] == "5 of 12 images found."
    assert "IMG_0001.jpg" not in done.stdout


def test_json_is_one_object_and_a_report_shows_the_query_first(few_photos, tmp_path):
    """The object has the matches; the page has what was looked for, and then what was found, with all pictures."""
    page = tmp_path / "found.html"
    query = few_photos / "IMG_0001.jpg"
    done = imgsort("find", query, "--in", few_photos, "--top", 4, "--json", "--report", page, *LITE)
    found = json.loads(done.stdout)
    assert (found["command"], found["status"], len(found["matches"])) == ("find", "checked", 4)
    data = json.loads(re.search(r'id="page-data"[^>]*>(.*?)</script>', page.read_text(encoding="utf-8"), re.S)[1])
    assert [group["kind"] for group in data["groups"]] == ["query", "match"]
    assert data["images"]["groups"] == [0, 1, 1, 1, 1]
    assert data["images"]["names"][1:] == [match["path"] for match in found["matches"]]
    assert data["images"]["distances"] == [None, *(match["distance"] for match in found["matches"])]
    thumbnails = json.loads(
        re.search(r'id="page-thumbnails"[^>]*>(.*?)</script>', page.read_text(encoding="utf-8"), re.S)[1]
    )
    assert len(thumbnails["webp"]) == 5 and all(thumbnails["webp"])


def test_what_is_found_is_copied_and_taken_back(few_photos, tmp_path):
    """--copy puts the matches into the output, and undo removes them there."""
    before = read_tree(few_photos)
    output = tmp_path / "output"
    query = few_photos / "IMG_0001.jpg"
    done = imgsort("find", query, "--in", few_photos, "--top", 3, "--copy", "--output", output, *LITE)
    assert done.exit_code == 0, done.output
    assert "3 files copied" in done.stdout
    assert len(list((output / "IMG_0001").iterdir())) == 3
    assert imgsort("undo", output).exit_code == 0
    assert not (output / "IMG_0001").exists()
    assert read_tree(few_photos) == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["find", "--in", "x"], 2, "QUERY"),
        (["find", "nowhere.jpg", "--in", "."], 1, "nowhere.jpg: there is no such file or folder"),
        (["find", "nowhere.jpg"], 2, "--in"),
        (["find", ".", "--in", ".", "--move", "--copy", "--output", "x"], 2, "--move and --copy"),
        (["find", ".", "--in", ".", "--top", "0"], 2, "--top"),
        (["find", ".", "--in", ".", "--distance", "3"], 2, "--distance"),
        (["review", ".", "--command", "find"], 2, "--query"),
        (["review", ".", "--query", "x.jpg"], 2, "--query does not go with --command categorize"),
    ],
)
def test_a_wrong_line_is_said(arguments, code, said, tmp_path, monkeypatch):
    """A missing or wrong argument is named, and the exit code is that of its kind."""
    monkeypatch.chdir(tmp_path)
    done = imgsort(*arguments)
    assert (done.exit_code, said in done.output) == (code, True), done.output
