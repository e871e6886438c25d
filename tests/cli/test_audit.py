"""Tests `imgsort audit` as a person or a script types it."""

import json
import shutil

import pytest
from click.testing import CliRunner

from imgsort.cli import main
from tests.support.misfiled import misfiled_classes
from tests.support.trees import read_tree

QUICK = ("--model", "efficientnet-lite0", "--size", "64")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(demo_photos, tmp_path_factory):
    """Return (folder, {path: right class}) of classes with two images in the wrong one. No test changes it."""
    root = tmp_path_factory.mktemp("audit") / "classes"
    return root, misfiled_classes(demo_photos, root)


def test_a_table_of_what_lies_in_the_wrong_class(made):
    """The first lines are the marked images; pairs of classes follow; the last line counts."""
    result = run("audit", made[0], *QUICK, "--quiet")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["file", "class", "looks", "like", "probability", "score"]
    for line in lines[1:3]:
        path, is_of, suggested, probability, score, mark = line.split()
        assert (made[1][path], mark) == (suggested, "marked")
        assert path.startswith(f"{is_of}/")
        assert 0 < float(score) <= float(probability) <= 1
    assert any(line.startswith("mixed up") for line in lines)
    assert lines[-1] == "36 files looked at, 2 marked as lying in the wrong class."


def test_move_says_what_was_moved_and_how_to_undo(made, tmp_path):
    """--move moves the marked files and says so. Undo puts them back."""
    own = shutil.copytree(made[0], tmp_path / "own")
    before = read_tree(own)
    result = run("audit", own, "--move", *QUICK, "--quiet")
    assert "2 files moved." in result.stdout.splitlines()[-1]
    assert "`imgsort undo" in result.stdout
    assert run("undo", own).exit_code == 0
    assert read_tree(own) == before


def test_dry_run_and_json(made):
    """--move --dry-run shows the moves and touches nothing; --json prints one object with the findings."""
    before = read_tree(made[0])
    shown = json.loads(run("audit", made[0], "--move", "--dry-run", "--json", *QUICK).stdout)
    assert read_tree(made[0]) == before
    assert (shown["status"], shown["dry_run"], len(shown["moves"])) == ("planned", True, 2)
    assert [finding["marked"] for finding in shown["findings"]][:2] == [True, True]
    assert {"mixed", "in_two_classes", "like_no_class"} < set(shown)


def test_the_page_shows_what_was_found(made, tmp_path):
    """--report has the findings, the table of mixed classes, and the classes as groups."""
    page = tmp_path / "page.html"
    result = run("audit", made[0], *QUICK, "--quiet", "--report", page)
    assert result.exit_code == 0, result.stderr
    text = page.read_text(encoding="utf-8")
    assert "marked as wrong" in text and "Classes that are mixed up" in text
    assert "lies in coffee, looks like chelsea" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--copy"], "need --move"),
        (["--threshold", "2"], "--threshold"),
        (["--max", "0"], "--max"),
        (["--recursive"], "--recursive"),
    ],
)
def test_wrong_options_are_said(made, options, said):
    """Exit code 2, and the option is named. Deeper folders always count, so there is no --recursive."""
    result = run("audit", made[0], *options)
    assert result.exit_code == 2
    assert said in result.output


def test_review_takes_the_options_of_the_audit(made):
    """Options that the audit does not have are refused with --command audit, before a page is served."""
    for option in (["--clusters", "3"], ["--recursive"], ["--method", "knn"]):
        result = run("review", made[0], "--command", "audit", *option, "--no-browser")
        assert result.exit_code == 2
        assert "does not go with --command audit" in result.output
    result = run("review", made[0], "--command", "audit", "--threshold", "1.5", "--no-browser", "--quiet")
    assert result.exit_code == 2
    assert "--threshold 1.5" in result.output
