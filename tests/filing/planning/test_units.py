"""Tests that sidecars move with their image as one unit.

The whole unit moves and comes back, in every mode, or it does not move at all.
"""

import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsort.errors import JournalError
from imgsort.filing.journal.category_folders import known_folders
from imgsort.filing.journal.runs import load_run
from imgsort.filing.moving import apply
from imgsort.filing.planning import make_plan as planner
from imgsort.filing.planning import units
from imgsort.filing.planning.make_plan import make_plan
from imgsort.filing.planning.plan import Follower, Move, Placement, Refusal
from imgsort.filing.planning.site import Mode, site_of
from imgsort.images.finding.find import find_images
from tests.support.desk import by_first_letter, file_by, plan_by, undo_last
from tests.support.trees import make_tree, names, read_tree

UNIT = {"a.jpg": b"1", "a.MOV": b"2", "a.jpg.json": b"3", "a.nef": b"4", "a.nef.xmp": b"5"}

posix = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs names that differ in case or form alone")


def into_one(path: str) -> str:
    return "category_1"


def meanwhile(monkeypatch, change):
    """Call `change` after the plan is made and before the first move."""
    real = apply._make_folders

    def make_and_change(run):
        real(run)
        change()

    monkeypatch.setattr(apply, "_make_folders", make_and_change)


def refused_in(outcome):
    return {refusal.path: refusal.reason for refusal in outcome.refused}


@pytest.mark.parametrize("mode", Mode)
def test_a_unit_goes_together_and_comes_back(tmp_path, mode):
    """Sidecars are moved, copied or linked together with their image.

    Other files stay, but a RAW file alone is an image. Undo restores the tree.
    """
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(root, UNIT | {"b.xmp": b"of no image", "c.nef": b"alone"})
    before = read_tree(root)
    _, outcome = file_by(root, into_one, out, mode)
    assert outcome.refused == ()
    there = {entry.name: entry.read_bytes() for entry in (out / "category_1").iterdir()}
    assert there == UNIT | {"c.nef": b"alone"}
    assert names(root).keys() == ({"b.xmp"} if mode is Mode.MOVE else before.keys())
    assert {path.is_symlink() for path in (out / "category_1").iterdir()} == {mode is Mode.SYMLINK}
    undo_last(out)
    assert (read_tree(root), read_tree(out)) == (before, {})


def test_a_second_run_moves_nothing(tmp_path):
    """A sorted collection with sidecars stays as it is; a sidecar that is added later goes with its image."""
    make_tree(tmp_path, UNIT)
    file_by(tmp_path, into_one)
    assert plan_by(tmp_path, into_one).moves == ()
    make_tree(tmp_path, {"category_1/a.txt": b"6"})
    file_by(tmp_path, lambda path: "category_2")
    assert names(tmp_path) == {f"category_2/{name}": content for name, content in (UNIT | {"a.txt": b"6"}).items()}


def test_the_plan_names_the_image_first_and_counts_it_alone(tmp_path):
    """Followers come right after their image and name it; a folder counts only its images."""
    make_tree(tmp_path, {"a.jpg": b"1", "a.xmp": b"2", "b.jpg": b"3"})
    made = plan_by(tmp_path, into_one)
    assert [(move.source, move.follows, move.distance) for move in made.moves] == [
        ("a.jpg", None, 0.5),
        ("a.xmp", "a.jpg", None),
        ("b.jpg", None, 0.5),
    ]
    assert [folder.count for folder in made.folders] == [2]


def test_two_images_of_one_stem(tmp_path):
    """Of `x.jpg` and `x.png`, the first takes `x.xmp` along; each keeps the sidecars with its whole name."""
    make_tree(tmp_path, {"x.jpg": b"1", "x.png": b"2", "x.xmp": b"3", "x.png.xmp": b"4"})
    file_by(tmp_path, lambda path: "category_" + path[-3:])
    assert names(tmp_path) == {
        "category_jpg/x.jpg": b"1",
        "category_jpg/x.xmp": b"3",
        "category_png/x.png": b"2",
        "category_png/x.png.xmp": b"4",
    }


def test_units_of_one_name_get_one_number_each(tmp_path):
    """When units of one name come from three folders into one, the names of each unit stay alike."""
    make_tree(
        tmp_path,
        {"x/i.jpg": b"1", "x/i.xmp": b"2", "y/i.JPG": b"3", "y/I.jpg.json": b"4", "z/i.png": b"5", "z/i.MOV": b"6"},
    )
    before = read_tree(tmp_path)
    file_by(tmp_path, into_one, recursive=True)
    assert names(tmp_path) == {
        "category_1/i.JPG": b"3",
        "category_1/I.jpg.json": b"4",
        "category_1/i (2).jpg": b"1",
        "category_1/i (2).xmp": b"2",
        "category_1/i (3).png": b"5",
        "category_1/i (3).MOV": b"6",
    }
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before


def test_a_sidecars_taken_name_numbers_its_image_too(tmp_path):
    """If only the name `a.xmp` is taken, the image gets a number too.

    So the image does not take over the foreign `A.XMP`.
    """
    make_tree(tmp_path, {"b.jpg": b"0"})
    file_by(tmp_path, into_one)
    make_tree(tmp_path, {"category_1/A.XMP": b"foreign", "a.jpg": b"1", "a.xmp": b"2"})
    file_by(tmp_path, into_one)
    assert names(tmp_path) == {
        "category_1/b.jpg": b"0",
        "category_1/A.XMP": b"foreign",
        "category_1/a (2).jpg": b"1",
        "category_1/a (2).xmp": b"2",
    }


@posix
def test_case_and_composition_do_not_part_a_unit(tmp_path):
    """A unit stays together if its names differ in case or composition.

    Names with odd bytes and line breaks are kept too.
    """
    tree = {"IMG.JPG": b"1", "img.xmp": b"2", "IMG.MOV": b"3", "\u00e9.jpg": b"4", "e\u0301.jpg.xmp": b"5"}
    tree |= {"n\nl.jpg": b"6", "n\nl.aae": b"7", "bad\udcff.jpg": b"8", "bad\udcff.jpg.txt": b""}
    make_tree(tmp_path, tree)
    before = read_tree(tmp_path)
    file_by(tmp_path, into_one)
    assert names(tmp_path) == {f"category_1/{name}": content for name, content in tree.items()}
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before


def edit(root, out):
    (root / "a.nef").write_bytes(b"edited")


def remove(root, out):
    (root / "a.nef").unlink()


def replace_by_link(root, out):
    (root / "a.nef").rename(root / "away")
    (root / "a.nef").symlink_to("away")


def take_name(root, out):
    make_tree(out, {"category_1/a.nef": b"theirs"})


CHANGES = {
    edit: "was changed since it was looked at",
    remove: "is no longer there",
    replace_by_link: "is no longer there",
    take_name: "its new name was taken meanwhile",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("mode", Mode)
def test_one_that_cannot_go_keeps_its_whole_unit(tmp_path, monkeypatch, change, mode):
    """If one sidecar cannot move, its whole unit stays, and each file is reported.

    The sidecar was changed or removed after the plan, or its new name was taken.
    """
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(root, UNIT | {"b.jpg": b"6", "b.xmp": b"7"})
    meanwhile(monkeypatch, lambda: change(root, out))
    _, outcome = file_by(root, into_one, out, mode)
    reason = CHANGES[change]
    assert refused_in(outcome) == dict.fromkeys(UNIT, f"stays with 'a.nef' ({reason})") | {"a.nef": reason}
    theirs = {"a.nef"} if change is take_name else set()
    assert {path.name for path in (out / "category_1").iterdir()} == {"b.jpg", "b.xmp"} | theirs
    others = {name: content for name, content in UNIT.items() if name != "a.nef"}
    assert others.items() <= names(root).items()
    monkeypatch.undo()
    assert undo_last(out).refused == ()
    assert (others | {"b.jpg": b"6", "b.xmp": b"7"}).items() <= names(root).items()
    assert names(out) == {f"category_1/{name}": b"theirs" for name in theirs}


def test_an_image_that_cannot_go_keeps_its_sidecars(tmp_path, monkeypatch):
    """If an image was edited after the plan, the image and its sidecars stay."""
    make_tree(tmp_path, UNIT)
    meanwhile(monkeypatch, lambda: (tmp_path / "a.jpg").write_bytes(b"edited"))
    _, outcome = file_by(tmp_path, into_one)
    assert names(tmp_path) == UNIT | {"a.jpg": b"edited"}
    assert refused_in(outcome)["a.nef"] == "stays with 'a.jpg' (was changed since it was looked at)"


def take_name_before_move(monkeypatch, root, number, name):
    """Make a file `name` just before the move `number`, after the move was checked."""
    real = apply._bring

    def take_name_and_bring(run, move, at):
        if at == number:
            make_tree(root, {name: b"theirs"})
        return real(run, move, at)

    monkeypatch.setattr(apply, "_bring", take_name_and_bring)


def test_an_image_refused_at_the_last_moment_keeps_its_sidecars(tmp_path, monkeypatch):
    """If an image's new name is taken after it was checked, no file of the unit moves.

    The name was free at the check, and taken at the move.
    """
    make_tree(tmp_path, UNIT)
    take_name_before_move(monkeypatch, tmp_path, 0, "category_1/a.jpg")
    _, outcome = file_by(tmp_path, into_one)
    assert names(tmp_path) == UNIT | {"category_1/a.jpg": b"theirs"}
    assert len(outcome.refused) == len(UNIT)


def test_a_sidecar_refused_at_the_last_moment_stays_alone(tmp_path, monkeypatch):
    """If a sidecar's new name is taken after its image moved, only the sidecar stays.

    The sidecar is reported. Undo brings the image back.
    """
    make_tree(tmp_path, UNIT)
    take_name_before_move(monkeypatch, tmp_path, 1, "category_1/a.MOV")
    _, outcome = file_by(tmp_path, into_one)
    assert refused_in(outcome) == {"a.MOV": "its new name was taken meanwhile"}
    undo_last(tmp_path)
    assert names(tmp_path) == UNIT | {"category_1/a.MOV": b"theirs"}


def test_a_sidecar_that_cannot_be_read_keeps_its_image(tmp_path, monkeypatch):
    """If a sidecar cannot be read, the plan leaves its unit in place and says so.

    Without a hash of its content, a sidecar cannot be copied, nor told from another file.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "a.nef": b"2", "a.xmp": b"3", "b.jpg": b"4"})
    real = planner.file_content_hash
    monkeypatch.setattr(planner, "file_content_hash", lambda path: None if path.name == "a.nef" else real(path))
    made = plan_by(tmp_path, into_one)
    assert [move.source for move in made.moves] == ["b.jpg"]
    assert made.kept == (Refusal("a.jpg", "stays with its sidecar 'a.nef', which cannot be read"),)
    assert [folder.count for folder in made.folders] == [1]


def test_only_followers_that_move_are_read(tmp_path, monkeypatch):
    """A sidecar is not read if it stays in its place."""
    make_tree(tmp_path, UNIT)
    file_by(tmp_path, into_one)
    monkeypatch.setattr(planner, "file_content_hash", lambda path: pytest.fail(f"{path} was read"))
    assert plan_by(tmp_path, into_one).moves == ()


def test_undo_brings_back_what_was_not_changed(tmp_path):
    """A sidecar that was edited since the run is reported and stays; its image and the others go back."""
    make_tree(tmp_path, UNIT)
    file_by(tmp_path, into_one)
    (tmp_path / "category_1/a.jpg.json").write_bytes(b"edited")
    assert [refusal.path for refusal in undo_last(tmp_path).refused] == ["category_1/a.jpg.json"]
    assert names(tmp_path).keys() == {"category_1/a.jpg.json", *UNIT} - {"a.jpg.json"}


@pytest.mark.parametrize("links", [True, False])
def test_empty_sidecars_are_files_too(tmp_path, monkeypatch, links):
    """An empty sidecar moves and comes back, even if links are refused and placeholders are made."""
    make_tree(tmp_path, {"a.jpg": b"1", "a.txt": b"", "b.jpg": b"2", "b.txt": b""})
    before = read_tree(tmp_path)
    if not links:
        monkeypatch.setattr(os, "link", _refuse_link)
    file_by(tmp_path, into_one)
    assert names(tmp_path).keys() == {f"category_1/{name}" for name in before}
    assert undo_last(tmp_path).refused == ()
    assert read_tree(tmp_path) == before


def _refuse_link(*args, **kwargs):
    raise PermissionError(1, "links are refused here")


def test_settling_keeps_an_empty_sidecar_that_was_moved(tmp_path, monkeypatch):
    """Settling does not take a moved empty sidecar for a placeholder that a kill left.

    This holds even if there is a new file under the sidecar's old name.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "a.txt": b""})
    monkeypatch.setattr(os, "link", _refuse_link)
    run, _ = file_by(tmp_path, into_one)
    path = tmp_path / ".imgsort/runs" / f"{run.id}.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    (tmp_path / "a.txt").write_bytes(b"new")
    file_by(tmp_path, lambda path: None)
    assert names(tmp_path) == {"category_1/a.jpg": b"1", "category_1/a.txt": b"", "a.txt": b"new"}


def test_batches_do_not_divide_units(monkeypatch):
    """Each unit lies in one batch, however large it is, and every move is counted once."""
    moves: list[Move] = []
    for unit, followers in enumerate([0, 2, 5, 0, 0, 1]):
        image = f"{unit}.jpg"
        moves.append(Move(image, "", 1, 1, ""))
        moves += [Move(f"{unit}.{number}", "", 1, 1, "", follows=image) for number in range(followers)]
    monkeypatch.setattr(units, "BATCH_MOVES", 4)
    found = units.batches(moves)
    assert found == [range(0, 4), range(4, 10), range(10, 14)]
    assert units.units(moves, found[0]) == [range(0, 1), range(1, 4)]
    assert units.batches([]) == []


def test_categories_are_known_by_their_images(tmp_path):
    """A category folder is recognised by its images; sidecars are not members.

    Many sidecars are alike.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "a.xmp": b"same", "b.jpg": b"2", "b.xmp": b"same"})
    file_by(tmp_path, into_one)
    (folder,) = known_folders(tmp_path.resolve())
    assert len(folder.members) == 2
    (tmp_path / "category_1").rename(tmp_path / "Cats")
    assert [folder.path for folder in known_folders(tmp_path.resolve())] == ["Cats"]


def test_a_category_emptied_with_its_sidecars_goes_and_comes_back(tmp_path):
    """A category folder is removed when its units move away, and undo makes it again.

    A sidecar that stayed behind would keep the folder.
    """
    make_tree(tmp_path, UNIT)
    file_by(tmp_path, by_first_letter)
    before = read_tree(tmp_path)
    file_by(tmp_path, into_one)
    assert not (tmp_path / "category_a").exists()
    undo_last(tmp_path)
    assert read_tree(tmp_path) == before


def recorded(root):
    make_tree(root, {"a.jpg": b"1", "a.xmp": b"2", "b.jpg": b"3"})
    run, _ = file_by(root, into_one)
    return run, root / ".imgsort/runs" / f"{run.id}.jsonl"


def test_a_run_keeps_who_follows_whom(tmp_path):
    """A plan that is read again is the plan that was written, with its followers.

    The line of a file that follows no image is written as it always was, without the key `follows`.
    """
    run, path = recorded(tmp_path)
    assert load_run(tmp_path.resolve(), run.id).plan == run.plan
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line.get("follows", "no key") for line in lines if line["type"] == "move"] == ["no key", "a.jpg", "no key"]


@pytest.mark.parametrize(
    "follows",
    ['"a.xmp"', '"nothing.jpg"', '"../a.jpg"', '"/a.jpg"', "7", '""', "[]", '"\\ud800"', '"category_1/a.jpg"'],
)
def test_a_follower_of_no_image_is_refused(tmp_path, follows):
    """A follower of something that is not an image of the run is an error with a remedy.

    This may be the follower itself, a file that does not move, a path that leads out, or nonsense.
    """
    run, path = recorded(tmp_path)
    text = path.read_text()
    path.write_text(text.replace('"follows":"a.jpg"', f'"follows":{follows}'))
    assert text != path.read_text()
    with pytest.raises(JournalError, match="Remove the file"):
        load_run(tmp_path.resolve(), run.id)


def test_a_follower_of_a_follower_is_refused(tmp_path):
    """A follower of a follower is refused, because imgsort never writes one."""
    run, path = recorded(tmp_path)
    text = path.read_text()
    path.write_text(text.replace('"source":"b.jpg"', '"follows":"a.xmp","source":"b.jpg"'))
    with pytest.raises(JournalError, match="a sidecar without its image"):
        load_run(tmp_path.resolve(), run.id)


def test_followers_of_strange_names_end_soundly(tmp_path):
    """Followers get names of their own, whatever names they had.

    A caller's followers may share no part of a name with their image or with each other.
    """
    make_tree(tmp_path, {"a.jpg": b"1", "other.bin": b"2", "OTHER.BIN2": b"3", "Outlayers/a.jpg": b"0"})
    followers = (Follower("other.bin", 1, 0), Follower("OTHER.BIN2", 1, 0))
    placement = Placement("a.jpg", 1, 0, "x", "Outlayers", followers=followers)
    made = make_plan(site_of(tmp_path.resolve()), [placement], shared={"Outlayers"})
    assert [move.target for move in made.moves] == [
        "Outlayers/a (2).jpg",
        "Outlayers/a (2).bin",
        "Outlayers/a (2).BIN2",
    ]


STEMS = st.sampled_from(
    ["a", "b", "a (2)", "\u00e9", "x" * 251] + (["A", "e\u0301"] if sys.platform == "linux" else [])
)
SUFFIXES = st.sampled_from([".jpg", ".png", ".JPG", ".xmp", ".jpg.xmp", ".nef", ".nef.xmp", ".MOV", ".txt"])
PLACES = st.sampled_from(["", "x/", "y/"])
TREES = st.sets(
    st.tuples(PLACES, STEMS, SUFFIXES)
    .map("".join)
    .filter(lambda path: len(os.fsencode(path.rpartition("/")[2])) < 256),
    max_size=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES, rounds=st.lists(st.sampled_from("12"), min_size=1, max_size=3))
def test_every_sidecar_stays_its_images(tree, rounds):
    """Each sidecar stays with its image, however files of one stem meet in a folder."""
    if sys.platform in ("win32", "darwin"):
        tree = {path for path in tree if path.casefold() == path}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_tree(root, {path: os.fsencode(path) for path in sorted(tree)})
        before = pairs_in(root)
        for number, target in enumerate(rounds):
            file_by(
                root, lambda path, n=number, t=target: f"category_{t}" if len(path) % 3 != n else None, recursive=True
            )
            assert pairs_in(root) == before


def pairs_in(root):
    """Return the pairs of a sidecar's content and its image's content, and how often each occurs."""
    return Counter(
        ((root / sidecar.path).read_bytes(), (root / file.path).read_bytes())
        for file in find_images(root, recursive=True).files
        for sidecar in file.sidecars
    )
