"""Tests `--follow-links`: links to images are read through, filed as links, and come back with their old text."""

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from imgsort.cli import main
from imgsort.filing.moving.one_file.ends import back, forth
from imgsort.filing.planning.plan import Move
from imgsort.filing.planning.site import Site
from tests.support.trees import names, read_tree

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")

LITE = ["--model", "efficientnet-lite0", "--size", "64"]
CNN = ["--model", "cnn", "--size", "32", "--epochs", "1", "--augment", "none"]


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def links_in(root: Path) -> dict[str, str]:
    return {path: facts for path, facts in read_tree(root).items() if isinstance(facts, str)}


@pytest.fixture
def linked(few_photos, tmp_path):
    """Return a folder of links to photographs: absolute, relative, double, and leading nowhere."""
    folder = tmp_path / "linked"
    folder.mkdir()
    photos = sorted(path for path in few_photos.iterdir() if path.suffix == ".jpg")
    for number, photo in enumerate(photos):
        text = str(photo) if number % 2 else os.path.relpath(photo, folder)
        (folder / f"{number:02}.jpg").symlink_to(text)
    (folder / "zz double.jpg").symlink_to(photos[0])
    (folder / "zz nowhere.jpg").symlink_to("nowhere.jpg")
    (folder / "zz circle.jpg").symlink_to("zz circle.jpg")
    (folder / "zz folder.jpg").symlink_to(few_photos)
    (folder / "zz device.jpg").symlink_to(os.devnull)
    return folder


def test_without_the_option_links_are_counted(linked):
    """Links to images are left out, and a notice counts them: those that lead to no image are not among them."""
    result = run("check", linked, "--json")
    assert result.exit_code == 1
    count = len(list(linked.glob("[0-9]*.jpg"))) + 1
    assert f"{count} links to images. --follow-links takes them in." in result.output


@pytest.mark.parametrize("command", [["categorize", *LITE, "-k", "2"], ["outliers", *LITE, "--max", "2"]])
def test_links_are_filed_and_come_back(linked, few_photos, command):
    """The links move, lead to the same files, and an undo brings back their old text; no photograph moves."""
    before, photos = links_in(linked), read_tree(few_photos)
    ends = {os.path.realpath(path) for path in linked.glob("[0-9]*.jpg")}
    result = run(command[0], linked, "--follow-links", *command[1:], "--json")
    assert result.exit_code == 0, result.output
    moves = json.loads(result.stdout)["moves"]
    assert moves
    assert any("1 link to images that count already" in text for text in json.loads(result.stdout)["notices"])
    filed = links_in(linked)
    assert set(filed) == {*before} - {move["source"] for move in moves} | {move["target"] for move in moves}
    assert {os.path.realpath(linked / move["target"]) for move in moves} <= ends
    assert all(os.path.isabs(filed[move["target"]]) == os.path.isabs(before[move["source"]]) for move in moves)
    assert run("undo", linked).exit_code == 0
    assert links_in(linked) == before
    assert read_tree(few_photos) == photos


@pytest.mark.parametrize(("option", "kind"), [("--copy", "copies"), ("--hardlink", "links"), ("--symlink", "links")])
def test_copies_are_of_the_files_that_links_lead_to(linked, few_photos, tmp_path, option, kind):
    """`--copy` and `--hardlink` make real files of what the links lead to; an undo removes them and nothing else."""
    before, photos = read_tree(linked), read_tree(few_photos)
    out = tmp_path / "out"
    result = run("categorize", linked, "--follow-links", *LITE, "-k", "2", option, "--output", out, "--json")
    assert result.exit_code == 0, result.output
    moves = json.loads(result.stdout)["moves"]
    for move in moves:
        made = out / move["target"]
        assert made.is_symlink() == (option == "--symlink")
        assert made.read_bytes() == (linked / move["source"]).read_bytes()
    assert run("undo", out).exit_code == 0
    assert names(out) == {}
    assert (read_tree(linked), read_tree(few_photos)) == (before, photos)


def test_a_plan_with_links_is_applied(linked, tmp_path):
    """`--plan` writes links as lines, and `apply` moves them without another option."""
    before = links_in(linked)
    plan = tmp_path / "plan.csv"
    assert run("categorize", linked, "--follow-links", *LITE, "-k", "2", "--plan", plan).exit_code == 0
    with plan.open(newline="", encoding="utf-8-sig") as file:
        targets = {row["file"]: row["target"] for row in csv.DictReader(file)}
    result = run("apply", plan)
    assert result.exit_code == 0, result.output
    assert set(targets.values()) <= set(links_in(linked))
    assert run("undo", linked).exit_code == 0
    assert links_in(linked) == before


def test_classes_of_links_are_learned(two, tmp_path):
    """`train` and `evaluate` read links where a class has nothing else; other links are counted in a notice."""
    album = tmp_path / "album"
    for folder in two.iterdir():
        (album / folder.name).mkdir(parents=True)
        for photo in folder.iterdir():
            (album / folder.name / photo.name).symlink_to(photo)
    classifier = tmp_path / "c.keras"
    result = run("train", album, "--output", classifier, *CNN, "--json")
    assert result.exit_code == 0, result.output
    assert not any("--follow-links" in text for text in json.loads(result.stdout)["notices"])
    mixed = shutil.copytree(two, tmp_path / "mixed")
    name = next(folder.name for folder in mixed.iterdir())
    (mixed / name / "link.jpg").symlink_to(next((two / name).iterdir()))
    for command in (["evaluate", classifier, mixed], ["train", mixed, "--output", tmp_path / "d.keras", *CNN]):
        result = run(*command, "--json")
        assert result.exit_code == 0, result.output
        notices = json.loads(result.stdout)["notices"]
        assert any("1 link to images. --follow-links takes them in." in text for text in notices), notices


part = st.sampled_from(["a", "b", "x.jpg", "..", "."])


@given(st.lists(part, min_size=1, max_size=5).map("/".join), st.sampled_from(["x", "s/x", "s/t/x"]), st.booleans())
def test_a_moved_link_leads_to_the_same_place(text, source, is_absolute):
    """The new text, from the new folder, leads where the old text leads from the old folder; undo has the old text."""
    site = Site(Path("/c/in"), Path("/c/out/deep"))
    move = Move(source, "cat/y", 1, 1, "", link=f"/{text}" if is_absolute else text)
    ends = forth(site, move)
    assert ends.new_text is not None and ends.old_text is not None
    old, new = (
        os.path.normpath(place.parent / end) for place, end in ((ends.old, ends.old_text), (ends.new, ends.new_text))
    )
    assert old == new
    assert back(site, move).new_text == move.link
